import { XMLParser } from 'fast-xml-parser';
import { OnvifError } from './problems.ts';

/** An element: its name without prefix, its attributes without prefixes, its text and its elements. */
export interface XmlElement {
  name: string;
  /** The prefix as written, '' for none; {@link namespaceOf} says what it means here. */
  prefix: string;
  attributes: ReadonlyMap<string, string>;
  text: string;
  children: XmlElement[];
  scope: Scope | null;
}

/** Prefixes an element declares, and what is declared around it. Linked, not copied: a hostile answer declares many. */
interface Scope {
  declared: ReadonlyMap<string, string>;
  outer: Scope | null;
}

/** Larger answers are cut off while they arrive (reference X3). */
export const XML_MAX_BYTES = 1024 * 1024;
const DEPTH_MAX = 64;
const ELEMENTS_MAX = 50_000;
/** A start tag with its attributes; envelopes of real cameras declare some 40 namespaces in 4 kB. */
const TAG_MAX_CHARACTERS = 32 * 1024;
const FORBIDDEN_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/** Cameras write addresses with `&` as it is (ZoneMinder #3767). */
const BARE_AMPERSAND = /&(?!(?:#x[0-9a-f]{1,6}|#\d{1,7}|[a-z][a-z0-9]{0,31});)/gi;

// Entities stay as they are written and are resolved here by name: the five of XML and numbers, nothing defined by
// the document. Values stay text: "007" is a serial, not a seven.
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  trimValues: true,
});

/** Parses what a camera sent. Throws `malformed` for all that is not small, flat, well-formed XML without a DTD. */
export function parseXml(bytes: Buffer): XmlElement {
  if (bytes.length > XML_MAX_BYTES) throw new OnvifError('too-big');
  const text = decode(bytes).replace(BARE_AMPERSAND, '&amp;');
  checkShape(text);
  let nodes: unknown;
  try {
    nodes = parser.parse(text, true);
  } catch {
    throw malformed('not well-formed XML');
  }
  const root = toElements(nodes)[0];
  if (!root) throw malformed('no XML element');
  return root;
}

/** UTF-8 whatever the header claims (cameras declare GB2312 and send UTF-8), the Chinese encodings when it is not. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}

/** One linear pass before any parser sees the text: no DTD, bounded depth, count and tag length, no evil names. */
function checkShape(text: string): void {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw malformed('a document type');
  let depth = 0;
  let elements = 0;
  for (const match of text.matchAll(/<(\/?)([^\s<>/?!]+)((?:[\s/?!][^<>]*)?)>/g)) {
    const [tag, closing, name = '', rest = ''] = match;
    if (tag.length > TAG_MAX_CHARACTERS) throw malformed('an element with too many attributes');
    if (FORBIDDEN_NAMES.has(name.slice(name.indexOf(':') + 1))) throw malformed('an element with a forbidden name');
    if (/(?:^|[\s:])(?:__proto__|constructor|prototype)\s*=/.test(rest)) throw malformed('a forbidden attribute');
    elements += 1;
    if (closing) depth -= 1;
    else if (!rest.endsWith('/')) depth += 1;
    if (depth > DEPTH_MAX) throw malformed('elements nested too deep');
    if (elements > ELEMENTS_MAX) throw malformed('too many elements');
  }
}

function malformed(detail: string): OnvifError {
  return new OnvifError('malformed', { detail });
}

function toElements(nodes: unknown, outer: Scope | null = null): XmlElement[] {
  if (!Array.isArray(nodes)) return [];
  const elements: XmlElement[] = [];
  for (const node of nodes as Record<string, unknown>[]) {
    const tag = Object.keys(node).find((key) => key !== ':@');
    if (tag === undefined || tag.startsWith('?') || tag === '#text') continue;
    const inner = node[tag];
    const { attributes, declared } = toAttributes(node[':@']);
    const scope = declared ? { declared, outer } : outer;
    const children = toElements(inner, scope);
    elements.push({ name: localName(tag), prefix: prefixOf(tag), attributes, text: textOf(inner), children, scope });
  }
  return elements;
}

function toAttributes(values: unknown) {
  const attributes = new Map<string, string>();
  let declared: Map<string, string> | null = null;
  for (const [name, value] of Object.entries((values ?? {}) as Record<string, unknown>)) {
    const text = resolve(String(value));
    if (name === 'xmlns' || prefixOf(name) === 'xmlns') {
      declared ??= new Map();
      declared.set(name === 'xmlns' ? '' : localName(name), text);
    } else attributes.set(localName(name), text);
  }
  return { attributes, declared };
}

/** `tt:Name` is the name `Name` with the prefix `tt`; what follows a second colon belongs to the name. */
function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function prefixOf(name: string): string {
  return name.slice(0, Math.max(0, name.indexOf(':')));
}

/** What `prefix` stands for at this element: a namespace, or '' where nothing declares it. */
export function namespaceOf({ scope }: XmlElement, prefix: string): string {
  for (let here = scope; here; here = here.outer) {
    const found = here.declared.get(prefix);
    if (found !== undefined) return found;
  }
  return '';
}

function textOf(nodes: unknown): string {
  if (!Array.isArray(nodes)) return '';
  const parts = (nodes as Record<string, unknown>[]).map((node) => node['#text'] ?? '');
  return resolve(parts.join(''));
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function resolve(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] ?? whole) : whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff && code > 0 ? String.fromCodePoint(code) : '';
  });
}

/** The first element reached by following these names from `element`. */
export function at(element: XmlElement | undefined, ...path: string[]): XmlElement | undefined {
  let current = element;
  for (const name of path) current = current?.children.find((child) => child.name === name);
  return current;
}

const TEXT_MAX_CHARACTERS = 256;

/** Text of a label or name as it may be stored: no control or direction characters, at most 256 characters. */
export function labelText(element: XmlElement | undefined): string {
  const clean = (element?.text ?? '').replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
  return [...clean.slice(0, TEXT_MAX_CHARACTERS * 2)].slice(0, TEXT_MAX_CHARACTERS).join('');
}

const NAMES: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' };

/** Text for an element's content: ASCII alone, since node-onvif refuses other characters in arguments. */
export function escapeXml(text: string): string {
  return text.replace(
    /[^\x20-\x7e]|[&<>"']/gu,
    (character) => `&${NAMES[character] ?? `#${character.codePointAt(0)}`};`,
  );
}

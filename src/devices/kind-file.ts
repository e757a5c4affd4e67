import { type Document, isMap, isScalar, LineCounter, type ParsedNode, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { type Issue, messageOf } from '../core/errors.ts';
import type { DeviceKind, EventSpec, FieldSpec } from '../core/types.ts';

const KIND = /^[a-z][a-z0-9-]{0,31}$/;
const NAME = /^[a-z][A-Za-z0-9_]{0,39}$/;
const FIELDS_MAX = 64;
const EVENTS_MAX = 32;
const FILE_CHARACTERS_MAX = 256_000;
const ALIASES_MAX = 100;
/** Names that mean something else in the points of a kind's measurement. */
const RESERVED = new Set(['event', 'event_id', 'event_data', 'time', 'dev', 'jur']);

const range = { unit: z.string().min(1).max(16).nullable(), min: z.number(), max: z.number() };
const ordered = (spec: { min: number; max: number }) => spec.min <= spec.max;
const impossible = { path: ['max'], message: 'must not be below min' };

const field = z.discriminatedUnion('type', [
  z
    .strictObject({ type: z.literal('number'), ...range, precision: z.int().min(0).max(9).optional() })
    .refine(ordered, impossible),
  z
    .strictObject({ type: z.literal('integer'), unit: range.unit, min: z.int(), max: z.int() })
    .refine(ordered, impossible),
  z.strictObject({ type: z.literal('boolean') }),
  z.strictObject({
    type: z.literal('text'),
    max_length: z.int().min(1).max(4096),
    sensitive: z.literal('plate').optional(),
  }),
  z.strictObject({
    type: z.literal('enum'),
    values: z
      .array(z.string().min(1).max(64))
      .min(1)
      .max(256)
      .refine((values) => new Set(values).size === values.length, 'the same value stands here twice'),
  }),
  z.strictObject({
    type: z.literal('list'),
    max_items: z.int().min(1).max(64),
    max_length: z.int().min(1).max(1024),
  }),
]);

const name = z.string().regex(NAME, 'is not a name like fill_pct: a small letter, then at most 39 letters, digits, _');

const fields = z
  .record(name, field)
  .refine((all) => Object.keys(all).length <= FIELDS_MAX, `at most ${FIELDS_MAX} fields`);

const event = z
  .strictObject({ fields: fields.default({}), required: z.array(z.string()).default([]) })
  .superRefine((spec, context) => {
    for (const [index, required] of spec.required.entries()) {
      if (Object.hasOwn(spec.fields, required)) continue;
      context.addIssue({
        code: 'custom',
        path: ['required', index],
        message: `"${required}" is not one of the fields`,
      });
    }
  });

/** A kind as its file and the database have it. Names as in the file: snake_case, units in the names. */
export const kindFile = z
  .strictObject({
    kind: z.string().regex(KIND, 'must be like recycling-kiosk: small letters, digits and -, at most 32'),
    version: z.int().min(1).max(1_000_000),
    title: z.strictObject({ en: z.string().min(1).max(64), zh: z.string().min(1).max(64) }),
    stream: z.boolean(),
    period_s: z.number().positive().max(86_400),
    stale_after_s: z.number().positive().max(604_800),
    fields,
    events: z
      .record(name, event)
      .refine((all) => Object.keys(all).length <= EVENTS_MAX, `at most ${EVENTS_MAX} events`)
      .default({}),
  })
  .superRefine((file, context) => {
    if (file.stale_after_s < file.period_s) {
      context.addIssue({ code: 'custom', path: ['stale_after_s'], message: 'must not be below period_s' });
    }
    for (const [key, spec] of Object.entries(file.fields)) {
      const wrong = RESERVED.has(key)
        ? 'is a reserved name'
        : spec.type === 'list'
          ? 'a list is only possible in an event'
          : null;
      if (wrong) context.addIssue({ code: 'custom', path: ['fields', key], message: wrong });
    }
  });

export type KindFile = z.infer<typeof kindFile>;

/**
 * Reads the text of one kind file. Issues carry `file:line` and say which key is wrong and what would be right.
 */
export function parseKindFile(file: string, text: string): { kind: KindFile } | { issues: Issue[] } {
  if (text.length > FILE_CHARACTERS_MAX) return { issues: [{ path: file, message: 'is larger than 256 KB' }] };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number | undefined) => `${file}:${lines.linePos(offset ?? 0).line}`;
  const broken = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    path: at(pos[0]),
    message: message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, ''),
  }));
  // The schema passes over this key in silence.
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && key.value === '__proto__') {
        broken.push({ path: at(key.range?.[0]), message: '__proto__ is not a name' });
      }
    },
  });
  if (broken.length > 0) return { issues: broken };
  const content = plain(document);
  if (content instanceof Error) return { issues: [{ path: file, message: content.message }] };
  const result = kindFile.safeParse(content);
  if (result.success) return { kind: result.data };
  return {
    issues: result.error.issues.map((issue) => {
      const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
      const message = issue.code === 'unrecognized_keys' ? 'unknown key' : issue.message;
      return { path: at(offsetOf(document.contents, path)), message: `${path.join('.') || 'file'}: ${message}` };
    }),
  };
}

/** The document as plain objects, or the error of one whose aliases would multiply into a huge one. */
function plain(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    return error instanceof ReferenceError ? error : new ReferenceError(messageOf(error));
  }
}

/** Where the deepest part of `path` that exists stands: the key, so that a wrong block is found by its name. */
function offsetOf(root: ParsedNode | null, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = root;
  let offset = root?.range[0];
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (!pair) return offset;
      offset = (pair.key as ParsedNode).range[0];
      node = pair.value;
    } else if (node && typeof node === 'object' && 'items' in node && typeof step === 'number') {
      node = (node.items as unknown[])[step];
      offset = (node as ParsedNode | undefined)?.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}

export function toDeviceKind(file: KindFile): DeviceKind {
  return {
    kind: file.kind,
    version: file.version,
    title: file.title,
    stream: file.stream,
    periodS: file.period_s,
    staleAfterS: file.stale_after_s,
    fields: toFields(file.fields),
    events: new Map(
      Object.entries(file.events).map(([key, spec]): [string, EventSpec] => [
        key,
        { fields: toFields(spec.fields), required: spec.required },
      ]),
    ),
  };
}

function toFields(specs: KindFile['fields']): ReadonlyMap<string, FieldSpec> {
  return new Map(Object.entries(specs).map(([key, spec]) => [key, toField(spec)]));
}

function toField(spec: KindFile['fields'][string]): FieldSpec {
  switch (spec.type) {
    case 'number': {
      const { precision, ...rest } = spec;
      return precision === undefined ? rest : { ...rest, precision };
    }
    case 'text': {
      const text = { type: spec.type, maxLength: spec.max_length };
      return spec.sensitive === undefined ? text : { ...text, sensitive: spec.sensitive };
    }
    case 'list':
      return { type: spec.type, maxItems: spec.max_items, maxLength: spec.max_length };
    default:
      return spec;
  }
}

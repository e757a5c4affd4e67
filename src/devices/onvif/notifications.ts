import { at, namespaceOf, type XmlElement } from './xml.ts';

/** Name and value of a SimpleItem. */
export type Item = readonly [name: string, value: string];

/** One message of a PullMessages answer, as the camera put it. */
export interface Notification {
  /** Path of the topic without prefixes, `RuleEngine/LineDetector/Crossed`; null where its root is not ONVIF's. */
  topic: string | null;
  /** `UtcTime` as written; null where there is none that is a time. */
  utcTime: string | null;
  atMs: number | null;
  /** Null for what happens and is over, such as the crossing of a line. */
  operation: 'Initialized' | 'Changed' | 'Deleted' | null;
  source: Item[];
  key: Item[];
  data: Item[];
}

const ONVIF_TOPICS = 'http://www.onvif.org/ver10/topics';
const MESSAGES_MAX = 1_000;
const ITEMS_MAX = 32;
const NAME_MAX_CHARACTERS = 64;
const VALUE_MAX_CHARACTERS = 256;
const TOPIC_MAX_CHARACTERS = 256;

/** The messages of a `PullMessagesResponse`, oldest first; `beyond` counts those it had too many. */
export function readNotifications(response: XmlElement): { notifications: Notification[]; beyond: number } {
  const notifications: Notification[] = [];
  let beyond = 0;
  for (const holder of response.children) {
    if (holder.name !== 'NotificationMessage') continue;
    for (const message of messagesOf(holder)) {
      if (notifications.length < MESSAGES_MAX) notifications.push(readMessage(holder, message));
      else beyond += 1;
    }
  }
  return { notifications, beyond };
}

/** One holder may carry several messages (core specification §9.4); some cameras leave the inner element out. */
function messagesOf(holder: XmlElement): XmlElement[] {
  const outer = at(holder, 'Message');
  if (!outer) return [];
  const inner = outer.children.filter(({ name }) => name === 'Message');
  return inner.length > 0 ? inner : [outer];
}

function readMessage(holder: XmlElement, message: XmlElement): Notification {
  const operation = message.attributes.get('PropertyOperation');
  const utcTime = message.attributes.get('UtcTime')?.trim() ?? '';
  const atMs = readTime(utcTime);
  return {
    topic: topicOf(at(holder, 'Topic')),
    utcTime: atMs === null ? null : utcTime,
    atMs,
    operation: operation === 'Initialized' || operation === 'Changed' || operation === 'Deleted' ? operation : null,
    source: itemsOf(at(message, 'Source')),
    key: itemsOf(at(message, 'Key')),
    data: itemsOf(at(message, 'Data')),
  };
}

/** By name space, not by prefix, which makers choose; `tns1` without any declaration is ONVIF's by custom. */
function topicOf(element: XmlElement | undefined): string | null {
  const text = element?.text ?? '';
  if (!element || text.length > TOPIC_MAX_CHARACTERS) return null;
  const [root = '', ...rest] = text.split('/').map((segment) => segment.trim().split(':'));
  const prefix = root.length > 1 ? (root[0] ?? '') : '';
  const namespace = namespaceOf(element, prefix) || (prefix === 'tns1' ? ONVIF_TOPICS : '');
  return namespace === ONVIF_TOPICS ? [root, ...rest].map((segment) => segment.at(-1)).join('/') : null;
}

function itemsOf(list: XmlElement | undefined): Item[] {
  const items = list?.children.filter(({ name }) => name === 'SimpleItem') ?? [];
  return items.slice(0, ITEMS_MAX).map(({ attributes }) => {
    const read = (name: string, max: number): string => clean(attributes.get(name) ?? '', max);
    return [read('Name', NAME_MAX_CHARACTERS), read('Value', VALUE_MAX_CHARACTERS)] as const;
  });
}

/** Text as it may be stored: no control or direction characters, no half of a surrogate pair. */
export function clean(text: string, max: number): string {
  const plain = text.slice(0, 4 * max).replace(/[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ');
  return plain
    .trim()
    .slice(0, max)
    .replace(/\p{Cs}/gu, '');
}

const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,12})?(Z|[+-]\d{2}:\d{2})?$/;

/** An xs:dateTime as Unix time; without a zone it is UTC, as its name in the schema says. */
export function readTime(text: string): number | null {
  const match = DATE_TIME.exec(text);
  if (!match) return null;
  const atMs = Date.parse(match[1] ? text : `${text}Z`);
  return Number.isFinite(atMs) && atMs >= 0 ? atMs : null;
}

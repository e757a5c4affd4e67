import { randomUUID } from 'node:crypto';
import { isBelieved } from '../../core/device-time.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import { meaningOf, type TopicMeaning } from './event-topics.ts';
import { clean, type Item, type Notification } from './notifications.ts';

/** Something that a camera noticed, in the words of the kind `camera`. */
export interface CameraEvent {
  type: TopicMeaning['event'];
  /** The ONVIF topic it came under, one of those we know. */
  topic: string;
  /** By the camera's clock; null where it told no time. */
  atMs: number | null;
  /** The same text whenever the camera tells the same event again; differs from that of its every other event. */
  identity: string;
  data: Record<string, boolean | string>;
  /** The item that names the video source that saw it; null where there is none, as for a contact. */
  eye: Item | null;
}

/** What became of messages that are no event of ours. */
export interface Ignored {
  /** A topic nobody knows. */
  unknown: number;
  /** A state that was known already, as every camera tells after each subscription. */
  unchanged: number;
  /** A known topic without a value that can be read. */
  unreadable: number;
}

interface Known {
  active: boolean;
  utcTime: string | null;
  ordinal: number;
}

/** States remembered of a camera; the one heard of longest ago is forgotten first. */
export const SOURCES_MAX = 256;
const TEXT_MAX_CHARACTERS = 64;

/** What a camera last said of each of its sources, so that only what changed is an event. */
export class EventStates {
  readonly #known: BoundedMap<string, Known>;
  readonly #sourcesMax: number;
  /** Sources that are on; few, whatever the camera has. */
  readonly #active = new Set<string>();
  /** Grows whenever a source goes on or off. */
  changes = 0;

  /** `active`: the sources that were on when an earlier process ended. */
  constructor(active: readonly string[] = [], sourcesMax = SOURCES_MAX) {
    this.#sourcesMax = sourcesMax;
    this.#known = new BoundedMap(sourcesMax);
    for (const key of active.slice(0, sourcesMax)) this.#remember(key, { active: true, utcTime: null, ordinal: 0 });
  }

  /** The sources that are on now. */
  active(): string[] {
    return [...this.#active];
  }

  /** The events among the messages, in their order; `nowMs` is when they were told, Unix ms. */
  take(notifications: readonly Notification[], nowMs: number): { events: CameraEvent[]; ignored: Ignored } {
    const events: CameraEvent[] = [];
    const ignored: Ignored = { unknown: 0, unchanged: 0, unreadable: 0 };
    for (const notification of notifications) {
      const meaning = notification.topic === null ? undefined : meaningOf(notification.topic);
      const event = meaning ? this.#takeOne(notification, meaning, nowMs) : 'unknown';
      if (typeof event === 'string') ignored[event] += 1;
      else events.push(event);
    }
    return { events, ignored };
  }

  #takeOne(notification: Notification, meaning: TopicMeaning, nowMs: number): CameraEvent | keyof Ignored {
    const said = readState(notification.data, meaning);
    if (meaning.how === 'pulse') {
      const news = said !== false && notification.operation !== 'Initialized' && notification.operation !== 'Deleted';
      return news ? describe(notification, meaning, { active: null, ordinal: 0, nowMs }) : 'unchanged';
    }
    const active = notification.operation === 'Deleted' ? false : said;
    if (active === null) return 'unreadable';
    const key = JSON.stringify([notification.topic, notification.source, notification.key]);
    const before = this.#known.get(key);
    const { utcTime } = notification;
    // Clocks tick in seconds: what changes back and forth within one still happened.
    const ordinal = before && utcTime !== null && before.utcTime === utcTime ? before.ordinal + 1 : 0;
    const changed = before ? before.active !== active : active || notification.operation !== 'Initialized';
    if (notification.operation === 'Deleted') this.#forget(key);
    else if (changed || !before) this.#remember(key, { active, utcTime, ordinal });
    if (!changed || (notification.operation === 'Deleted' && !before)) return 'unchanged';
    return describe(notification, meaning, { active, ordinal, nowMs });
  }

  #remember(key: string, known: Known): void {
    this.#known.set(key, known);
    const before = this.#active.size;
    if (known.active) this.#active.add(key);
    else this.#active.delete(key);
    if (this.#active.size !== before) this.changes += 1;
    // What the map has forgotten is gone from here too.
    if (this.#active.size > this.#sourcesMax) this.#active.delete(this.#active.keys().next().value ?? '');
  }

  #forget(key: string): void {
    this.#known.delete(key);
    if (this.#active.delete(key)) this.changes += 1;
  }
}

const ON = /^(?:true|1|on|yes|active)$/i;
const OFF = /^(?:false|0|off|no|inactive|idle)$/i;

/** Whether it is on; null where nothing says so. A lone item is believed whatever it is called. */
function readState(data: readonly Item[], { value: names }: TopicMeaning): boolean | null {
  const text = pick(data, names)?.[1] ?? (names.length > 0 && data.length === 1 ? data[0]?.[1] : undefined);
  if (text === undefined) return null;
  return ON.test(text) ? true : OFF.test(text) ? false : null;
}

/** The first item that has one of the names, in the order of the names. */
function pick(items: readonly Item[], names: readonly string[]): Item | undefined {
  for (const wanted of names) {
    const found = items.find(([name]) => name.toLowerCase() === wanted.toLowerCase());
    if (found) return found;
  }
  return undefined;
}

const VIDEO_SOURCE = ['VideoSourceConfigurationToken', 'VideoSourceToken', 'VideoSource', 'Source', 'Token'];
const INPUT = ['InputToken', 'Token', 'RelayInputToken', 'Port', 'Input'];

function describe(
  notification: Notification,
  { event, cause }: TopicMeaning,
  { active, ordinal, nowMs }: { active: boolean | null; ordinal: number; nowMs: number },
): CameraEvent {
  const { topic, utcTime, atMs, source, key, data } = notification;
  const isInput = event === 'digital_input';
  const origin = pick(source, isInput ? INPUT : VIDEO_SOURCE) ?? source[0];
  const texts: Record<string, string | undefined> = {
    [isInput ? 'input' : 'source']: origin?.[1],
    rule: isInput ? undefined : pick(source, ['Rule', 'RuleName'])?.[1],
    object_id: event === 'line_crossing' ? pick(data, ['ObjectId'])?.[1] : undefined,
    cause,
  };
  const told = Object.entries(texts).flatMap(([name, text]) => {
    const short = clean(text ?? '', TEXT_MAX_CHARACTERS);
    return short === '' ? [] : [[name, short] as const];
  });
  // A camera whose clock begins anew at each power cut tells other events of the same time and words.
  const time = atMs !== null && isBelieved(atMs, nowMs) ? utcTime : null;
  return {
    type: event,
    topic: topic ?? '',
    atMs,
    // The operation is no part of it: a state may be told again as `Initialized` after it was `Changed`.
    identity: JSON.stringify([time ?? randomUUID(), topic, source, key, data, ordinal]),
    data: { ...(active === null ? {} : { active }), ...Object.fromEntries(told) },
    eye: isInput ? null : (origin ?? null),
  };
}

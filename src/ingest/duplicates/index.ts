import { crc32c } from '@node-rs/crc32';
import { DAY_MS } from '../../core/clock.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import type { DecodedRecord, Message } from '../../core/types.ts';
import type { Identity } from '../decode/decode.ts';
import { replayOrigin } from '../decode/replay-origin.ts';
import { DayStores, dayOf } from './day-stores.ts';
import {
  CLOCK_BACK_MS,
  type Entry,
  makesDuplicate,
  parseEntry,
  printEntry,
  type Question,
  REMEMBER_MS,
  standsFor,
} from './entries.ts';

/** The journal keeps read messages for a day, and whoever reads them again must get the same answer. */
const KEEP_DAYS = 7 + 2 + 1;
/** Records of one device remembered per day; a busy checkpoint has 20,000 passages. */
const PER_DEVICE_MAX = 200_000;
const DEVICES_COUNTED_MAX = 20_000;
/** A resend with the DUP flag follows its first sending within this time. */
const RESEND_MS = DAY_MS;
const HIGH_WATER = '!high-water';
/** What is entered is saved once there is this much of it, or once so much of the log is: a crash enters it again. */
const UNSAVED_MAX = 1_000;
const UNSAVED_LOG_BYTES = 256 * 1024;

/** One decoded message as the index sees it; `records[i].duplicate` is what it sets. */
export interface Marked {
  message: Message;
  records: DecodedRecord[];
  identities: Identity[];
}

/**
 * Remembers which records of a lane were seen where. A record is a duplicate when its key stands at an earlier place,
 * which is the same for whoever asks and however often, because the first place is written once, in log order.
 */
export class DuplicateIndex {
  readonly #stores: DayStores;
  readonly #perDeviceMax: number;
  readonly #counts = new BoundedMap<string, { day: number; count: number }>(DEVICES_COUNTED_MAX);
  #lastDay = 0;
  /** Everything in the log before this offset has been entered. */
  highWater = 0;
  /** The same of what survives a crash: from here on the log is entered anew, so it must be kept. */
  savedHighWater = 0;
  /** Records that were not remembered because their device had too many that day. */
  forgotten = 0;

  constructor(directory: string, perDeviceMax = PER_DEVICE_MAX) {
    this.#stores = new DayStores(directory);
    this.#perDeviceMax = perDeviceMax;
  }

  /** Opens the index; one that is ahead of the log belongs to another log and is emptied. Returns whether it was. */
  async open(head: number): Promise<boolean> {
    await this.#stores.open();
    for (const day of this.#stores.days) {
      const [value] = await this.#stores.getMany(day, [HIGH_WATER]);
      this.highWater = Math.max(this.highWater, Number(value ?? 0));
      this.#lastDay = day;
    }
    const isOfAnother = this.highWater > head;
    if (isOfAnother) {
      await this.#stores.removeAll();
      this.highWater = 0;
    }
    this.savedHighWater = this.highWater;
    return isOfAnother;
  }

  /**
   * Sets `duplicate` on the records of messages that follow each other up to `to`. What lies beyond the high-water mark
   * is entered, so calls that reach beyond it must come one after another and leave no gap.
   */
  async mark(messages: Marked[], to: number): Promise<void> {
    const questions: Question[] = [];
    const resends: Message[] = [];
    const anonymous: Marked[] = [];
    for (const marked of messages) collect(marked, { questions, resends, anonymous });
    const known = await this.#lookUp(questions);
    const decided = await this.#decidedResends(resends.filter(({ offset }) => offset < this.highWater));
    const batch = new Batch();
    for (const question of questions) await this.#answer(question, known, batch);
    await this.#markAnonymous(anonymous, decided, batch);
    if (to > this.highWater) await this.#save(batch, messages.at(-1)?.message.receivedAtMs, to);
  }

  /** First places of all keys within the days that matter. */
  async #lookUp(questions: Question[]): Promise<Map<string, Entry[]>> {
    const known = new Map<string, Entry[]>();
    if (questions.length === 0) return known;
    const keys = [...new Set(questions.map(({ key }) => key))];
    const times = questions.map(({ receivedAtMs }) => receivedAtMs);
    const first = dayOf(Math.min(...times) - REMEMBER_MS);
    const last = dayOf(Math.max(...times) + CLOCK_BACK_MS);
    for (const day of this.#stores.days) {
      if (day < first || day > last) continue;
      for (const [at, value] of (await this.#stores.getMany(day, keys)).entries()) {
        if (value === undefined) continue;
        const key = keys[at]!;
        known.set(key, [...(known.get(key) ?? []), parseEntry(value)]);
      }
    }
    return known;
  }

  async #answer(question: Question, known: Map<string, Entry[]>, batch: Batch): Promise<void> {
    const { key, place, receivedAtMs } = question;
    const entries = known.get(key) ?? [];
    const duplicate = entries.some((entry) => makesDuplicate(entry, question));
    question.tell(duplicate);
    if (duplicate || place.offset < this.highWater) return;
    if (entries.some((entry) => standsFor(entry, question))) return;
    const entry = { ...place, receivedAtMs };
    if (!(await this.#mayRemember(question.device, dayOf(receivedAtMs), batch))) return;
    known.set(key, [...entries, entry]);
    batch.put(dayOf(receivedAtMs), key, printEntry(entry));
  }

  async #mayRemember(device: string, day: number, batch: Batch): Promise<boolean> {
    const key = `#${device}`;
    let counted = this.#counts.get(key);
    if (counted?.day !== day) {
      const [stored] = await this.#stores.getMany(day, [key]);
      counted = { day, count: Number(stored ?? 0) };
      this.#counts.set(key, counted);
    }
    if (counted.count >= this.#perDeviceMax) {
      this.forgotten += 1;
      return false;
    }
    counted.count += 1;
    batch.put(day, key, String(counted.count));
    return true;
  }

  /** Records without `ts` and `id` are new each time, but for a resend of the same packet in the same session. */
  async #markAnonymous(messages: Marked[], decided: ReadonlySet<number>, batch: Batch): Promise<void> {
    const slots = new Map<string, string>();
    for (const { message, records } of messages) {
      const old = message.offset < this.highWater;
      const day = dayOf(message.receivedAtMs);
      const slot = `s${message.device.id}\0${message.connection}\0${message.packetId}`;
      const value = `${crc32c(message.raw)}.${message.raw.length}.${message.offset}.${message.receivedAtMs}`;
      let duplicate = false;
      if (message.dup) {
        const before = slots.get(slot) ?? (old ? undefined : await this.#slot(slot, day));
        duplicate = old ? decided.has(message.offset) : isResend(before, value, message);
        if (duplicate) batch.put(day, decisionKey(message.offset), '1');
      }
      if (!duplicate) slots.set(slot, value);
      if (!duplicate && !old) batch.put(day, slot, value);
      for (const record of records) if (isAnonymous(record)) record.duplicate = duplicate;
    }
  }

  async #slot(key: string, day: number): Promise<string | undefined> {
    for (const near of [day, day - 1, day + 1]) {
      const [value] = await this.#stores.getMany(near, [key]);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  async #decidedResends(messages: Message[]): Promise<Set<number>> {
    const decided = new Set<number>();
    for (const { offset, receivedAtMs } of messages) {
      const [value] = await this.#stores.getMany(dayOf(receivedAtMs), [decisionKey(offset)]);
      if (value !== undefined) decided.add(offset);
    }
    return decided;
  }

  async #save(batch: Batch, receivedAtMs: number | undefined, to: number): Promise<void> {
    const isMuch = this.#stores.unsaved >= UNSAVED_MAX || to - this.savedHighWater >= UNSAVED_LOG_BYTES;
    // Before more is put: where it cannot be saved, what waits must not grow.
    if (isMuch) await this.save();
    if (receivedAtMs !== undefined) await this.#enterDay(dayOf(receivedAtMs));
    for (const [day, values] of batch.byDay) this.#stores.put(day, values);
    this.highWater = to;
  }

  async #enterDay(day: number): Promise<void> {
    if (day <= this.#lastDay) return;
    if (this.#lastDay > 0) {
      await this.save();
      await this.#stores.save(this.#lastDay, true);
      await this.#stores.removeBefore(day - KEEP_DAYS);
    }
    this.#lastDay = day;
  }

  /**
   * Saves what is entered; nothing may be entered meanwhile. The mark is saved with what it belongs to, so a crash
   * leaves both or neither; entering twice is harmless.
   */
  async save(): Promise<void> {
    if (this.#lastDay === 0 || this.savedHighWater === this.highWater) return;
    const days = this.#stores.unsavedDays.filter((day) => day !== this.#lastDay);
    for (const day of days) await this.#stores.save(day, true);
    const { highWater } = this;
    this.#stores.put(this.#lastDay, new Map([[HIGH_WATER, String(highWater)]]));
    await this.#stores.save(this.#lastDay, false);
    this.savedHighWater = highWater;
  }

  async close(): Promise<void> {
    try {
      await this.save();
    } finally {
      await this.#stores.close();
    }
  }
}

interface Collected {
  questions: Question[];
  resends: Message[];
  anonymous: Marked[];
}

function collect(marked: Marked, into: Collected): void {
  const { message, records, identities } = marked;
  if (message.channel === 'state') return;
  const origin = replayOrigin(message);
  for (const [at, record] of records.entries()) {
    record.duplicate = false;
    const ask = (key: string, except: number | null) =>
      into.questions.push({
        key,
        place: { offset: message.offset, index: record.index },
        receivedAtMs: message.receivedAtMs,
        except,
        device: message.device.id,
        tell: (duplicate) => {
          record.duplicate ||= duplicate;
        },
      });
    const identity = identities[at];
    if (identity) ask(`${message.channel[0]}${message.device.id}\0${identity}`, origin?.offset ?? null);
    if (origin) ask(`r${message.device.id}\0${origin.lane}-${origin.offset}.${record.index}`, null);
  }
  if (message.packetId === 0 || !records.some(isAnonymous)) return;
  into.anonymous.push(marked);
  if (message.dup) into.resends.push(message);
}

/** Neither a `ts` that is believed nor an `id`: only its place tells such a record from others. */
function isAnonymous(record: DecodedRecord): boolean {
  return record.id === null && record.clock !== 'device';
}

function decisionKey(offset: number): string {
  return `d${offset}`;
}

function isResend(before: string | undefined, now: string, message: Message): boolean {
  if (before === undefined) return false;
  const [crc, length, offset, atMs] = before.split('.').map(Number);
  const [nowCrc, nowLength] = now.split('.').map(Number);
  const same = crc === nowCrc && length === nowLength && offset! < message.offset;
  return same && Math.abs(message.receivedAtMs - atMs!) <= RESEND_MS;
}

/** What is to be written, by day; of two values for one key the later counts. */
class Batch {
  readonly byDay = new Map<number, Map<string, string>>();

  put(day: number, key: string, value: string): void {
    const puts = this.byDay.get(day) ?? new Map<string, string>();
    if (puts.size === 0) this.byDay.set(day, puts);
    puts.set(key, value);
  }
}

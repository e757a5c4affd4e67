import { DAY_MS } from '../../core/clock.ts';

/** How long a record is remembered. */
export const REMEMBER_MS = 7 * DAY_MS;
/** A machine clock set back by up to this much does not make us forget. */
export const CLOCK_BACK_MS = DAY_MS;

/** A question to the index: has this key been seen at an earlier place? */
export interface Question {
  key: string;
  /** `offset:index` of the asking record. */
  place: RecordPosition;
  receivedAtMs: number;
  /** An earlier place that does not count: where the message that is replayed stood. */
  except: number | null;
  device: string;
  /** Called with the answer. */
  tell(duplicate: boolean): void;
}

interface RecordPosition {
  offset: number;
  index: number;
}

/** Where a key was seen first. */
export interface Entry extends RecordPosition {
  receivedAtMs: number;
}

/** Whether what asks was seen before, at a place that counts. */
export function makesDuplicate(entry: Entry, { place, receivedAtMs, except }: Question): boolean {
  if (entry.offset === except) return false;
  const earlier = entry.offset < place.offset || (entry.offset === place.offset && entry.index < place.index);
  const ageMs = receivedAtMs - entry.receivedAtMs;
  return earlier && ageMs <= REMEMBER_MS && ageMs >= -CLOCK_BACK_MS;
}

/** The entry is the asker's own, or that of the message it replays: the first place of a key is never replaced. */
export function standsFor(entry: Entry, { place, except }: Question): boolean {
  return entry.offset === except || (entry.offset === place.offset && entry.index === place.index);
}

/** The entry as it is stored. */
export function printEntry({ offset, index, receivedAtMs }: Entry): string {
  return `${offset}.${index}.${receivedAtMs}`;
}

/** The entry that was stored as `text`. */
export function parseEntry(text: string): Entry {
  const [offset, index, receivedAtMs] = text.split('.').map(Number);
  return { offset: offset!, index: index!, receivedAtMs: receivedAtMs! };
}

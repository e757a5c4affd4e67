import { between, chance, pick, type Span } from '../models/chance.ts';
import type { Being, Happening, Model, Values } from '../models/model.ts';
import type { World } from '../models/world.ts';
import { clockOf, type Habits, outageAt } from './habits.ts';

/** A device of a city: who it is, how it behaves, and what is wrong with it. */
export interface Sender {
  being: Being;
  model: Model;
  habits: Habits;
  periodS: number;
  /** Power cuts of its district. */
  dark: readonly Span[];
}

/** What should become of a message: kept, known already, or put aside. */
export type Fate = 'kept' | 'copy' | 'refused';

/** One message as it goes out. */
export interface Packet {
  /** When it is meant to go out. */
  dueMs: number;
  channel: 'telemetry' | 'event';
  payload: string;
  fate: Fate;
  /** Times of its records as the device's clock says them, in the order of the payload; none where it is broken. */
  tsMs: readonly number[];
}

interface Run {
  /** Stands in every id. */
  id: string;
  world: World;
}

interface Noted {
  atMs: number;
  channel: Packet['channel'];
  body: { type: string; data: Values } | { values: Values };
}

/** Records of one message of backlog. */
const BACKLOG_MAX = 100;
/** Periods that a device remembers while it has no network. */
const KEPT_PERIODS_MAX = 1_000;
const LATE_MS = { from: 1_000, to: 15_000 };
const COPY_AFTER_MS = { from: 200, to: 3_000 };
/** After a power cut devices do not come back in the same moment. */
export const BACK_WITHIN_MS = 5_000;

/**
 * Its moments of reporting, `periodS` apart, at a phase of its own: a city does not speak in one voice. The first one
 * after `afterMs`.
 */
export function nextReport({ being, periodS }: Sender, afterMs: number): number {
  const periodMs = Math.round(periodS * 1_000);
  const phaseMs = Math.floor(chance(being.seed, 'phase') * periodMs);
  return Math.floor((afterMs - phaseMs) / periodMs + 1) * periodMs + phaseMs;
}

/**
 * All messages of the period that ends with the report at `reportMs`, in the order in which they go out. The same for
 * the same device and time: events go out when they happen, the reading at the end, and after an outage what was kept.
 */
export function packetsOf(sender: Sender, reportMs: number, run: Run): Packet[] {
  const { being, habits, dark } = sender;
  const whole = recordsOf(sender, reportMs, run.world);
  const isAway = (atMs: number): Span | null => outageAt(being.seed, habits, atMs, dark);
  const sent = whole.filter(({ atMs }) => isAway(atMs) === null);
  const packets = sent.flatMap((record) => messagesOf(sender, record, run));
  packets.push(...backlogOf(sender, reportMs, run), ...brokenOf(sender, reportMs));
  return packets.sort((a, b) => a.dueMs - b.dueMs);
}

/** What it measures and notices in the period that ends at `reportMs`; each of its own millisecond of its clock. */
function recordsOf({ being, model, periodS, habits }: Sender, reportMs: number, world: World): (Noted & Stamp)[] {
  const span = { fromMs: reportMs - Math.round(periodS * 1_000), toMs: reportMs };
  const noticed = model.happen?.(being, span, world) ?? [];
  const reportsMs = [...changesOf(being, span), reportMs];
  const found: Noted[] = [
    ...noticed.map(({ atMs, type, data }: Happening): Noted => ({ atMs, channel: 'event', body: { type, data } })),
    ...reportsMs.flatMap((atMs) =>
      model.read(being, atMs, world).map((values): Noted => ({ atMs, channel: 'telemetry', body: { values } })),
    ),
  ];
  found.sort((a, b) => a.atMs - b.atMs);
  let lastMs = 0;
  return found.map((record) => {
    lastMs = Math.max(lastMs + 1, clockOf(being.seed, habits, record.atMs));
    return { ...record, tsMs: lastMs };
  });
}

interface Stamp {
  tsMs: number;
}

/** Trouble is reported when it begins and when it ends, not at the next period. */
function changesOf({ troubles }: Being, { fromMs, toMs }: Span): number[] {
  const edges = troubles.flatMap((trouble) => [trouble.fromMs, trouble.toMs]);
  return edges.filter((atMs) => atMs > fromMs && atMs < toMs);
}

/** What tells that trouble begins or ends goes out at once: how soon an alert has to come counts from then. */
function isEdge({ troubles }: Being, atMs: number): boolean {
  return troubles.some(({ fromMs, toMs }) => atMs === fromMs || atMs === toMs);
}

function textOf(sender: Sender, { tsMs, channel, body }: Noted & Stamp, run: Run): string {
  const hasId = chance(sender.being.seed, 'has-ids') >= sender.habits.withoutIds;
  // Two records of a device have never the same time, so the time tells them apart in an id too.
  const id = hasId ? { id: `${run.id}-${channel === 'event' ? 'e' : 't'}${tsMs.toString(36)}` } : {};
  return JSON.stringify({ ts: tsMs, ...id, ...body });
}

function messagesOf(sender: Sender, record: Noted & Stamp, run: Run): Packet[] {
  const { being, habits } = sender;
  const step = record.tsMs % 2 ** 31;
  const isLate = !isEdge(being, record.atMs) && chance(being.seed, 'reordered', step) < habits.reordered;
  const lateMs = isLate ? between(LATE_MS.from, LATE_MS.to, chance(being.seed, 'late', step)) : 0;
  const dueMs = record.atMs + Math.floor(lateMs);
  const first: Packet = {
    dueMs,
    channel: record.channel,
    payload: textOf(sender, record, run),
    fate: 'kept',
    tsMs: [record.tsMs],
  };
  if (chance(being.seed, 'duplicate', step) >= habits.duplicates) return [first];
  const afterMs = between(COPY_AFTER_MS.from, COPY_AFTER_MS.to, chance(being.seed, 'copy', step));
  return [first, { ...first, dueMs: dueMs + Math.floor(afterMs), fate: 'copy' }];
}

/** What it kept while it was away, when this is the period in which it comes back. */
function backlogOf(sender: Sender, reportMs: number, run: Run): Packet[] {
  const { being, habits, dark, periodS } = sender;
  const periodMs = Math.round(periodS * 1_000);
  const spanAt = (atMs: number): Span | null => outageAt(being.seed, habits, atMs, dark);
  const ended = endsWithin(sender, { fromMs: reportMs - periodMs, toMs: reportMs });
  if (ended === null) return [];
  const kept: (Noted & Stamp)[] = [];
  for (let back = 0; back < KEPT_PERIODS_MAX; back += 1) {
    const endMs = reportMs - back * periodMs;
    if (endMs <= ended.fromMs) break;
    const missed = recordsOf(sender, endMs, run.world).filter(({ atMs }) => spanAt(atMs)?.toMs === ended.toMs);
    kept.unshift(...missed);
  }
  const dueMs = ended.toMs + Math.floor(BACK_WITHIN_MS * chance(being.seed, 'back', ended.toMs % 2 ** 31));
  return (['telemetry', 'event'] as const).flatMap((channel) => {
    const some = kept.filter((record) => record.channel === channel);
    return parts(some).map((part) => ({
      dueMs,
      channel,
      payload: `[${part.map((record) => textOf(sender, record, run)).join(',')}]`,
      fate: 'kept' as const,
      tsMs: part.map(({ tsMs }) => tsMs),
    }));
  });
}

/** The outage that ends in a stretch of time: the one at its beginning, or one that begins in it. */
function endsWithin({ being, habits, dark }: Sender, { fromMs, toMs }: Span): Span | null {
  const stepMs = Math.max(1_000, Math.floor((toMs - fromMs) / 16));
  for (let atMs = fromMs; atMs < toMs; atMs += stepMs) {
    const found = outageAt(being.seed, habits, atMs, dark);
    if (found && found.toMs > fromMs && found.toMs <= toMs) return found;
  }
  return null;
}

function parts<Item>(items: readonly Item[]): Item[][] {
  const found: Item[][] = [];
  for (let at = 0; at < items.length; at += BACKLOG_MAX) found.push(items.slice(at, at + BACKLOG_MAX));
  return found;
}

/** What no gateway may take for a reading: cut off, nothing in it, of another type, of a field nobody knows. */
const BROKEN = [
  '{"ts":1767571200123,"values":{"temp',
  '{"values":{}}',
  '[]',
  '{"values":"none"}',
  '{"values":{"no_such_field_":1}}',
  '{"values":{"x":1e999}}',
  'ok',
] as const;

function brokenOf({ being, habits, dark }: Sender, reportMs: number): Packet[] {
  const step = reportMs % 2 ** 31;
  if (chance(being.seed, 'broken', step) >= habits.broken) return [];
  if (outageAt(being.seed, habits, reportMs, dark)) return [];
  const payload = pick(BROKEN, chance(being.seed, 'broken-how', step));
  return [{ dueMs: reportMs, channel: 'telemetry', payload, fate: 'refused', tsMs: [] }];
}

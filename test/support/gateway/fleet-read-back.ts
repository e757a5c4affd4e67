import { DAY_MS } from '../../../src/core/clock.ts';
import { type FleetDevice, NAMED_PER_PERCENT, type Sort } from './fleet-device.ts';
import type { Gateway } from './gateway.ts';

/** From where on something is compared: rounds, and the time before which none of them was sent. */
export interface Since {
  round: number;
  atMs: number;
}

export interface ReadBack {
  gateway: Gateway;
  baseMs: number;
  since: Since;
}

/** Points of one answer of the history. */
const POINTS_MAX = 10_000;
const PAGE = 500;
/** Clocks of the gateway and ours may differ by a day when a test set one of them. */
const CLOCKS_DIFFER_MS = 2 * DAY_MS;
const ALLOWANCE_MS = 2 * 3_600_000;

/** What became of what was acknowledged. */
export interface Tally {
  acked: number;
  /** Of these: to be read once or more, … */
  stored: number;
  /** … to be found among the dead letters, with the reason, … */
  explained: number;
  /** … and not to be found. */
  lost: number;
  /** Times that something with an identity is there once more than it should. */
  doubled: number;
  /** All that is wrong, in words. */
  wrong: string[];
}

export function emptyTally(): Tally {
  return { acked: 0, stored: 0, explained: 0, lost: 0, doubled: 0, wrong: [] };
}

export function add(to: Tally, { wrong, ...counts }: Tally): void {
  for (const [name, count] of Object.entries(counts) as [keyof typeof counts, number][]) to[name] += count;
  to.wrong.push(...wrong);
}

/** Compares what is there of one device with its diary. */
export async function tallyOf(device: FleetDevice, context: ReadBack): Promise<Tally> {
  const { since } = context;
  const stored: Record<Sort, number[]> = {
    reading: await readings(device, context),
    'named reading': await namedReadings(device, context),
    event: await events(device, context),
    nonsense: await deadLetters(device, context),
  };
  const tally = emptyTally();
  for (const [sort, there] of Object.entries(stored) as [Sort, number[]][]) {
    const { sent, acked } = device.diary[sort];
    const sides = { stored: there.filter((round) => round >= since.round), sent, acked: from(acked, since.round) };
    add(tally, compare(`${sort} of ${device.id}`, { ...sides, isNonsense: sort === 'nonsense' }));
  }
  return tally;
}

function from(rounds: ReadonlySet<number>, first: number): number[] {
  return [...rounds].filter((round) => round >= first);
}

/** Readings with a time: one for each millisecond from `baseMs` on. */
function readings({ id, diary }: FleetDevice, { gateway, baseMs, since }: ReadBack): Promise<number[]> {
  return roundsOf(gateway, id, { baseMs, first: since.round, last: Math.max(0, ...diary.reading.sent) });
}

/** Rounds from `first` to `last` of a device whose readings say by their time which round they are. */
export async function roundsOf(
  gateway: Gateway,
  id: string,
  { baseMs, first, last }: { baseMs: number; first: number; last: number },
): Promise<number[]> {
  const rounds: number[] = [];
  for (let from = first; from <= last; from += POINTS_MAX) {
    const query = { fields: 'weight_kg', fromMs: baseMs + from, toMs: baseMs + from + POINTS_MAX };
    for (const { at } of await history(gateway, id, query)) rounds.push(Date.parse(at) - baseMs);
  }
  return rounds;
}

/** Readings without a time of their own: their value says which they are. */
async function namedReadings({ id }: FleetDevice, { gateway, since }: ReadBack): Promise<number[]> {
  const query = { fields: 'fill_pct', ...aroundNow(since) };
  const points = await history(gateway, id, query);
  return points.map(({ values }) => Math.round((values.fill_pct ?? -1) * NAMED_PER_PERCENT));
}

interface Point {
  at: string;
  values: Record<string, number | undefined>;
}

async function history(
  gateway: Gateway,
  id: string,
  { fields, fromMs, toMs }: { fields: string; fromMs: number; toMs: number },
): Promise<Point[]> {
  const range = `from=${rfc3339(fromMs)}&to=${rfc3339(toMs)}&limit=${POINTS_MAX}`;
  const { points, truncated } = await gateway.get(`/devices/${id}/history?fields=${fields}&${range}`);
  if (truncated) throw new Error('more points than one answer holds');
  return points;
}

async function events({ id }: FleetDevice, { gateway, since }: ReadBack): Promise<number[]> {
  const { fromMs, toMs } = aroundNow(since);
  const path = `/devices/${id}/events?from=${rfc3339(fromMs)}&to=${rfc3339(toMs)}`;
  const found = await pages(gateway, path, () => true);
  return found.map(({ id: event }) => Number(String(event).slice('e-'.length)));
}

async function deadLetters({ id }: FleetDevice, { gateway, since }: ReadBack): Promise<number[]> {
  const roundOf = (value: unknown): number => Number(/heavy (\d+)/.exec(String(value))?.[1]);
  const found = await pages(gateway, `/dead-letters?device=${id}`, ({ value }) => roundOf(value) >= since.round);
  return found.map(({ value }) => roundOf(value));
}

function aroundNow({ atMs }: Since): { fromMs: number; toMs: number } {
  return { fromMs: atMs - ALLOWANCE_MS, toMs: Date.now() + CLOCKS_DIFFER_MS };
}

/** All pages, up to the first on which nothing is wanted. */
async function pages(gateway: Gateway, path: string, wanted: (item: Item) => boolean): Promise<Item[]> {
  const all: Item[] = [];
  for (let cursor = ''; ; ) {
    const { items, next } = await gateway.get(`${path}&limit=${PAGE}${cursor}`);
    all.push(...items);
    if (!next || (items.length > 0 && !items.some(wanted))) return all;
    cursor = `&cursor=${encodeURIComponent(next)}`;
  }
}

type Item = Record<string, unknown>;

function rfc3339(atMs: number): string {
  return new Date(atMs).toISOString();
}

interface Sides {
  stored: number[];
  sent: ReadonlySet<number>;
  acked: number[];
  /** Looked for among the dead letters; having no identity, it may be there for every time it was sent. */
  isNonsense: boolean;
}

export function compare(what: string, { stored, sent, acked, isNonsense }: Sides): Tally {
  const there = new Set(stored);
  const lost = acked.filter((key) => !there.has(key));
  const unsent = [...there].filter((key) => !sent.has(key));
  const doubled = isNonsense ? 0 : stored.length - there.size;
  const found = acked.length - lost.length;
  const wrong = [
    ...(lost.length > 0
      ? [`${what}: ${lost.length} of ${acked.length} acknowledged are lost, such as ${lost[0]}`]
      : []),
    ...(doubled > 0 ? [`${what}: ${doubled} are there twice`] : []),
    ...(unsent.length > 0 ? [`${what}: ${unsent.length} were never sent, such as ${unsent[0]}`] : []),
  ];
  const [asStored, explained] = isNonsense ? [0, found] : [found, 0];
  return { acked: acked.length, stored: asStored, explained, lost: lost.length, doubled, wrong };
}

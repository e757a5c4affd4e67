import { deepStrictEqual, ok } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../../src/core/clock.ts';
import type { FieldValue } from '../../../../src/core/types.ts';
import type { Reduction } from '../../../../src/telemetry/history/buckets.ts';
import { AT_MS, decoded, reading } from '../../../support/ingest/batches.ts';
import { Influxd } from '../../../support/telemetry/influxd.ts';
import { Rolling } from '../../../support/telemetry/rolling.ts';

const influxd = await Influxd.start(t);
const rolling = new Rolling(t, influxd, { database: 'cw' });
const NOW_MS = rolling.clock.nowMs();
let offset = 0;

interface Point {
  atMs: number;
  ns: number;
  values: Record<string, FieldValue>;
}

const values = fc.record(
  {
    level_m: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    starts: fc.integer({ min: 0, max: 1e6 }),
    running: fc.boolean(),
  },
  { requiredKeys: ['level_m'] },
);
const point = fc.record({
  // Many on the borders of windows.
  atMs: fc
    .oneof(
      fc.integer({ min: 0, max: 12 * HOUR_MS }),
      fc.nat({ max: 144 }).map((window) => window * 5 * MINUTE_MS),
    )
    .map((ms) => AT_MS + ms),
  ns: fc.nat({ max: 999_999 }),
  values,
});
const readings = fc.uniqueArray(point, { minLength: 30, maxLength: 60, selector: ({ atMs, ns }) => `${atMs}.${ns}` });
const question = fc.record({
  fromMs: fc.integer({ min: AT_MS - HOUR_MS, max: AT_MS + 5 * HOUR_MS }),
  lengthMs: fc.integer({ min: 6 * HOUR_MS, max: 9 * HOUR_MS }),
  everyMs: fc.constantFrom(null, 5 * MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS),
  fn: fc.constantFrom<Reduction>('min', 'max', 'mean', 'last', 'count'),
});

async function given(device: string, points: Point[]): Promise<void> {
  const messages = points.map(({ atMs, ns, values }) => {
    offset += 100;
    const record = reading(values, { atMs, timeNs: `${atMs}${String(ns).padStart(6, '0')}` });
    const identity = { id: device, kind: 'pump', kindVersion: 1, jurisdiction: '330200' };
    return decoded([record], { offset, endOffset: offset + 100, device: identity, receivedAtMs: NOW_MS });
  });
  if (messages.length > 0) await rolling.take(messages);
}

/** What the answer must be, from the points themselves. */
function expected(points: Point[], field: string, { fromMs, toMs, everyMs, fn }: Asked) {
  const buckets = new Map<number, FieldValue[]>();
  const inTime = points.toSorted((a, b) => a.atMs - b.atMs || a.ns - b.ns);
  for (const { atMs, values } of inTime) {
    const value = values[field];
    if (value === undefined || atMs < fromMs || atMs >= toMs) continue;
    const bucket = everyMs === null ? fromMs : Math.floor(atMs / everyMs) * everyMs;
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), value]);
  }
  return [...buckets].map(([atMs, found]) => [atMs, reduce(found, fn)] as const);
}

function reduce(found: FieldValue[], fn: Reduction): FieldValue {
  const numbers = found.map(Number);
  if (fn === 'count') return found.length;
  if (fn === 'last') return found.at(-1) as FieldValue;
  if (fn === 'mean') return numbers.reduce((a, b) => a + b, 0) / numbers.length;
  return Math[fn](...numbers);
}

interface Asked {
  fromMs: number;
  toMs: number;
  everyMs: number | null;
  fn: Reduction;
}

async function check(device: string, points: Point[], asked: Asked, field: string): Promise<string> {
  const { everyMs, fromMs, toMs, fn } = asked;
  const query = { fields: [field], fromMs, toMs, fn, ...(everyMs === null ? {} : { everyMs }) };
  const answer = await rolling.history.history({ id: device, kind: 'pump' }, query);
  const got = answer.points.map(({ atMs, values }) => [atMs, values[field]] as const);
  const wanted = expected(points, field, asked);
  deepStrictEqual(
    got.map(([atMs]) => atMs),
    wanted.map(([atMs]) => atMs),
  );
  for (const [index, [, value]] of wanted.entries()) {
    const other = got[index]?.[1];
    if (typeof value !== 'number' || typeof other !== 'number') deepStrictEqual(other, value);
    else ok(Math.abs(value - other) <= 1e-9 * Math.max(1, Math.abs(value), 1e6), `${other} is not ${value}`);
  }
  return answer.source;
}

t.test('all tiers answer as the readings themselves would, whatever came late, twice or just now', async (t) => {
  const sources = new Set<string>();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      readings,
      readings,
      fc.array(question, { minLength: 6, maxLength: 6 }),
      async (early, late, all) => {
        runs += 1;
        const device = `p-${runs}`;
        const newest = late
          .slice(0, 3)
          .map((one, index) => ({ ...one, atMs: NOW_MS - index * MINUTE_MS, ns: 500_000 + index }));
        await given(device, early);
        await rolling.settle();
        await given(device, [...late, ...early.slice(0, 5)]);
        await rolling.settle();
        await given(device, newest);
        const points = [
          ...new Map([...early, ...late, ...newest].map((one) => [`${one.atMs}.${one.ns}`, one])).values(),
        ];
        // The same time with other values is the later one's, as in the store.
        for (const { fromMs, lengthMs, everyMs, fn } of all) {
          const asked = { fromMs, toMs: fromMs + lengthMs, everyMs, fn };
          sources.add(await check(device, points, asked, 'level_m'));
          if (fn === 'last' || fn === 'count') sources.add(await check(device, points, asked, 'running'));
        }
      },
    ),
    { numRuns: 6, endOnFailure: true },
  );
  t.ok(sources.has('5m') && sources.has('1h'), [...sources].join());
});

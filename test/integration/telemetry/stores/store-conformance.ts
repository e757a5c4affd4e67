import type { Test } from 'tap';
import { msToNs } from '../../../../src/telemetry/stores/nanoseconds.ts';
import type { Aggregate, BucketsQuery, PointsQuery, Store } from '../../../../src/telemetry/stores/store.ts';

const AT_MS = 1_767_571_200_000;

/** A store that keeps what it was given, and where it is kept is not looked at. */
export interface StoreUnderTest {
  store: Store;
  /** Stops the server as a power cut would and starts it again on the same data. */
  restart(): Promise<void>;
}

const { signal } = new AbortController();

function all(measurement: string, device: string, fields: string[]): PointsQuery {
  return { measurement, device, fields, fromNs: msToNs(AT_MS - 1e6), toNs: msToNs(AT_MS + 1e6), limit: 10_000 };
}

function line(device: string, fields: string, offsetNs = 0): string {
  return `kiosk,dev=${device},jur=330200 ${fields} ${BigInt(msToNs(AT_MS)) + BigInt(offsetNs)}`;
}

const SECOND_NS = 1_000_000_000;

/** A bucket a minute over the same range as {@link all}; a column is named after its field and function. */
function inBuckets(devices: string[], columns: [field: string, fn: Aggregate][]): BucketsQuery {
  return {
    tier: 'raw',
    measurement: 'kiosk',
    devices,
    groupBy: [],
    fromMs: AT_MS - 1e6,
    toMs: AT_MS + 1e6,
    everyMs: 60_000,
    limit: 1_000,
    columns: columns.map(([field, fn]) => ({ name: `${field} ${fn}`, field, fn })),
  };
}

function minutes(...values: unknown[]) {
  return values.map((value, minute) => [minute * 60_000, value]);
}

type Open = (t: Test) => Promise<StoreUnderTest>;
type Case = (t: Test, open: Open) => Promise<void>;

/** What every store has to do; each store's own test calls this with a fresh, empty one for each case. */
export function conformance(t: Test, open: Open): void {
  for (const [name, run] of Object.entries(CASES)) t.test(name, (t) => run(t, open));
}

/** As much of it as depends on how lines travel. */
export function conformanceOfWriting(t: Test, open: Open): void {
  for (const [name, run] of Object.entries(WRITING)) t.test(name, (t) => run(t, open));
}

const WRITING: Record<string, Case> = {
  'keeps numbers, booleans and text as they are, and each nanosecond apart': async (t, open) => {
    const { store } = await open(t);
    await store.write([line('a', 'f=0.1,b=true,s="烟\\"\\\\"', 1), line('a', 'f=-3,b=false', 2)], signal);
    const points = await store.points(all('kiosk', 'a', ['f', 'b', 's']));
    t.equal(points[0]?.timeNs, `${AT_MS}000001`);
    t.strictSame(Object.fromEntries(points[0]?.values ?? []), { f: 0.1, b: true, s: '烟"\\' });
    t.strictSame(Object.fromEntries(points[1]?.values ?? []), { f: -3, b: false });
    t.equal(points.length, 2);
  },
  'writing the same lines again changes nothing': async (t, open) => {
    const { store } = await open(t);
    const lines = Array.from({ length: 100 }, (_, i) => line('a', `f=${i}`, i));
    for (let time = 0; time < 3; time += 1) t.strictSame(await store.write(lines, signal), { rejected: [] });
    t.equal((await store.points(all('kiosk', 'a', ['f']))).length, 100);
  },
  'stores the good lines of a batch and returns exactly the bad ones': async (t, open) => {
    const { store } = await open(t);
    await store.write([line('a', 'f=1')], signal);
    const bad = new Set([0, 57, 58, 400, 999]);
    const lines = Array.from({ length: 1_000 }, (_, i) => line('a', bad.has(i) ? 'f="text"' : `f=${i}`, i + 1));
    lines[321] = 'kiosk,dev=a f=';
    const { rejected } = await store.write(lines, signal);
    t.strictSame(
      rejected.map(({ line, reason }) => [line, reason]),
      [...bad, 321].sort((a, b) => a - b).map((i) => [i, i === 321 ? 'store.unparsable' : 'store.type-conflict']),
    );
    t.equal((await store.points(all('kiosk', 'a', ['f']))).length, 1 + 1_000 - 6);
  },
  'puts a whole refused batch aside without asking line by line': async (t, open) => {
    const { store } = await open(t);
    await store.write([line('a', 'f=1')], signal);
    const lines = Array.from({ length: 5_000 }, (_, i) => line('a', 'f="text"', i));
    const { rejected } = await store.write(lines, signal);
    t.equal(rejected.length, 5_000);
  },
  'returns a line older than retention': async (t, open) => {
    const { store } = await open(t);
    const { rejected } = await store.write([line('a', 'f=1'), 'kiosk,dev=a f=1 1000000000000000000'], signal);
    t.match(rejected, [{ line: 1, reason: 'store.too-old' }]);
  },
};

const CASES: Record<string, Case> = {
  ...WRITING,
  'what it acknowledged is there after it lost its power': async (t, open) => {
    const { store, restart } = await open(t);
    const lines = Array.from({ length: 5_000 }, (_, i) => line(`d${i % 50}`, `f=${i}`, i));
    await store.write(lines, signal);
    await restart();
    for (let device = 0; device < 50; device += 1) {
      t.equal((await store.points(all('kiosk', `d${device}`, ['f']))).length, 100);
    }
  },
  'gives points in order, newest first where asked, and no more than asked': async (t, open) => {
    const { store } = await open(t);
    await store.write(
      [5, 1, 4, 2, 3].map((i) => line('a', `f=${i}`, i)),
      signal,
    );
    const values = async (query: Partial<PointsQuery>) =>
      (await store.points({ ...all('kiosk', 'a', ['f']), ...query })).map((point) => point.values.get('f'));
    t.strictSame(await values({}), [1, 2, 3, 4, 5]);
    t.strictSame(await values({ newestFirst: true, limit: 2 }), [5, 4]);
    const to = `${AT_MS}000004`;
    t.strictSame(await values({ fromNs: `${AT_MS}000002`, toNs: to }), [2, 3], 'from is inside the range, to is not');
    t.strictSame(await store.points(all('kiosk', 'b', ['f'])), []);
    t.strictSame(await store.points(all('never-seen', 'a', ['f'])), []);
  },
  'makes buckets': async (t, open) => {
    const { store } = await open(t);
    const lines = [0, 1, 2, 60, 61].map((i) => line('a', `f=${i},s="${i}"`, i * SECOND_NS));
    await store.write([...lines, line('b', 'f=99', SECOND_NS)], signal);
    const bucketed = async (fn: Aggregate, field = 'f', everyMs: number | null = 60_000) =>
      (await store.buckets({ ...inBuckets(['a'], [[field, fn]]), everyMs })).map(({ atMs, values }) => [
        atMs - AT_MS,
        values.get(`${field} ${fn}`),
      ]);
    t.strictSame(await bucketed('min'), minutes(0, 60));
    t.strictSame(await bucketed('max'), minutes(2, 61));
    t.strictSame(await bucketed('sum'), minutes(3, 121));
    t.strictSame(await bucketed('last', 's'), minutes('2', '61'));
    t.strictSame(await bucketed('count', 's'), minutes(3, 2));
    const inside = { ...inBuckets(['a'], [['f', 'max']]), fromMs: AT_MS + 2_000, toMs: AT_MS + 61_000, everyMs: null };
    t.match(await store.buckets(inside), [{ atMs: AT_MS + 2_000, values: new Map([['f max', 60]]) }]);
    t.strictSame(await store.buckets({ ...inside, fromMs: AT_MS - 9_000, toMs: AT_MS }), []);
    t.equal((await store.buckets({ ...inBuckets(['a'], [['f', 'max']]), limit: 1 })).length, 1);
  },
  'makes buckets of several columns, each part of each device apart': async (t, open) => {
    const { store } = await open(t);
    const of = (device: string, part: string, f: number) =>
      `kiosk,dev=${device},jur=330200${part} f=${f},b=${f > 2} ${AT_MS}00000${f}`;
    await store.write([of('a', ',bin=x', 1), of('a', ',bin=x', 2), of('a', ',bin=y', 3), of('b', '', 4)], signal);
    const columns = inBuckets(
      ['a', 'b', 'none'],
      [
        ['f', 'sum'],
        ['f', 'count'],
        ['b', 'last'],
        ['never', 'count'],
      ],
    );
    const found = await store.buckets({ ...columns, groupBy: ['dev', 'jur', 'bin'] });
    const rows = found.map(({ tags, values }) => [tags.dev, tags.jur, tags.bin, ...[...values].sort()]);
    t.strictSame(
      rows.sort((a, b) => (String(a) < String(b) ? -1 : 1)),
      [
        ['a', '330200', 'x', ['b last', false], ['f count', 2], ['f sum', 3]],
        ['a', '330200', 'y', ['b last', true], ['f count', 1], ['f sum', 3]],
        ['b', '330200', '', ['b last', true], ['f count', 1], ['f sum', 4]],
      ],
    );
  },
  'keeps its tiers apart': async (t, open) => {
    const { store } = await open(t);
    for (const tier of ['5m', '1h'] as const) await store.ensure(signal, tier);
    await store.write([line('a', 'f=1')], signal);
    await store.write([line('a', 'f=5')], signal, '5m');
    await store.write([line('a', 'f=60'), line('a', 'f=61')], signal, '1h');
    t.match(await store.points(all('kiosk', 'a', ['f'])), [{ values: new Map([['f', 1]]) }]);
    for (const [tier, value] of [
      ['raw', 1],
      ['5m', 5],
      ['1h', 61],
    ] as const) {
      t.match(await store.buckets({ ...inBuckets(['a'], [['f', 'last']]), tier }), [
        { values: new Map([['f last', value]]) },
      ]);
    }
  },
  'names made of query language are only names': async (t, open) => {
    const { store } = await open(t);
    await store.write([line('a', 'f=1')], signal);
    const nasty = ['a"; DROP DATABASE "x', "a' OR 'a'='a", 'a\\', '"', "'", 'f" FROM kiosk; --', '/.*/', '*'];
    for (const name of nasty) {
      for (const query of [all(name, 'a', ['f']), all('kiosk', name, ['f']), all('kiosk', 'a', [name])]) {
        t.strictSame(await store.points(query), [], name);
      }
      t.strictSame(await store.buckets(inBuckets([name], [['f', 'max']])), [], name);
      t.strictSame(await store.buckets(inBuckets(['a'], [[name, 'max']])), [], name);
    }
    t.equal((await store.points(all('kiosk', 'a', ['f']))).length, 1);
  },
  'says its version, and preparing it twice is harmless': async (t, open) => {
    const { store } = await open(t);
    await store.ensure();
    t.match(await store.ping(), { version: /./ });
  },
  'stops at once when asked to': async (t, open) => {
    const { store } = await open(t);
    const controller = new AbortController();
    controller.abort(new Error('stopping'));
    await t.rejects(store.write([line('a', 'f=1')], controller.signal), { message: 'stopping' });
  },
};

import fc from 'fast-check';
import t from 'tap';
import { type Facts, judge } from '../../../../src/devices/health/judge.ts';
import {
  BAD_FOR_MS,
  counts,
  GOOD_FOR_MS,
  type Signal,
  settlesAt,
  turned,
} from '../../../../src/devices/health/signal.ts';

const NOTHING: Facts = {
  connection: null,
  answer: null,
  onvif: null,
  stream: null,
  said: null,
  data: null,
  listeningSinceMs: 0,
};
const STALE_MS = 180_000;
const told = (good: boolean, sinceMs: number, over: Partial<Signal> = {}): Signal => ({
  good,
  sinceMs,
  stood: good,
  detail: null,
  ...over,
});
const data = (lastAtMs: number) => ({ lastAtMs, staleAfterMs: STALE_MS });

t.test('each fact has its verdict, and the worst explains the device', async (t) => {
  const now = 1_000_000;
  const bad = told(false, 900_000);
  const good = told(true, 900_000);
  const cases: [string, Partial<Facts>, object | null][] = [
    ['nothing', {}, null],
    ['fresh data', { data: data(now - 1) }, { health: 'online', cause: null }],
    ['a connection alone', { connection: good }, { health: 'online' }],
    ['no answer', { answer: bad, stream: bad }, { health: 'offline', cause: 'no-answer', sinceMs: 900_000 }],
    ['connection', { connection: bad, data: data(899_000) }, { health: 'offline', cause: 'connection-lost' }],
    ['connection, and data by another way', { connection: bad, data: data(950_000) }, { health: 'online' }],
    ['will', { said: bad, data: data(899_000) }, { health: 'offline', cause: 'said-offline' }],
    ['silence', { data: data(700_000) }, { health: 'offline', cause: 'silent', sinceMs: 700_000 }],
    ['connected, silent', { connection: good, data: data(700_000) }, { health: 'degraded', cause: 'no-data' }],
    [
      'onvif',
      { answer: good, onvif: { ...bad, detail: 'auth' }, stream: bad },
      { health: 'degraded', cause: 'onvif', detail: 'auth' },
    ],
    [
      'stream',
      { answer: good, onvif: good, stream: { ...bad, detail: 'stalled' } },
      { cause: 'stream', detail: 'stalled' },
    ],
  ];
  for (const [name, facts, verdict] of cases) {
    const found = judge({ ...NOTHING, ...facts }, now).verdict;
    if (verdict === null) t.equal(found, null, name);
    else t.match(found, verdict, name);
  }
});

t.test('who was silent because we were gets its time after our start', async (t) => {
  const silent = { ...NOTHING, data: data(100_000), listeningSinceMs: 1_000_000 };
  t.strictSame(judge(silent, 1_000_001), { verdict: null, againAtMs: 1_000_000 + STALE_MS });
  t.match(judge(silent, 1_000_000 + STALE_MS).verdict, { health: 'offline', cause: 'silent', sinceMs: 100_000 });
});

t.test('a word counts once it has been said for a while, the first good one at once', async (t) => {
  const first = turned(null, { good: true, detail: null }, 5);
  t.equal(counts(first, 5), true);
  const never = turned(null, { good: false, detail: null }, 5);
  t.equal(counts(never, 6), null, 'a first bad word is no verdict');
  t.equal(counts(never, 5 + BAD_FOR_MS), false);
  const lost = turned(first, { good: false, detail: 'lost' }, 100);
  t.equal(counts(lost, 99 + BAD_FOR_MS), true);
  t.equal(counts(lost, 100 + BAD_FOR_MS), false);
  const back = turned(lost, { good: true, detail: null }, 100 + BAD_FOR_MS);
  t.equal(counts(back, 100 + BAD_FOR_MS + GOOD_FOR_MS - 1), false);
  t.equal(counts(back, 100 + BAD_FOR_MS + GOOD_FOR_MS), true);
  t.equal(turned(lost, { good: false, detail: 'lost' }, 999), lost, 'the same again changes nothing');
});

const turns = fc.array(fc.record({ good: fc.boolean(), afterMs: fc.nat({ max: 40_000 }) }), { maxLength: 40 });

t.test('however a device flaps, what counts never turns more often than hysteresis lets it', async () => {
  fc.assert(
    fc.property(turns, (all) => {
      let nowMs = 0;
      let signal = turned(null, { good: true, detail: null }, nowMs);
      let counted: boolean | null = true;
      let turnedAtMs = Number.NEGATIVE_INFINITY;
      const look = (atMs: number): boolean => {
        const now = counts(signal, atMs);
        if (now === counted) return true;
        const since = turnedAtMs;
        counted = now;
        turnedAtMs = atMs;
        return atMs - since >= GOOD_FOR_MS && now === signal.good;
      };
      for (const { good, afterMs } of all) {
        const settlesMs = settlesAt(signal);
        if (settlesMs > nowMs && settlesMs <= nowMs + afterMs && !look(settlesMs)) return false;
        nowMs += afterMs;
        if (!look(nowMs)) return false;
        signal = turned(signal, { good, detail: null }, nowMs);
        if (!look(nowMs)) return false;
      }
      return true;
    }),
  );
});

const signal = fc.option(
  fc.record({
    good: fc.boolean(),
    sinceMs: fc.nat({ max: 100_000 }),
    stood: fc.option(fc.boolean()),
    detail: fc.option(fc.constantFrom('auth', 'stalled')),
  }),
);
const facts = fc.record({
  connection: signal,
  answer: signal,
  onvif: signal,
  stream: signal,
  said: signal,
  data: fc.option(fc.record({ lastAtMs: fc.nat({ max: 100_000 }), staleAfterMs: fc.integer({ min: 1, max: 90_000 }) })),
  listeningSinceMs: fc.nat({ max: 50_000 }),
});

t.test('whatever is known: it is told again in time, and between two looks nothing changes', async () => {
  fc.assert(
    fc.property(facts, fc.nat({ max: 200_000 }), (known, laterMs) => {
      const nowMs = 100_000;
      const { verdict, againAtMs } = judge(known, nowMs);
      if (againAtMs !== null && againAtMs <= nowMs) return false;
      // Only online and the undecided may lose their freshness without a look: that is judged by what is stale.
      const atMs = Math.min(nowMs + laterMs, againAtMs === null ? Number.POSITIVE_INFINITY : againAtMs - 1);
      const later = judge(known, atMs).verdict;
      if (verdict === null || later === null) return verdict === null || verdict.health === 'online';
      return verdict.health === later.health && verdict.cause === later.cause;
    }),
    { numRuns: 1_000 },
  );
});

t.test('nothing that turns bad makes a device look better', async () => {
  const RANK = { online: 0, unknown: 0, degraded: 1, offline: 2 };
  const names = ['connection', 'answer', 'onvif', 'stream', 'said'] as const;
  fc.assert(
    fc.property(facts, fc.constantFrom(...names), (known, name) => {
      const nowMs = 100_000;
      const healthy = { good: true, sinceMs: 0, stood: true, detail: null };
      const broken = { good: false, sinceMs: 100_000 - BAD_FOR_MS, stood: true, detail: null };
      const rank = (given: Facts) => RANK[judge(given, nowMs).verdict?.health ?? 'unknown'];
      return rank({ ...known, [name]: broken }) >= rank({ ...known, [name]: healthy });
    }),
    { numRuns: 1_000 },
  );
});

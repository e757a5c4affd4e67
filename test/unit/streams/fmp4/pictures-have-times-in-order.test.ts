import t from 'tap';
import type { ParsedFragment } from '../../../../src/streams/fmp4/parser.ts';
import { WallClock } from '../../../../src/streams/fmp4/wall-clock.ts';

const START_MS = Date.parse('2026-11-28T08:00:00.000Z');
const FRAGMENT: ParsedFragment = { data: Buffer.from('video'), decodeTimeMs: 0, durationMs: 500, key: true };

/** Times, from START_MS on, of fragments of half a second that were received so long after it. */
function timesOf(clock: WallClock, receivedMs: readonly number[]): number[] {
  return receivedMs.map((atMs) => clock.stamp(FRAGMENT, START_MS + atMs).startsAtMs - START_MS);
}

t.test('jitter of the way is not told as time', async (t) => {
  const jitterMs = [0, 300, 40, 700, 0, 90, 400, 10];
  const received = jitterMs.map((late, n) => (n + 1) * 500 + late);
  t.same(timesOf(new WallClock(), received), [0, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500]);
});

t.test('what came after a pause is told by its receipt', async (t) => {
  t.same(timesOf(new WallClock(), [500, 1_000, 31_500, 32_000]), [0, 500, 31_000, 31_500]);
});

t.test('a new run begins with its own time, though never before the pictures of the run before', async (t) => {
  const clock = new WallClock();
  t.same(timesOf(clock, [500, 1_000]), [0, 500]);
  clock.begin();
  t.same(timesOf(clock, [1_900]), [1_400], 'not at 1,000, where the run before ended');
  clock.begin();
  t.same(timesOf(clock, [1_900]), [1_650]);
});

t.test(
  'a clock that is set back does not take the pictures with it; their time slows down until it agrees',
  async (t) => {
    const clock = new WallClock();
    timesOf(clock, [500, 1_000]);
    const backMs = 60_000;
    const received = Array.from({ length: 300 }, (_, n) => (n + 3) * 500 - backMs);
    const times = [500, ...timesOf(clock, received)];
    for (const [n, atMs] of times.entries()) if (n > 0) t.ok(atMs >= times[n - 1]! + 250, `fragment ${n}`);
    const off = times.at(-1)! - (received.at(-1)! - 500);
    t.ok(off <= 1_000, `two and a half minutes later it is ${off} ms off`);
  },
);

t.test('what a pause held up and then came at once keeps its order, and is soon told rightly again', async (t) => {
  const burst = Array.from({ length: 10 }, () => 6_000);
  const after = Array.from({ length: 20 }, (_, n) => 6_500 + n * 500);
  const times = timesOf(new WallClock(), [500, 1_000, ...burst, ...after]);
  t.same(
    times,
    times.toSorted((a, b) => a - b),
  );
  t.equal(new Set(times).size, times.length, 'no two begin at the same time');
  t.ok(Math.abs(times.at(-1)! - (after.at(-1)! - 500)) <= 1_000);
});

t.test('the bytes are those that came', async (t) => {
  t.match(new WallClock().stamp(FRAGMENT, START_MS), { ...FRAGMENT, startsAtMs: START_MS - 500 });
});

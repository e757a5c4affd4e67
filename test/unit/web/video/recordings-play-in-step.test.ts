import fc from 'fast-check';
import t from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../../src/core/clock.ts';
import type { RecordingTimeline } from '../../../../web/src/types.ts';
import { PlaybackClock, SPEEDS } from '../../../../web/src/video/playback/clock.ts';
import { barOf, causeAt, marksOf, spanAround } from '../../../../web/src/video/playback/marks.ts';
import {
  correction,
  placeOf,
  type Segment,
  segmentsOf,
  windowAround,
} from '../../../../web/src/video/playback/place.ts';

const T0 = Date.parse('2026-11-30T08:00:00Z');

function clocked() {
  let now = 0;
  const clock = new PlaybackClock(T0, () => now);
  const pass = (ms: number) => {
    now += ms;
  };
  return { clock, pass };
}

t.test('the moment goes on as fast as is said, and stands while it is paused', async (t) => {
  const { clock, pass } = clocked();
  pass(1_000);
  t.equal(clock.positionMs, T0 + 1_000);
  clock.hasten(8);
  pass(1_000);
  t.equal(clock.positionMs, T0 + 9_000);
  clock.play(false);
  pass(60_000);
  t.equal(clock.positionMs, T0 + 9_000);
  clock.seek(T0);
  clock.play(true);
  pass(500);
  t.equal(clock.positionMs, T0 + 4_000);
});

t.test('all wait for one that has no picture yet, but not for long', async (t) => {
  const { clock, pass } = clocked();
  clock.wait('cam-1', true);
  pass(2_000);
  t.equal(clock.positionMs, T0);
  t.ok(clock.isHeld);
  clock.wait('cam-1', false);
  pass(1_000);
  t.equal(clock.positionMs, T0 + 1_000);
  clock.wait('cam-2', true);
  pass(6_000);
  pass(1_000);
  t.notOk(clock.isHeld);
  t.equal(clock.positionMs, T0 + 2_000, 'after six seconds it goes on without it');
  pass(1_000);
  t.equal(clock.positionMs, T0 + 3_000);
});

/** Files of a minute: three, a hole of ten minutes, two. */
const SEGMENTS: Segment[] = [0, 1, 2, 13, 14].map((minute, n) => ({
  startsAtMs: T0 + minute * MINUTE_MS,
  startS: n * 60,
  durationS: 59.96,
}));

t.test('a moment has its place, over seams but not over holes', async (t) => {
  t.same(placeOf(SEGMENTS, T0 + 30_000, 1), { is: 'there', s: 30 });
  t.same(placeOf(SEGMENTS, T0 + MINUTE_MS - 10, 1), { is: 'there', s: 59.96 }, 'the seam of two files');
  t.same(placeOf(SEGMENTS, T0 + 13 * MINUTE_MS + 5_000, 1), { is: 'there', s: 185 });
  t.same(placeOf(SEGMENTS, T0 + 5 * MINUTE_MS, 1), { is: 'hole', nextMs: T0 + 13 * MINUTE_MS });
  t.same(placeOf(SEGMENTS, T0 - 1, 1), { is: 'hole', nextMs: T0 });
  t.same(placeOf(SEGMENTS, T0 + HOUR_MS, 1), { is: 'hole', nextMs: null });
  t.same(placeOf([], T0, 1), { is: 'hole', nextMs: null });
  const fast = SEGMENTS.map((one) => ({ ...one, startS: one.startS / 8, durationS: one.durationS / 8 }));
  t.same(placeOf(fast, T0 + 30_000, 8), { is: 'there', s: 3.75 });
});

t.test('a playlist says when its segments were taken; without a word one follows the other', async (t) => {
  const rows = ['#EXTM3U', '#EXT-X-PROGRAM-DATE-TIME:2026-11-30T08:00:00.000Z', '#EXTINF:60.000,', 'a.mp4'];
  const next = ['#EXTINF:2.5,', 'b.mp4', '#EXT-X-DISCONTINUITY', '#EXT-X-PROGRAM-DATE-TIME:2026-11-30T08:10:00.000Z'];
  t.same(segmentsOf([...rows, ...next, '#EXTINF:1,', 'c.mp4', '#EXT-X-ENDLIST'].join('\n')), [
    { startsAtMs: T0, startS: 0, durationS: 60 },
    { startsAtMs: T0 + 60_000, startS: 60, durationS: 2.5 },
    { startsAtMs: T0 + 600_000, startS: 62.5, durationS: 1 },
  ]);
});

t.test('as a moment goes on so does its place', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 16 * 60_000 }), fc.constantFrom(...SPEEDS), (ms, speed) => {
      const faster = SEGMENTS.map((one) => ({
        ...one,
        startS: one.startS / speed,
        durationS: one.durationS / speed,
      }));
      const [one, next] = [ms, ms + 200].map((at) => placeOf(faster, T0 + at, speed));
      if (one?.is === 'there' && next?.is === 'there') t.ok(next.s >= one.s && next.s - one.s < 1);
    }),
  );
});

t.test('a moment lies in the time that is asked for', async () => {
  fc.assert(
    fc.property(fc.integer({ min: T0, max: T0 + 100 * HOUR_MS }), fc.constantFrom(...SPEEDS), (atMs, speed) => {
      const { fromMs, toMs } = windowAround(atMs, speed);
      t.ok(fromMs <= atMs && atMs < toMs && toMs - fromMs <= 24 * HOUR_MS);
    }),
  );
});

t.test('who is far off jumps, who is near goes a little slower or faster', async (t) => {
  t.same(correction(10, 20, 1), { seekS: 20, rate: 1 });
  t.same(correction(10, 10.02, 1), { seekS: null, rate: 1 });
  t.ok(correction(10.3, 10, 1).rate < 1);
  t.ok(correction(9.7, 10, 2).rate > 2);
});

const at = (ms: number) => new Date(T0 + ms).toISOString();
const TIMELINE = {
  stretches: [],
  gaps: [{ from: at(60_000), to: null, cause: 'camera', detail: null, edge: null }],
  alerts: [{ id: 'a', at: at(30_000), lastAt: at(30_000), severity: 'severe', title: { en: 'x', zh: 'x' } }],
  events: [{ id: null, at: at(20_000), type: 'motion', data: {} }],
  more: false,
} as unknown as RecordingTimeline;

t.test('the line has what happened, in order, and why nothing was recorded', async (t) => {
  const span = { fromMs: T0, toMs: T0 + 120_000 };
  t.same(
    marksOf(new Map([['cam-1', TIMELINE]]), span).map(({ is }) => is),
    ['event', 'alert', 'gap'],
  );
  t.equal(causeAt(TIMELINE, T0 + 90_000), 'camera');
  t.equal(causeAt(TIMELINE, T0), null);
  t.same(barOf({ from: at(60_000), to: null }, span, T0 + 90_000), { from: 0.5, length: 0.25 });
  t.equal(barOf({ from: at(200_000), to: at(300_000) }, span, T0), null);
  const around = spanAround(T0, 60, T0 + 10 * HOUR_MS);
  t.same(around, { fromMs: T0 - HOUR_MS / 2, toMs: T0 + HOUR_MS / 2 });
  t.same(spanAround(T0, 60, T0), { fromMs: T0 - HOUR_MS, toMs: T0 }, 'it ends at the present');
});

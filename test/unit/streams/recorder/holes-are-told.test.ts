import fc from 'fast-check';
import t from 'tap';
import { GAP_MIN_MS, type GapReason, type GapStep, Gaps } from '../../../../src/streams/recorder/camera/gaps.ts';

const CAMERA: GapReason = { cause: 'camera', detail: 'unreachable' };
const DISK: GapReason = { cause: 'disk-failed', detail: 'EIO' };
const fresh = (sinceMs = 0): Gaps => new Gaps(sinceMs, { reason: null, open: null });

t.test('a hole is told while it lasts, with the cause that lasts, and ends when pictures are kept again', async (t) => {
  const gaps = fresh();
  t.strictSame(gaps.kept(0, 1_000), []);
  t.strictSame(gaps.trouble(CAMERA), []);
  t.strictSame(gaps.tick(2_500), [], 'not long enough yet');
  t.strictSame(gaps.tick(3_100), [{ type: 'begin', fromMs: 1_000, reason: CAMERA }]);
  t.strictSame(gaps.tick(9_000), [], 'told once');
  t.strictSame(gaps.trouble(CAMERA), []);
  t.strictSame(gaps.trouble(DISK), [{ type: 'because', reason: DISK }]);
  t.strictSame(gaps.kept(12_000, 13_000), [{ type: 'end', toMs: 12_000 }]);
  t.strictSame(gaps.kept(13_000, 14_000), []);
});

t.test('a hole that nobody saw while it lasted is told whole; a short one is none', async (t) => {
  const gaps = fresh();
  gaps.kept(0, 1_000);
  t.strictSame(gaps.kept(2_900, 3_000), []);
  gaps.trouble(CAMERA);
  t.strictSame(gaps.kept(5_000, 6_000), [{ type: 'whole', fromMs: 3_000, toMs: 5_000, reason: CAMERA }]);
});

t.test('a hole that is one by the rows of its files is told, though a hair is missing', async (t) => {
  const gaps = fresh();
  gaps.kept(0, 1_000.4);
  t.match(gaps.kept(2_999.6, 4_000), [{ type: 'whole', fromMs: 1_000, toMs: 3_000 }]);
});

t.test('what was told before a restart is not told again, and ends', async (t) => {
  const gaps = new Gaps(1_000, { reason: CAMERA, open: CAMERA });
  t.strictSame(gaps.tick(100_000), []);
  t.strictSame(gaps.kept(101_000, 102_000), [{ type: 'end', toMs: 101_000 }]);
});

t.test('of a file that was lost the hole begins where it was whole, also when that is found late', async (t) => {
  const gaps = fresh();
  gaps.kept(0, 40_000);
  gaps.lost({ fromMs: 0, toMs: 40_000 }, DISK);
  t.strictSame(gaps.tick(45_000), [], 'how much was kept is not known yet');
  t.strictSame(gaps.found(0, 38_500), []);
  t.strictSame(gaps.kept(46_000, 47_000), [{ type: 'whole', fromMs: 38_500, toMs: 46_000, reason: DISK }]);
  gaps.lost({ fromMs: 46_000, toMs: 47_000 }, DISK);
  t.strictSame(gaps.kept(48_000, 50_000), [], 'another disk takes it, and where the hole began is not known yet');
  t.strictSame(gaps.found(46_000, 46_500), [], 'less than two seconds are missing');
  gaps.kept(50_000, 60_000);
  t.strictSame(gaps.lost({ fromMs: 48_000, toMs: 52_000 }, DISK), [], 'one that was closed before');
  t.strictSame(gaps.kept(60_000, 70_000), []);
  t.strictSame(gaps.found(48_000, 49_000), [{ type: 'whole', fromMs: 49_000, toMs: 52_000, reason: DISK }]);
});

t.test('a file that is not found is a hole, once, beside one that lasts', async (t) => {
  const gaps = fresh();
  gaps.kept(0, 10_000);
  gaps.lost({ fromMs: 0, toMs: 10_000 }, DISK);
  gaps.kept(12_000, 20_000);
  t.strictSame(gaps.tick(22_000), [{ type: 'begin', fromMs: 20_000, reason: { cause: 'stream', detail: null } }]);
  t.strictSame(gaps.tick(25_000), [{ type: 'whole', fromMs: 0, toMs: 12_000, reason: DISK }]);
  t.strictSame(gaps.lost({ fromMs: 12_000, toMs: 20_000 }, DISK), []);
  t.strictSame(gaps.kept(30_000, 31_000), [{ type: 'end', toMs: 30_000 }]);
  t.strictSame(gaps.ended(31_000), [{ type: 'whole', fromMs: 12_000, toMs: 20_000, reason: DISK }]);
});

t.test('each stretch that was not kept is covered by exactly one hole', async () => {
  const step = fc.record({
    what: fc.constantFrom('keep', 'keep', 'trouble', 'tick', 'wait'),
    ms: fc.integer({ min: 1, max: 6_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const gaps = fresh();
      const told: GapStep[] = [];
      const missing: [number, number][] = [];
      let nowMs = 0;
      let keptMs = 0;
      for (const { what, ms } of steps) {
        if (what === 'keep') {
          if (nowMs - keptMs >= GAP_MIN_MS) missing.push([keptMs, nowMs]);
          told.push(...gaps.kept(nowMs, nowMs + ms));
          nowMs += ms;
          keptMs = nowMs;
        } else if (what === 'trouble') told.push(...gaps.trouble({ cause: 'camera', detail: String(ms) }));
        else {
          nowMs += ms;
          if (what === 'tick') told.push(...gaps.tick(nowMs));
        }
      }
      const holes: [number, number][] = [];
      let fromMs: number | null = null;
      for (const one of told) {
        if (one.type === 'whole') holes.push([one.fromMs, one.toMs]);
        if (one.type === 'begin') fromMs = one.fromMs;
        if (one.type === 'end') {
          if (fromMs === null) return false;
          holes.push([fromMs, one.toMs]);
          fromMs = null;
        }
      }
      return JSON.stringify(holes) === JSON.stringify(missing);
    }),
  );
});

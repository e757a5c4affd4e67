import fc from 'fast-check';
import t from 'tap';
import { Drift } from '../../../web/src/cameras/live/drift.ts';
import { videoPart } from '../../../web/src/cameras/live/message.ts';

const FRAGMENT_S = 0.5;

/** Plays fragments of half a second that arrive as late as `lates` says, seconds; answers how far behind it is. */
function play(lates: readonly number[], aheadS: number, drift = new Drift()) {
  const behind: number[] = [];
  let [ahead, rate, jumps, stalls] = [aheadS, 1, 0, 0];
  let before = 0;
  for (const [index, late] of lates.entries()) {
    const passedS = FRAGMENT_S + late - before;
    before = late;
    ahead -= passedS * rate;
    if (ahead < 0) {
      drift.ranOut(index * 500);
      stalls += 1;
      ahead = 0;
    }
    const correction = drift.arrived(ahead, true, index * 500);
    rate = correction.rate;
    if (correction.jumpS > 0) jumps += 1;
    ahead += FRAGMENT_S - correction.jumpS;
    behind.push(ahead);
  }
  return { behind, jumps, stalls, drift };
}

const calm = (fragments: number) => Array.from({ length: fragments }, () => 0);

t.test('what had gathered before the first picture is left out once, and never before that picture', async (t) => {
  const drift = new Drift();
  t.strictSame(drift.arrived(9, false, 0), { rate: 1, jumpS: 0 });
  t.ok(drift.arrived(4, true, 500).jumpS > 3.5);
  const { behind, jumps } = play(calm(20), 4.5);
  t.equal(jumps, 1);
  t.ok(behind.at(-1)! < 1);
});

t.test('a little too far behind, it goes a little faster until it is not', async (t) => {
  const { behind, jumps, stalls, drift } = play(calm(40), 1.2);
  t.ok(behind[0]! > 1.1);
  t.ok(behind.at(-1)! <= 0.85, `${behind.at(-1)}`);
  t.strictSame([jumps, stalls], [0, 0]);
  t.equal(drift.arrived(0.2, true, 30_000).rate, 1);
});

t.test('far behind, it jumps', async (t) => {
  const drift = play(calm(10), 0.7).drift;
  const { jumps, behind } = play(calm(10), 4, drift);
  t.equal(jumps, 1);
  t.ok(behind.at(-1)! < 1);
});

t.test('where fragments come unevenly, more is left to play, and again less when they come evenly', async (t) => {
  const uneven = Array.from({ length: 60 }, (_, n) => (n % 6 === 5 ? 0.45 : 0));
  const { stalls, drift, behind } = play(uneven, 0.7);
  t.ok(stalls <= 5, `${stalls} stalls`);
  t.ok(Math.max(...behind.slice(30)) < 1.8);
  const after = play(calm(400), 0.7, drift);
  t.ok(after.behind.at(-1)! <= 0.85);
});

t.test('whatever comes, the rate stays within its bounds, and no jump goes past what there is', async () => {
  const reading = fc.tuple(fc.double({ min: 0, max: 60, noNaN: true }), fc.boolean(), fc.boolean());
  fc.assert(
    fc.property(fc.array(reading, { maxLength: 60 }), (readings) => {
      const drift = new Drift();
      for (const [index, [aheadS, shown, ranOut]] of readings.entries()) {
        if (ranOut) drift.ranOut(index * 500);
        const { rate, jumpS } = drift.arrived(aheadS, shown, index * 500);
        if (rate < 1 || rate > 1.05 || jumpS < 0 || jumpS > aheadS) return false;
        if (!shown && jumpS > 0) return false;
      }
      return true;
    }),
  );
});

t.test('a message of video is read as it is written', async (t) => {
  const message = new Uint8Array([1, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 7, 8]);
  t.match(videoPart(message.buffer), { channel: 258, init: false, key: true });
  t.strictSame([...videoPart(message.buffer)!.bytes], [7, 8]);
  t.equal(videoPart(new ArrayBuffer(11)), null);
});

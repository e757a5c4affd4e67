import fc from 'fast-check';
import t from 'tap';
import { PictureClock, TICKS_PER_S } from '../../../../src/streams/relay/picture-clock.ts';

const FPS = 15;
const STEP = TICKS_PER_S / FPS;

/** Stamps given to pictures that arrive as told: pairs of the camera's stamp and our time in ms. */
function stamps(pictures: readonly [told: number, atMs: number][], toldPerS = TICKS_PER_S): number[] {
  const clock = new PictureClock(toldPerS);
  return pictures.map(([told, atMs]) => clock.stamp(told >>> 0, atMs));
}

/** `seconds` of pictures on time, their stamps made by `told`. */
function onTime(seconds: number, told: (number: number) => number): [number, number][] {
  return Array.from({ length: seconds * FPS }, (_, number) => [told(number), (number * 1000) / FPS]);
}

const steps = (all: readonly number[]) => all.slice(1).map((stamp, index) => stamp - all[index]!);
/** Seconds from the first to the last picture. */
const length = (all: readonly number[]) => (all.at(-1)! - all[0]!) / TICKS_PER_S;

t.test('sound stamps are kept, over their end and with pictures out of order', async (t) => {
  const told = onTime(60, (number) => 2 ** 32 - 50_000 + number * STEP);
  t.ok(steps(stamps(told)).every((step) => step === STEP));
  const reordered = onTime(20, (number) => (number + [0, 2, -1, -1][number % 4]!) * STEP);
  const given = stamps(reordered);
  t.same(
    given.map((stamp) => stamp - given[0]!),
    reordered.map(([stamp]) => stamp),
  );
});

t.test('a single stamp hours away is replaced', async (t) => {
  for (const hours of [-9_800, 37_600]) {
    const odd = onTime(20, (number) => number * STEP + (number % 30 === 20 ? hours * TICKS_PER_S : 0));
    t.ok(
      steps(stamps(odd)).every((step) => step === STEP),
      `${hours} s`,
    );
  }
});

t.test('stamps that stand still, count in other units, run wild or backwards: arrival counts', async (t) => {
  const wild = (number: number) => (number * 2_654_435_761) >>> 0;
  const cases: [string, (number: number) => number][] = [
    ['all the same', () => 7],
    ['in units of sound', (number) => (number * 8_000) / FPS],
    ['ten times too fast', (number) => number * STEP * 10],
    ['wild', wild],
    ['backwards', (number) => 2 ** 31 - number * STEP],
  ];
  for (const [name, told] of cases) {
    const given = stamps(onTime(30, told));
    const settled = given.slice(6 * FPS);
    t.ok(Math.abs(length(settled) - 24) < 0.5, `${name}: ${length(settled).toFixed(1)} s of 24`);
    t.ok(
      steps(settled).every((step) => step > 0),
      `${name}: forward only`,
    );
  }
});

t.test('other units that the description tells are no fault', async (t) => {
  const given = stamps(
    onTime(10, (number) => Math.round((number * 1_000) / FPS)),
    1_000,
  );
  t.ok(Math.abs(length(given) - 10 + 1 / FPS) < 0.01);
});

t.test('a network that pauses, and bursts that follow, leave sound stamps alone', async (t) => {
  const gop = onTime(4, (number) => number * STEP).map(([told]): [number, number] => [told, 0]);
  const live = onTime(20, (number) => (number + 4 * FPS) * STEP);
  t.ok(
    steps(stamps([...gop, ...live])).every((step) => step === STEP),
    'a camera that first sends what it kept',
  );
  const paused = onTime(60, (number) => number * STEP).map(([told, atMs]): [number, number] => {
    const pauseMs = 5_000;
    return [told, atMs > 20_000 && atMs < 20_000 + pauseMs ? 20_000 + pauseMs : atMs];
  });
  t.ok(
    steps(stamps(paused)).every((step) => step === STEP),
    'five seconds without a picture',
  );
});

t.test('a clock that becomes sound is believed again', async (t) => {
  const mended = onTime(60, (number) => (number < 20 * FPS ? 0 : (number - 20 * FPS) * STEP));
  t.ok(
    steps(stamps(mended))
      .slice(-20 * FPS)
      .every((step) => step === STEP),
  );
});

t.test('whatever is told, stamps are whole numbers of 32 bits', async () => {
  const picture = fc.tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 5_000 }));
  fc.assert(
    fc.property(fc.array(picture, { maxLength: 60 }), (pictures) => {
      let atMs = 0;
      const arrived = pictures.map(([told, stepMs]): [number, number] => {
        atMs += stepMs;
        return [told, atMs];
      });
      const all = stamps(arrived);
      return all.every((stamp) => Number.isInteger(stamp) && stamp >= 0 && stamp < 2 ** 32);
    }),
  );
});

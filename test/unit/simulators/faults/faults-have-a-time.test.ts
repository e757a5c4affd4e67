import t from 'tap';
import { type Fault, FaultTimeline } from '../../../../simulators/faults/timeline.ts';
import { until } from '../../../support/time/until.ts';

function ground({ isWell = async () => true, wellWithinMs = 60_000, staysMs = 0 } = {}) {
  const done: string[] = [];
  const well: (number | null)[] = [];
  const unmade: string[] = [];
  const fault = (what: string, fromMs: number, toMs: number): Fault => ({
    what,
    fromMs,
    toMs,
    begin: async () => void done.push(`begin ${what}`),
    end: async () => void done.push(`end ${what}`),
  });
  const start = (...faults: Fault[]): FaultTimeline => {
    const timeline = new FaultTimeline({
      faults,
      nowMs: Date.now,
      say: () => {},
      isWell,
      onWell: (_fault, endedMs, wellMs) => well.push(wellMs === null ? null : wellMs - endedMs),
      onUnmade: ({ what }, why) => unmade.push(`${what}: ${why}`),
      wellWithinMs,
      lookMs: 1,
      staysMs,
    });
    timeline.start();
    return timeline;
  };
  return { done, well, unmade, fault, start };
}

t.test('each begins and ends at its time, and it is looked how long it takes until all is well', async (t) => {
  let looks = 0;
  const isWell = async (): Promise<boolean> => {
    looks += 1;
    return looks > 3;
  };
  const { done, well, fault, start } = ground({ isWell });
  const timeline = start(fault('a', Date.now(), Date.now() + 20));
  await until('all is well', () => well.length === 1);
  t.strictSame(done, ['begin a', 'end a']);
  t.equal(looks, 4);
  t.type(well[0], 'number');
  await timeline.stop();
  t.strictSame(done, ['begin a', 'end a'], 'it ends once');
});

t.test('what lasts is undone when the run is stopped, and what has not begun never begins', async (t) => {
  const { done, fault, start } = ground();
  const timeline = start(fault('a', 0, Date.now() + 3_600_000), fault('b', Date.now() + 3_600_000, Date.now() + 7e6));
  await until('it has begun', () => done.length > 0);
  await timeline.stop();
  t.strictSame(done, ['begin a', 'end a']);
});

t.test('one that is never well again is told of', async (t) => {
  const { well, fault, start } = ground({ isWell: async () => false, wellWithinMs: 5 });
  const timeline = start(fault('a', 0, Date.now()));
  await until('it was looked at long enough', () => well.length > 0);
  t.strictSame(well, [null]);
  await timeline.stop();
});

t.test('a fault that cannot be made is said, and the others are made', async (t) => {
  const { done, well, unmade, fault, start } = ground();
  const broken = { ...fault('a', 0, Date.now()), begin: () => Promise.reject(new Error('cannot')) };
  const timeline = start(broken, fault('b', 0, Date.now()));
  await until('the other has ended', () => done.includes('end b'));
  await timeline.stop();
  t.ok(done.includes('end a'), 'and it is undone as far as it went');
  t.strictSame(unmade, ['a: cannot']);
  t.equal(well.length, 1, 'only the other is got over');
});

t.test('a fault that turns out not to have been made when it ends is told of, too', async (t) => {
  const { well, unmade, fault, start } = ground();
  const timeline = start({ ...fault('a', 0, Date.now()), end: () => Promise.reject(new Error('nobody came')) });
  await until('it is told', () => unmade.length > 0);
  await timeline.stop();
  t.strictSame([unmade, well], [['a: nobody came'], []]);
});

t.test('lights that turn red only after a moment are waited for', async (t) => {
  // Green still when the fault ends, red for some looks, then green for good.
  const lights = [true, true, false, false, false];
  let reds = 0;
  const isWell = async (): Promise<boolean> => {
    const isGreen = lights.shift() ?? true;
    if (!isGreen) reds += 1;
    return isGreen;
  };
  const { well, fault, start } = ground({ isWell, staysMs: 30 });
  const timeline = start(fault('a', 0, Date.now()));
  await until('all is well', () => well.length === 1);
  t.equal(reds, 3);
  t.type(well[0], 'number');
  await timeline.stop();
});

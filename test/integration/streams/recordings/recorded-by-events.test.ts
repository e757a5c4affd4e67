import t from 'tap';
import { type Clock, systemClock } from '../../../../src/core/clock.ts';
import { placesOf } from '../../../../src/devices/registry/places.ts';
import { EventWatch } from '../../../../src/streams/recorder/plan/event-watch.ts';
import { RecordingPlans } from '../../../../src/streams/recorder/plan/plans.ts';
import { RECORDED_DAYS_MIN } from '../../../../src/streams/recordings/classes.ts';
import { GapTable } from '../../../../src/streams/recordings/gap-table.ts';
import { RecordingReport } from '../../../../src/streams/recordings/report.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';

const NINGBO = callerIn('330200');
const { database, registry, jurisdictions, directory } = await openRegistry(t);
let nowMs = Date.parse('2026-11-28T12:02:00+08:00');
const clock: Clock = { ...systemClock, nowMs: () => nowMs };
const gaps = new GapTable({ database, ownership: firstOwner() });
const plans = new RecordingPlans({ database, clock, isCamera: () => true });
const report = new RecordingReport({
  database,
  clock,
  tree: jurisdictions,
  plans,
  classOf: (id) => directory.get(id)!.accessClass,
  leastDays: RECORDED_DAYS_MIN,
  within: (scope) => directory.within(scope),
  retired: async () => [],
  namesOf: (ids) => placesOf(database, ids),
});

t.before(async () => {
  const location = { lat: 29.87, lon: 121.54 };
  await registry.create(NINGBO, { kind: 'camera', name: 'never', id: 'never', jurisdiction: '330212', location });
});

t.test('by events a camera is recorded while something happens there, and nothing is expected of it', async (t) => {
  const identity = { id: 'never', kind: 'camera', kindVersion: 1, jurisdiction: '330212' };
  await plans.set(NINGBO, identity, { mode: 'event', quality: 'sub', beforeS: 10, afterS: 60 });
  const kept = new RecordingPlans({ database, clock, isCamera: () => true });
  await kept.load();
  t.match(kept.of('never'), { mode: 'event', quality: 'sub', beforeS: 10, afterS: 60 });
  const now = () =>
    [kept.wanted(nowMs), kept.unplanned(nowMs)].map((some) => some.find(({ device }) => device === 'never'));
  t.match(now(), [undefined, { quality: 'sub' }]);
  const beganMs = nowMs;
  kept.happened('never', nowMs);
  kept.happened('whole', nowMs);
  t.match(now(), [{ quality: 'sub', fromMs: beganMs - 10_000 }, undefined]);
  nowMs += 59_000;
  kept.happened('never', beganMs);
  nowMs += 59_000;
  t.match(now(), [{ fromMs: beganMs - 10_000 }, undefined], 'as long as it goes on, and its time beyond');
  nowMs += 1_000;
  t.match(now(), [undefined, { device: 'never' }]);
  await gaps.write([
    {
      device: 'never',
      quality: 'sub',
      fromMs: Date.parse('2026-11-27T00:00:00+08:00'),
      toMs: null,
      reason: { cause: 'not-planned', detail: null },
    },
  ]);
  const { rows } = await report.report(callerIn('330212'), {});
  t.strictSame(
    rows.filter(({ device }) => device === 'never'),
    [],
  );
  const looked: number[] = [];
  const going = async () => [{ camera: 'never', atMs: looked.push(nowMs) && nowMs }];
  await new EventWatch({ clock, observer: quietObserver(), plans: kept, going }).look();
  t.match(now(), [{ fromMs: nowMs - 10_000 }, undefined]);
  await kept.set(NINGBO, identity, { mode: 'off' });
  await new EventWatch({ clock, observer: quietObserver(), plans: kept, going }).look();
  t.equal(looked.length, 1, 'nobody asks where no camera is recorded by events');
});

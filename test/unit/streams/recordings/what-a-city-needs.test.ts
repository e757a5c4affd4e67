import fc from 'fast-check';
import t from 'tap';
import { MINUTE_MS } from '../../../../src/core/clock.ts';
import { judgeCapacity } from '../../../../src/streams/recordings/planner/capacity.ts';
import { groupsOf } from '../../../../src/streams/recordings/planner/groups.ts';
import {
  type CameraGroup,
  planStorage,
  rateText,
  sizeText,
} from '../../../../src/streams/recordings/planner/planner.ts';
import { GrowthRate, hoursUntilFull, isNearlyFull } from '../../../../src/streams/recordings/room/forecast.ts';

const GROUP: CameraGroup = {
  of: 'public',
  cameras: 148,
  bitsPerSecond: 4e6,
  hoursPerDay: 24,
  days: 30,
  edgePercent: 0,
};

t.test('what city plans say: 148 cameras take 192 TB in 30 days, 2,200 take 2.85 PB and 8.8 Gbit/s', async (t) => {
  const small = planStorage([GROUP]);
  t.equal(sizeText(small.centralBytes), '192 TB');
  t.equal(sizeText(small.neededBytes), '201 TB');
  t.equal(small.disks, 13);
  const city = planStorage([{ ...GROUP, cameras: 2_200 }]);
  t.equal(sizeText(city.centralBytes), '2.85 PB');
  t.equal(rateText(city.centralBitsPerSecond), '8.8 Gbit/s');
  t.equal(city.disks, 188);
  t.equal(city.links, 2, 'at most 70 % of a link of 10 Gbit/s');
});

t.test('what lies in the cameras themselves takes no room here, and no link', async (t) => {
  const { centralBytes, edgeBytes, centralBitsPerSecond } = planStorage([{ ...GROUP, edgePercent: 25 }]);
  t.equal(sizeText(centralBytes), '144 TB');
  t.equal(sizeText(edgeBytes), '48 TB');
  t.equal(centralBitsPerSecond, 444e6);
});

t.test('many cameras of few hours need disks by what these write, not by room', async (t) => {
  const { disks } = planStorage([{ ...GROUP, cameras: 2_000, hoursPerDay: 1, days: 1 }]);
  t.equal(disks, 10, '8 Gbit/s by 100 MB/s each');
});

t.test('twice as many cameras need twice the room, and a group may be split', async () => {
  const group = fc.record({
    of: fc.constantFrom('public' as const, 'key-site' as const),
    cameras: fc.nat(5_000),
    bitsPerSecond: fc.integer({ min: 1e5, max: 5e7 }),
    hoursPerDay: fc.integer({ min: 0, max: 24 }),
    days: fc.integer({ min: 1, max: 400 }),
    edgePercent: fc.integer({ min: 0, max: 100 }),
  });
  fc.assert(
    fc.property(group, (one) => {
      const [single, twice, split] = [[one], [{ ...one, cameras: 2 * one.cameras }], [one, one]].map((groups) =>
        planStorage(groups),
      );
      const isNear = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(1, a, b);
      return isNear(twice!.neededBytes, 2 * single!.neededBytes) && isNear(split!.neededBytes, twice!.neededBytes);
    }),
  );
});

t.test('sizes are said as disks are sold', async (t) => {
  t.strictSame([0, 999, 999.6, 43.2e9, 2.8512e15].map(sizeText), ['0 B', '999 B', '1 kB', '43.2 GB', '2.85 PB']);
});

t.test('a quota that cannot hold the least is refused with what is needed, given and to be done', async (t) => {
  const refused = judgeCapacity([GROUP], { quotaBytes: 100e12, diskBytes: 400e12 });
  t.equal(refused.quotaBytes, null);
  t.match(refused.lacks, [
    {
      of: 'quota',
      what: /QUOTA_GIB is refused and does not count: 148 cameras need 201 TB .*, it gives 100 TB$/,
      remedy: /^Raise or remove it/,
    },
  ]);
  const held = judgeCapacity([GROUP], { quotaBytes: 300e12, diskBytes: 100e12 });
  t.equal(held.quotaBytes, 300e12);
  t.match(held.lacks, [
    { of: 'disk', what: /too small: 148 cameras need 201 TB .*, it has 100 TB$/, remedy: /^Use a/ },
  ]);
  t.strictSame(judgeCapacity([], { quotaBytes: 1, diskBytes: null }).lacks, []);
});

t.test('cameras that are alike stand in one group, with the mean of what was measured', async (t) => {
  const plans = ['a', 'b', 'c', 'gone'].map((device) => ({
    device,
    sinceMs: 0,
    plan: { mode: 'always', quality: device === 'c' ? 'sub' : 'main' } as const,
  }));
  const hours = [{ days: [1, 2, 3, 4, 5], from: '07:00', to: '19:00' }];
  const groups = groupsOf({
    plans: [...plans, { device: 'd', sinceMs: 0, plan: { mode: 'schedule', quality: 'main', hours } }],
    isCamera: (id) => id !== 'gone',
    classOf: (id) => (id === 'd' ? 'key-site' : 'public'),
    rates: new Map([['a main', 2e6]]),
    days: { public: 30, 'key-site': 90, minors: 30 },
  });
  t.match(groups, [
    { of: 'public', cameras: 2, bitsPerSecond: 3e6, hoursPerDay: 24, days: 30 },
    { of: 'public', cameras: 1, bitsPerSecond: 1e6, hoursPerDay: 24 },
    { of: 'key-site', cameras: 1, bitsPerSecond: 4e6, days: 90 },
  ]);
  t.equal(Math.round(groups[2]!.hoursPerDay * 7), 60);
});

t.test('what is told a day ahead: how long there is room by how fast is written', async (t) => {
  const facts = { spareBytes: 36e9, removableBytes: 0, bytesPerSecond: 1e6 };
  t.equal(hoursUntilFull(facts), 10);
  t.equal(hoursUntilFull({ ...facts, removableBytes: 86.4e9 }), 34);
  t.equal(hoursUntilFull({ ...facts, bytesPerSecond: 0 }), Number.POSITIVE_INFINITY);
  t.equal(hoursUntilFull({ ...facts, spareBytes: -1 }), 0);
  t.strictSame(
    [23, 24, 29, 30].map((hours) => isNearlyFull(hours, false)),
    [true, false, false, false],
  );
  t.strictSame(
    [23, 24, 29, 30].map((hours) => isNearlyFull(hours, true)),
    [true, true, true, false],
  );
});

t.test('how fast is written is measured over the last hour, and not before there is enough of it', async (t) => {
  const growth = new GrowthRate();
  t.equal(growth.look(0, 100), null);
  t.equal(growth.look(4 * MINUTE_MS, 100), null);
  t.equal(growth.look(5 * MINUTE_MS, 100 + 300_000), 1_000);
  t.equal(growth.look(65 * MINUTE_MS, 100 + 300_000 + 7_200_000), 2_000, 'what was before the last hour is forgotten');
});

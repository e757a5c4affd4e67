import t, { type Test } from 'tap';
import type { Leases } from '../../../../src/streams/pool/leases.ts';
import type { Pool } from '../../../../src/streams/pool/pool.ts';
import { MemoryLeaseStore } from '../../../support/streams/pool/memory-leases.ts';
import { FakeCameras } from '../../../support/streams/pool/pools.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const CAM = { deviceId: 'cam', quality: 'main', use: 'live' } as const;

/** Two gateways on one store of leases, on one clock. */
function bed(t: Test) {
  const clock = new ManualClock();
  const store = new MemoryLeaseStore(clock);
  const cameras = new FakeCameras();
  const pool = (node: string, own = clock): Pool => {
    const one = cameras.pool(own, store.of(node), node);
    t.teardown(async () => {
      store.away.clear();
      await one.stop();
    });
    return one;
  };
  return { clock, store, cameras, pool, a: pool('a'), b: pool('b'), pullers: () => cameras.pulledBy.get('cam') ?? [] };
}

t.test('a viewer at the other gateway is told who pulls the camera, and sees it when that one is done', async (t) => {
  const { clock, cameras, a, b, pullers } = bed(t);
  const lease = await a.lease(CAM);
  await clock.advance(2_000);
  t.same(pullers(), ['a']);
  await t.rejects(b.lease(CAM), { reason: 'elsewhere', message: /Another gateway .* It is a; .* ends in \d\d s\./ });
  lease.release();
  await clock.advance(11_000);
  t.same(pullers(), [], 'closed after the idle grace');
  await b.lease(CAM);
  await clock.advance(1_000);
  t.same(pullers(), ['b']);
  t.equal(cameras.togetherMax, 1);
});

t.test(
  'the store is asked once for a camera, not for each viewer or quality, nor for each that is refused',
  async (t) => {
    const { clock, store, a, b } = bed(t);
    await Promise.all(Array.from({ length: 200 }, () => a.lease(CAM)));
    for (let n = 0; n < 200; n += 1) await a.lease({ ...CAM, quality: n % 2 ? 'main' : 'sub' });
    t.equal(store.asked.acquire, 1);
    for (let n = 0; n < 200; n += 1) await t.rejects(b.lease(CAM), { message: /Another gateway/ });
    t.equal(store.asked.acquire, 2);
    for (let n = 0; n < 50; n += 1) await a.lease({ deviceId: `cam ${n}`, quality: 'main', use: 'live' });
    store.asked.renew = 0;
    await clock.advance(60_000);
    t.equal(store.asked.renew, 12, 'all that are held are renewed by one statement');
  },
);

t.test('a stream goes on for as long as the store is away, also for more viewers, and says so', async (t) => {
  for (const how of ['refused', 'silence'] as const) {
    const { clock, store, cameras, a, pullers } = bed(t);
    const told: string[] = [];
    const lease = await a.lease(CAM);
    lease.listen({
      epoch: ({ leaseEpoch }) => told.push(`lease ${leaseEpoch}`),
      fragment: () => {},
      failed: ({ reason }) => told.push(reason),
    });
    await clock.advance(6_000);
    store.away.set('a', how);
    await clock.advance(45_000);
    t.equal(a.unrenewed, 0, 'a fail-over of PostgreSQL is nothing to speak of');
    await clock.advance(10 * 60_000);
    t.same(pullers(), ['a'], how);
    t.same(told, ['lease 1'], `${how}: the same run under the same lease`);
    t.equal(a.unrenewed, 1);
    const small = await a.lease({ ...CAM, quality: 'sub' });
    await clock.advance(1_000);
    t.same(pullers(), ['a', 'a'], 'the other picture of a camera that is held');
    cameras.hangUp('cam');
    await clock.advance(1_000);
    t.same(pullers(), ['a', 'a'], 'and after the camera hung up');
    store.away.clear();
    await clock.advance(6_000);
    t.equal(a.unrenewed, 0);
    t.same(told, ['lease 1', 'closed', 'lease 1']);
    small.release();
    lease.release();
  }
});

t.test('a viewer that comes while the store is away is told so, and sees the camera later', async (t) => {
  const { clock, store, a, pullers } = bed(t);
  for (const how of ['refused', 'silence'] as const) {
    store.away.set('a', how);
    const refused = t.rejects(a.lease(CAM), { reason: 'no-lease', message: /database does not answer/ }, how);
    await clock.advance(3_000);
    await refused;
    store.away.clear();
    await clock.advance(1_000);
    const lease = await a.lease(CAM);
    await clock.advance(500);
    t.same(pullers(), ['a']);
    lease.release();
    await clock.advance(11_000);
  }
});

t.test('a gateway that is cut off alone goes on beside the other one, and stops when it is answered', async (t) => {
  const { clock, store, a, b, pullers } = bed(t);
  await a.lease(CAM);
  await clock.advance(6_000);
  store.away.set('a', 'silence');
  let taken = false;
  for (let n = 0; n < 70 && !taken; n += 1) {
    await clock.advance(1_000);
    taken = await b.lease(CAM).then(
      () => true,
      () => false,
    );
  }
  await clock.advance(1_000);
  t.same(pullers(), ['a', 'b'], 'both pull it: the promise says so');
  store.away.clear();
  await clock.advance(6_000);
  t.same(pullers(), ['b'], 'the greater epoch has it');
  await clock.advance(30_000);
  t.same(pullers(), ['b'], 'the first one does not take it back');
  t.match(a.list(), [{ reason: 'elsewhere' }]);
  await b.stop();
  await clock.advance(6_000);
  t.same(pullers(), ['a'], 'it goes on by itself when the other one is gone');
});

t.test('a gateway that stood still for longer than its lease asks before it gives out one picture more', async (t) => {
  const { clock, store, pool, b, pullers } = bed(t);
  const frozen = new ManualClock();
  const stopped = pool('stopped', frozen);
  const told: string[] = [];
  (await stopped.lease(CAM)).listen({
    epoch: ({ leaseEpoch }) => told.push(`lease ${leaseEpoch}`),
    fragment: () => told.push('fragment'),
    failed: ({ reason }) => told.push(reason),
  });
  await frozen.advance(1_400);
  await clock.advance(61_000);
  await b.lease(CAM);
  await clock.advance(1_000);
  told.length = 0;
  store.away.set('stopped', 'refused');
  await frozen.leap(61_000);
  t.same(told, ['no-lease'], 'its pictures of then are not shown');
  await frozen.advance(60_000);
  t.same(pullers(), ['b'], 'nor goes it on while nobody answers');
  store.away.clear();
  await frozen.advance(6_000);
  t.match(stopped.list(), [{ reason: 'elsewhere' }]);
  await b.stop();
  await frozen.advance(6_000);
  t.same(pullers(), ['stopped']);
});

t.test('a lease that was over when its answer was read is none, though another camera told of the sleep', async (t) => {
  const { store, cameras } = bed(t);
  const frozen = new ManualClock();
  const leases = store.of('stopped');
  let answer = (): void => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const acquire: Leases['acquire'] = async (device) => {
    const outcome = await leases.acquire(device);
    if (device === CAM.deviceId) await answered;
    return outcome;
  };
  const stopped = cameras.pool(frozen, { ...leases, acquire }, 'stopped');
  t.teardown(() => stopped.stop());
  await stopped.lease({ deviceId: 'second', quality: 'main', use: 'live' });
  await frozen.advance(1_400);
  const asked = stopped.lease(CAM);
  const refused = t.rejects(asked, { reason: 'no-lease', message: /stood still for longer than its lease/ });
  await frozen.advance(500);
  const awake = frozen.leap(61_000);
  answer();
  await awake;
  await refused;
  t.same(cameras.pulledBy.get(CAM.deviceId), undefined, 'nothing was taken from it');
  t.equal(store.asked.release, 1, 'what was given too late is given up');
});

t.test('a lease is kept between two tries of a camera, and given up with the last viewer or at the end', async (t) => {
  const { clock, store, cameras, a, b, pullers } = bed(t);
  cameras.broken.add('cam');
  const lease = await a.lease(CAM);
  await clock.advance(60_000);
  t.match(a.list(), [{ state: 'backoff', reason: 'unreachable' }]);
  t.equal(store.asked.acquire, 1);
  t.equal(store.asked.release, 0);
  cameras.broken.clear();
  await clock.advance(31_000);
  t.same(pullers(), ['a']);
  await a.stop();
  t.equal(store.asked.release, 1);
  lease.release();
  await t.rejects(a.lease(CAM), { message: /being stopped/ });
  await b.lease(CAM);
  await clock.advance(1_000);
  t.same(pullers(), ['b'], 'the next one need not wait');
});

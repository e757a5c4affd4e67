import t from 'tap';
import type { Consumer } from '../../../../src/streams/pool/consumers.ts';
import { MemoryLeaseStore } from '../../../support/streams/pool/memory-leases.ts';
import { FakeCameras } from '../../../support/streams/pool/pools.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const CAM = { deviceId: 'cam', quality: 'main', use: 'live' } as const;

/** A consumer that writes down what it is told, and throws when it is called so. */
function consumer(throwsAt?: keyof Consumer): Consumer & { told: string[]; startsAtMs: number[] } {
  const told: string[] = [];
  const startsAtMs: number[] = [];
  const tell = (call: keyof Consumer, what: string): void => {
    told.push(what);
    if (call === throwsAt) throw new Error('the disk is full');
  };
  return {
    told,
    startsAtMs,
    epoch: ({ leaseEpoch }) => tell('epoch', `epoch of lease ${leaseEpoch}`),
    fragment: (fragment) => {
      startsAtMs.push(fragment.startsAtMs);
      tell('fragment', 'fragment');
    },
    failed: ({ reason }) => tell('failed', `failed: ${reason}`),
  };
}

t.test('a consumer of the pool is told the lease, the fragments with their times, and each failure', async (t) => {
  const clock = new ManualClock();
  const store = new MemoryLeaseStore(clock);
  const pool = new FakeCameras().pool(clock, store.of('a'), 'a');
  t.teardown(() => pool.stop());
  const beganAtMs = clock.nowMs();
  const lease = await pool.lease(CAM);
  const recorder = consumer();
  const end = lease.listen(recorder);
  await clock.advance(2_100);
  t.same(recorder.told, ['epoch of lease 1', ...Array(5).fill('fragment')]);
  t.same(
    recorder.startsAtMs.map((atMs) => atMs - beganAtMs),
    [-500, 0, 500, 1_000, 1_500],
  );
  store.seize('cam');
  await clock.advance(6_000);
  t.equal(recorder.told.filter((what) => !/fragment|epoch/.test(what))[0], 'failed: elsewhere');
  recorder.told.length = 0;
  await clock.advance(66_000);
  t.match(recorder.told.filter((what) => !/failed/.test(what))[0], 'epoch of lease 3');
  const late = consumer();
  lease.listen(late)();
  t.same(late.told, ['epoch of lease 3', 'fragment'], 'who comes late begins with the newest key frame');
  end();
  const { length } = recorder.told;
  await clock.advance(1_000);
  t.equal(recorder.told.length, length);
});

t.test('one that throws gets nothing more, and neither viewers nor the pull notice', async (t) => {
  for (const call of ['epoch', 'fragment', 'failed'] as const) {
    const clock = new ManualClock();
    const store = new MemoryLeaseStore(clock);
    const pool = new FakeCameras().pool(clock, store.of('a'), 'a');
    t.teardown(() => pool.stop());
    const lease = await pool.lease(CAM);
    const [broken, viewer, late] = [consumer(call), consumer(), consumer(call)];
    lease.listen(broken);
    lease.listen(viewer);
    await clock.advance(2_100);
    lease.listen(late);
    store.seize('cam');
    await clock.advance(72_000);
    for (const { told } of [broken, late]) {
      t.equal(
        told.findIndex((what) => what.startsWith(call)),
        told.length - 1,
        `nothing after ${call}`,
      );
    }
    const starts = viewer.told.filter((what) => what.startsWith('epoch'));
    t.same([...new Set(starts)], ['epoch of lease 1', 'epoch of lease 3'], 'the other one is told everything');
    t.match(pool.list(), [{ state: 'live', viewers: 1 }]);
  }
});

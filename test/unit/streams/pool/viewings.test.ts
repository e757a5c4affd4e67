import t, { type Test } from 'tap';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import { Viewings } from '../../../../src/streams/live/viewings.ts';
import { AlwaysOn } from '../../../../src/streams/pool/always-on.ts';
import type { Leases } from '../../../../src/streams/pool/leases.ts';
import { Pool, type StreamLease } from '../../../../src/streams/pool/pool.ts';
import { PULL_TIMES } from '../../../../src/streams/pool/pull-machine.ts';
import { type StreamPlan, USUAL_PLAN } from '../../../../src/streams/pool/stream-plans.ts';
import { StreamFailure, type View } from '../../../../src/streams/pool/types.ts';
import { MemoryLeaseStore } from '../../../support/streams/pool/memory-leases.ts';
import { ROOMY } from '../../../support/streams/pool/pools.ts';
import { ManualClock } from '../../../support/time/clock.ts';

interface Bed {
  clock: ManualClock;
  leases: MemoryLeaseStore;
  pool: Pool;
  viewings: Viewings;
  rows: View[];
  refuse: { error: Error | null };
  plans: Map<string, StreamPlan>;
  /** Cameras without a small picture. */
  single: Set<string>;
  processor: { s: number };
}

/** Viewings over a pool whose cameras are opened and say nothing; a lease of one takes `leaseMs`. */
function bed(t: Test, leaseMs = 0): Bed {
  const clock = new ManualClock();
  const leases = new MemoryLeaseStore(clock);
  const slow = leases.of('here');
  const acquire: Leases['acquire'] = async (device) => {
    if (leaseMs > 0) await clock.sleep(leaseMs);
    return slow.acquire(device);
  };
  const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
  const plans = new Map<string, StreamPlan>();
  const single = new Set<string>();
  const processor = { s: 0 };
  const pool = new Pool({
    ...ROOMY,
    hasSmall: async (id) => !single.has(id),
    planOf: (id) => plans.get(id) ?? USUAL_PLAN,
    processorS: () => processor.s,
    clock,
    observer,
    leases: { ...slow, acquire },
    times: { ...PULL_TIMES, firstMs: 1e9 },
    run: (_target, _onPart, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(new StreamFailure('stopped')), { once: true });
      }),
  });
  const rows: View[] = [];
  const refuse: Bed['refuse'] = { error: null };
  const register = async (view: View) => {
    if (refuse.error) throw refuse.error;
    rows.push(view);
  };
  const viewings = new Viewings({ clock, pool, register, cameras: { withheld: () => null } });
  viewings.start();
  t.teardown(async () => {
    viewings.stop();
    await pool.stop();
  });
  return { clock, leases, pool, viewings, rows, refuse, plans, single, processor };
}

function view(changes: Partial<View> = {}): View {
  const viewer = { type: 'token' as const, id: 'op', name: 'op' };
  return { deviceId: 'cam', quality: 'main', use: 'live', viewer, purpose: 'routine', case: null, ...changes };
}

const nothing = async () => undefined;

t.test('a look is registered once while it lasts, and again after a pause', async (t) => {
  const { clock, viewings, rows } = bed(t);
  for (let n = 0; n < 20; n += 1) {
    await viewings.during(view(), true, nothing);
    await clock.advance(2_000);
  }
  t.equal(rows.length, 1);
  await viewings.during(view({ quality: 'sub' }), true, nothing);
  t.equal(rows.length, 1, 'the other quality is the same look');
  await clock.advance(61_000);
  await viewings.during(view(), true, nothing);
  t.equal(rows.length, 2);
});

t.test('another viewer, camera, purpose or case is another look', async (t) => {
  const { viewings, rows } = bed(t);
  const looks = [
    view(),
    view({ viewer: { type: 'token', id: 'b', name: 'b' } }),
    view({ deviceId: 'x' }),
    view({ case: 'A-1' }),
  ];
  for (const one of [...looks, view({ purpose: 'incident' })]) await viewings.during(one, true, nothing);
  t.equal(rows.length, 5);
});

t.test('requests at the same moment share one row, and none goes ahead of it', async (t) => {
  const { viewings, rows } = bed(t);
  const seen = await Promise.all(
    Array.from({ length: 5 }, () => viewings.during(view(), true, async () => rows.length)),
  );
  t.same(seen, [1, 1, 1, 1, 1]);
});

t.test('a refused row refuses the look, and the next request tries again', async (t) => {
  const { viewings, rows, refuse, pool } = bed(t);
  refuse.error = new Error('no case number');
  await t.rejects(viewings.during(view(), true, nothing), { message: 'no case number' });
  t.equal(pool.list().length, 0, 'nothing was opened');
  refuse.error = null;
  await viewings.during(view(), true, nothing);
  t.equal(rows.length, 1);
});

t.test('a viewer that stops asking gives its lease back, one that waits keeps it', async (t) => {
  const { clock, viewings, pool } = bed(t);
  let answer = () => {};
  const waiting = viewings.during(view(), true, () => new Promise<void>((resolve) => (answer = resolve)));
  await viewings.during(view({ viewer: { type: 'token', id: 'b', name: 'b' } }), true, nothing);
  t.match(pool.list(), [{ viewers: 2 }]);
  await clock.advance(8_000);
  t.match(pool.list(), [{ viewers: 1 }]);
  answer();
  await waiting;
  await clock.advance(8_000);
  t.match(pool.list(), [{ viewers: 0 }]);
  await clock.advance(10_000);
  t.same(pool.list(), [], 'closed after the idle grace');
});

t.test('a look at a camera whose lease nobody gives is refused, and the next request tries again', async (t) => {
  const { clock, leases, viewings, rows, pool } = bed(t, 100);
  leases.away.set('here', 'refused');
  const looks = t.rejects(
    Promise.all([viewings.during(view(), true, nothing), viewings.during(view({ quality: 'sub' }), true, nothing)]),
    { message: /another gateway/ },
  );
  await clock.advance(1_000);
  await looks;
  leases.away.clear();
  await clock.advance(1_000);
  const next = viewings.during(view(), true, nothing);
  await clock.advance(100);
  await next;
  t.match(pool.list(), [{ quality: 'main', viewers: 1 }]);
  t.equal(rows.length, 1, 'it is the same look');
});

t.test('requests that come while the lease is being asked for share one, also when the end comes first', async (t) => {
  const { clock, leases, viewings, pool } = bed(t, 2_000);
  const shown = Promise.all(Array.from({ length: 5 }, () => viewings.during(view(), true, nothing)));
  await clock.advance(1_000);
  viewings.stop();
  await clock.advance(1_000);
  await shown;
  t.equal(leases.asked.acquire, 1);
  t.match(pool.list(), [{ viewers: 0 }], 'given back as soon as it was there');
  await clock.advance(11_000);
  t.same(pool.list(), []);
  t.equal(leases.asked.release, 1);
});

t.test('pictures of walls get smaller where there is too much to do, and their viewers are told', async (t) => {
  const { clock, pool, viewings, processor } = bed(t);
  const wall = view({ use: 'wall' });
  const qualityOf = async (lease: StreamLease) => lease.quality;
  t.equal(await viewings.during(wall, true, qualityOf), 'main');
  t.equal(await viewings.during(view({ deviceId: 'b' }), true, qualityOf), 'main');
  const watch = async (seconds: number) => {
    for (let n = 0; n < seconds; n += 1) {
      await clock.advance(1_000);
      processor.s += 1;
      pool.tick();
      await viewings.during(wall, false, nothing).catch(() => undefined);
      await viewings.during(view({ deviceId: 'b' }), false, nothing);
    }
  };
  pool.tick();
  await watch(22);
  t.equal(pool.wall, 'small');
  await t.rejects(viewings.during(wall, false, nothing), { code: 'stream.lowered' });
  t.equal(await viewings.during(wall, true, qualityOf), 'sub', 'opened again, it is the small picture');
  await viewings.during(wall, false, nothing);
  await watch(12);
  t.equal(pool.wall, 'stills');
  await t.rejects(viewings.during(wall, true, nothing), { code: 'stream.stills-only' });
  await watch(15);
  t.match(pool.list(), [{ deviceId: 'b', uses: ['live'] }], 'what is watched by itself goes on');
});

t.test('who waits for a picture of a wall that becomes a still is told at once', async (t) => {
  const { clock, pool, viewings, processor } = bed(t);
  /** As a playlist that is held until the camera has sent something. */
  const held = (_lease: StreamLease, over: AbortSignal) =>
    new Promise<never>((_resolve, reject) =>
      over.addEventListener('abort', () => reject(new StreamFailure('timeout'))),
    );
  const said: string[] = [];
  const wait = (one: View) =>
    viewings.during(one, true, held).catch(({ code }) => void said.push(`${one.use} ${code}`));
  void wait(view());
  void wait(view({ use: 'wall' }));
  const work = async (seconds: number) => {
    for (let n = 0; n < seconds; n += 1) {
      await clock.advance(1_000);
      processor.s += 1;
      pool.tick();
    }
    await clock.advance(1_000);
  };
  pool.tick();
  await work(22);
  t.strictSame([pool.wall, ...said], ['small', 'wall stream.lowered']);
  void wait(view({ use: 'wall' }));
  await work(12);
  t.strictSame([pool.wall, ...said], ['stills', 'wall stream.lowered', 'wall stream.stills-only']);
});

t.test('a camera with one connection is pulled once, in the full picture', async (t) => {
  const { pool, plans } = bed(t);
  plans.set('cam', { ...USUAL_PLAN, connectionsMax: 1 });
  const small = await pool.lease({ ...view({ quality: 'sub' }), use: 'wall' });
  const full = await pool.lease(view());
  t.match(pool.list(), [{ quality: 'main', viewers: 2, uses: ['live', 'wall'] }]);
  t.equal(small.quality, 'main');
  small.release();
  full.release();
});

t.test('a camera without a small picture is pulled once, whatever is asked for', async (t) => {
  const { pool, single } = bed(t);
  single.add('cam');
  const asked = [view(), view({ quality: 'sub' }), view({ quality: 'sub', use: 'wall' }), view({ use: 'wall' })];
  const leases = await Promise.all(asked.map((one) => pool.lease(one)));
  t.match(pool.list(), [{ quality: 'main', viewers: 4, uses: ['live', 'wall'] }]);
  t.strictSame([...new Set(leases.map(({ quality }) => quality))], ['main']);
});

t.test('where walls are shown smaller, no camera is asked for a second stream that it does not have', async (t) => {
  const { clock, pool, plans, single, processor } = bed(t);
  plans.set('one-connection', { ...USUAL_PLAN, connectionsMax: 1 });
  single.add('one-picture');
  const ids = ['one-connection', 'one-picture'];
  for (const deviceId of ids) await pool.lease(view({ deviceId, use: 'record' }));
  for (let n = 0; n < 30 && pool.wall === 'as-asked'; n += 1) {
    processor.s += 1;
    await clock.advance(1_000);
    pool.tick();
  }
  t.equal(pool.wall, 'small');
  for (const deviceId of ids) {
    await t.rejects(pool.lease(view({ deviceId, use: 'wall' })), { code: 'stream.stills-only' }, deviceId);
    const small = await pool.lease(view({ deviceId, use: 'wall', quality: 'sub' }));
    t.equal(small.quality, 'main', 'what is pulled already costs nothing more');
  }
  t.match(pool.list(), [{ quality: 'main' }, { quality: 'main' }]);
  t.equal(pool.list().length, 2);
});

t.test('a camera is pulled on after its last viewer as long as was said', async (t) => {
  const { clock, pool, plans } = bed(t);
  plans.set('cam', { ...USUAL_PLAN, keepS: 60 });
  (await pool.lease(view())).release();
  await clock.advance(59_000);
  t.match(pool.list(), [{ viewers: 0 }]);
  await clock.advance(2_000);
  t.strictSame(pool.list(), []);
});

t.test('a camera that is always on is pulled without a viewer, and no longer than it is wanted', async (t) => {
  const { clock, pool } = bed(t);
  const wanted = new Set(['cam']);
  const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
  const always = new AlwaysOn({ clock, observer, pool, wanted: () => wanted });
  always.start();
  t.teardown(() => always.stop());
  await clock.advance(1_000);
  t.match(pool.list(), [{ deviceId: 'cam', quality: 'main', uses: ['record'] }]);
  wanted.clear();
  await clock.advance(12_000);
  t.strictSame(pool.list(), []);
});

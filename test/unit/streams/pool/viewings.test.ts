import t, { type Test } from 'tap';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import { Viewings } from '../../../../src/streams/live/viewings.ts';
import type { Leases } from '../../../../src/streams/pool/leases.ts';
import { Pool } from '../../../../src/streams/pool/pool.ts';
import { PULL_TIMES } from '../../../../src/streams/pool/pull-machine.ts';
import { StreamFailure, type View } from '../../../../src/streams/pool/types.ts';
import { MemoryLeaseStore } from '../../../support/streams/pool/memory-leases.ts';
import { ManualClock } from '../../../support/time/clock.ts';

interface Bed {
  clock: ManualClock;
  leases: MemoryLeaseStore;
  pool: Pool;
  viewings: Viewings;
  rows: View[];
  refuse: { error: Error | null };
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
  const pool = new Pool({
    pullsMax: 400,
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
  return { clock, leases, pool, viewings, rows, refuse };
}

function view(changes: Partial<View> = {}): View {
  const viewer = { type: 'token' as const, id: 'op', name: 'op' };
  return { deviceId: 'cam', quality: 'main', viewer, purpose: 'routine', case: null, ...changes };
}

const nothing = async () => undefined;

t.test('a look is registered once while it lasts, and again after a pause', async (t) => {
  const { clock, viewings, rows } = bed(t);
  for (let n = 0; n < 20; n += 1) {
    await viewings.during(view(), nothing);
    await clock.advance(2_000);
  }
  t.equal(rows.length, 1);
  await viewings.during(view({ quality: 'sub' }), nothing);
  t.equal(rows.length, 1, 'the other quality is the same look');
  await clock.advance(61_000);
  await viewings.during(view(), nothing);
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
  for (const one of [...looks, view({ purpose: 'incident' })]) await viewings.during(one, nothing);
  t.equal(rows.length, 5);
});

t.test('requests at the same moment share one row, and none goes ahead of it', async (t) => {
  const { viewings, rows } = bed(t);
  const seen = await Promise.all(Array.from({ length: 5 }, () => viewings.during(view(), async () => rows.length)));
  t.same(seen, [1, 1, 1, 1, 1]);
});

t.test('a refused row refuses the look, and the next request tries again', async (t) => {
  const { viewings, rows, refuse, pool } = bed(t);
  refuse.error = new Error('no case number');
  await t.rejects(viewings.during(view(), nothing), { message: 'no case number' });
  t.equal(pool.list().length, 0, 'nothing was opened');
  refuse.error = null;
  await viewings.during(view(), nothing);
  t.equal(rows.length, 1);
});

t.test('a viewer that stops asking gives its lease back, one that waits keeps it', async (t) => {
  const { clock, viewings, pool } = bed(t);
  let answer = () => {};
  const waiting = viewings.during(view(), () => new Promise<void>((resolve) => (answer = resolve)));
  await viewings.during(view({ viewer: { type: 'token', id: 'b', name: 'b' } }), nothing);
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
    Promise.all([viewings.during(view(), nothing), viewings.during(view({ quality: 'sub' }), nothing)]),
    { message: /another gateway/ },
  );
  await clock.advance(1_000);
  await looks;
  leases.away.clear();
  await clock.advance(1_000);
  const next = viewings.during(view(), nothing);
  await clock.advance(100);
  await next;
  t.match(pool.list(), [{ quality: 'main', viewers: 1 }]);
  t.equal(rows.length, 1, 'it is the same look');
});

t.test('requests that come while the lease is being asked for share one, also when the end comes first', async (t) => {
  const { clock, leases, viewings, pool } = bed(t, 2_000);
  const shown = Promise.all(Array.from({ length: 5 }, () => viewings.during(view(), nothing)));
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

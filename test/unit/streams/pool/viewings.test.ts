import t, { type Test } from 'tap';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import { Viewings } from '../../../../src/streams/live/viewings.ts';
import { Pool } from '../../../../src/streams/pool/pool.ts';
import { StreamFailure, type View } from '../../../../src/streams/pool/types.ts';
import { ManualClock } from '../../../support/clock.ts';
import { soleLeases } from '../../../support/memory-leases.ts';

interface Bed {
  clock: ManualClock;
  pool: Pool;
  viewings: Viewings;
  rows: View[];
  refuse: { error: Error | null };
}

/** Viewings over a pool whose cameras are opened and say nothing. */
function bed(t: Test): Bed {
  const clock = new ManualClock();
  const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
  const pool = new Pool({
    clock,
    observer,
    leases: soleLeases(clock),
    times: { firstMs: 1e9 },
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
  return { clock, pool, viewings, rows, refuse };
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

import t from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../src/core/clock.ts';
import { HealthBook } from '../../../src/devices/health/book.ts';
import { HealthList } from '../../../src/devices/health/list.ts';
import { HealthStore } from '../../../src/devices/health/store.ts';
import { HealthTally } from '../../../src/devices/health/tally.ts';
import { LifeSteps } from '../../../src/devices/life/life-steps.ts';
import { Maintenances } from '../../../src/devices/life/maintenances.ts';
import { NO_ZONES } from '../../support/access/tree.ts';
import { callerIn, kiosk, type OpenRegistry, openDatabase, openRegistry } from '../../support/devices/registry.ts';
import { firstOwner } from '../../support/services/ownership.ts';
import { quietObserver } from '../../support/services/services.ts';
import { ManualClock } from '../../support/time/clock.ts';

const NINGBO = callerIn('330200');
const YINZHOU = callerIn('330212');
const HAISHU = callerIn('330203');

const clock = new ManualClock();
let parts: OpenRegistry;

t.before(async () => {
  parts = await openRegistry(t, { database: await openDatabase(t), clock });
});

/** The part of one life of a gateway: what was judged before is read, and what is judged is written. */
async function live() {
  const { directory, database, kinds } = parts;
  const observer = quietObserver();
  const book = new HealthBook({ clock, kind: (name) => kinds.latest(name) });
  const verdictOf = (id: string) => book.ownVerdict(id);
  const store = new HealthStore({ database, clock, observer, ownership: firstOwner(), verdictOf });
  const tally = new HealthTally({ book, directory, observer });
  book.listen((id) => {
    tally.judged(id);
    store.changed(id);
  });
  const put = (id: string, before?: Parameters<typeof book.put>[1]): void => {
    const { identity, state, parent } = directory.get(id)!;
    book.put({ id, kind: identity.kind, state, parent }, before);
    tally.changed(id);
  };
  directory.listen({ changed: ({ identity }) => put(identity.id), disconnect: () => {} });
  const before = await store.load();
  for (const id of directory.ids()) {
    const verdict = before.get(id);
    put(id, verdict && { verdict });
  }
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      await clock.leap(1_000);
      book.tick();
    }
  };
  const connect = (id: string, good: boolean): void =>
    book.signal(id, 'connection', { good, detail: good ? null : 'lost' });
  return { book, store, pass, connect, list: new HealthList({ book, tally, directory, database, tree: NO_ZONES }) };
}

t.test('which devices are offline here, and why, is one question', async (t) => {
  const { registry } = parts;
  await registry.create(NINGBO, kiosk({ id: 'site', jurisdiction: '330203', name: '开明街机柜' }));
  const members = ['a', 'b', 'c', 'd'];
  for (const id of members) await registry.create(NINGBO, kiosk({ id, parent: 'site', name: `回收箱 ${id}` }));
  await registry.create(YINZHOU, kiosk({ id: 'alone' }));
  await registry.create(YINZHOU, kiosk({ id: 'planned', state: 'planned' }));
  const { pass, connect, list, store } = await live();
  for (const id of [...members, 'alone']) connect(id, true);
  for (const id of members.slice(0, 3)) connect(id, false);
  await pass(20);

  const all = await list.list(NINGBO, { limit: 10 });
  t.strictSame(all.counts, { online: 2, degraded: 0, offline: 4, unknown: 0, maintenance: 0 });
  t.match(
    all.items.map(({ device, cause, because }) => ({ device, cause, because })),
    [
      { device: 'a', cause: 'parent', because: 'site' },
      { device: 'b', cause: 'parent', because: 'site' },
      { device: 'c', cause: 'parent', because: 'site' },
      { device: 'site', cause: 'children-together', because: null },
    ],
  );
  t.match(all.items[0], { name: '回收箱 a', why: { en: /^site explains it/, zh: /site/ }, maintenance: false });
  t.match(all.items[3]!.why, { en: /went offline at once \(3\/4\)/ });
  t.match((await list.list(NINGBO, { limit: 10, cause: 'children-together' })).items, [{ device: 'site' }]);
  const first = await list.list(NINGBO, { limit: 2, parent: 'site' });
  t.match(first, { next: 'b', items: [{ device: 'a' }, { device: 'b' }] });
  t.match(await list.list(NINGBO, { limit: 2, parent: 'site', after: 'b' }), { next: null, items: [{ device: 'c' }] });
  t.match((await list.list(NINGBO, { limit: 9, health: 'online' })).items, [{ device: 'alone' }, { device: 'd' }]);

  const yinzhou = await list.list(YINZHOU, { limit: 10 });
  t.strictSame(yinzhou.counts, { online: 2, degraded: 0, offline: 3, unknown: 0, maintenance: 0 });
  t.match(yinzhou.items[0], { device: 'a', cause: 'parent', because: null });
  t.notMatch(JSON.stringify(yinzhou), /site/, 'a parent beyond the border explains, and is not named');
  t.match(await list.list(HAISHU, { limit: 10, jurisdiction: '330212' }), { items: [], counts: { online: 0 } });
  t.equal((await list.list(NINGBO, { limit: 10, kind: 'camera' })).counts.offline, 0);
  t.equal(list.of(NINGBO, 'planned'), null, 'nothing stands there');
  await store.save();
});

t.test('a restart goes on with what was judged, and what was explained is explained again', async (t) => {
  const { list, pass } = await live();
  t.match(list.of(NINGBO, 'a'), { health: 'offline', cause: 'parent', because: 'site' });
  t.match(list.of(NINGBO, 'alone'), { health: 'online' });
  await pass(30);
  t.match(list.of(NINGBO, 'alone'), { health: 'online' }, 'nobody has said otherwise yet');
});

t.test('how long a device was offline counts without its maintenances', async (t) => {
  const { registry, directory } = parts;
  await registry.create(YINZHOU, kiosk({ id: 'worked-on' }));
  const { list, store, pass, connect } = await live();
  const rest = { count: async () => 0, look: async () => {}, ring: () => {} };
  const keeping = { ...parts, clock, observer: quietObserver(), ownership: firstOwner() };
  const maintenances = new Maintenances({ ...keeping, withheld: rest, maxMs: HOUR_MS });
  const fromMs = clock.nowMs();
  connect('worked-on', true);
  connect('worked-on', false);
  await pass(20);
  t.match(list.of(YINZHOU, 'worked-on'), { health: 'offline', maintenance: false });
  await store.save();
  await clock.leap(10 * MINUTE_MS - 20_000);
  await maintenances.begin(YINZHOU, 'worked-on', { reason: 'new power supply', minutes: 30 });
  t.equal(directory.maintained('worked-on'), 'worked-on');
  t.match(await list.list(YINZHOU, { limit: 9 }), { counts: { maintenance: 1 } }, 'it counts as nothing else');
  await clock.leap(20 * MINUTE_MS);
  await maintenances.end(YINZHOU, 'worked-on');
  await clock.leap(5 * MINUTE_MS - 11_000);
  connect('worked-on', true);
  await pass(11);
  t.match(list.of(YINZHOU, 'worked-on'), { health: 'online' });
  await store.save();
  await clock.leap(HOUR_MS);
  const downtime = await store.downtimeOf('worked-on', fromMs - HOUR_MS, clock.nowMs());
  t.strictSame(downtime, { offlineMs: 35 * MINUTE_MS, countedMs: 15 * MINUTE_MS });
  const half = await store.downtimeOf('worked-on', fromMs + 5 * MINUTE_MS, fromMs + 20 * MINUTE_MS);
  t.strictSame(half, { offlineMs: 15 * MINUTE_MS, countedMs: 5 * MINUTE_MS }, 'cut at both ends');
  const asked = { fromMs: fromMs + 5 * MINUTE_MS, toMs: clock.nowMs() };
  const stretches = await store.stretchesOf('worked-on', asked, 9);
  t.match(stretches, [{ what: 'offline', fromMs: asked.fromMs }, { what: 'maintenance' }]);
  const lasted = stretches.map((one) => Math.round(((one.toMs ?? 0) - one.fromMs) / MINUTE_MS));
  t.strictSame(lasted, [30, 20], 'cut at the beginning of what is asked for');
  t.match(await store.stretchesOf('worked-on', asked, 1), [{ what: 'maintenance' }], 'the last ones');
  t.strictSame(await store.downtimeOf('alone', fromMs, clock.nowMs()), { offlineMs: 0, countedMs: 0 });
  await clock.leap(401 * 24 * HOUR_MS);
  await store.prune(clock.nowMs());
  t.strictSame(await store.downtimeOf('worked-on', 0, clock.nowMs()), { offlineMs: 0, countedMs: 0 });
});

t.test('what stands no more is not offline any longer', async (t) => {
  const { registry } = parts;
  await registry.create(YINZHOU, kiosk({ id: 'taken-down' }));
  const { book, list, store, pass, connect } = await live();
  const fromMs = clock.nowMs();
  connect('taken-down', true);
  connect('taken-down', false);
  await pass(20);
  t.match(list.of(YINZHOU, 'taken-down'), { health: 'offline' });
  await store.save();
  await clock.leap(HOUR_MS);
  book.put({ id: 'taken-down', kind: 'recycling-kiosk', state: 'planned', parent: null });
  await store.save();
  const { offlineMs } = await store.downtimeOf('taken-down', fromMs, clock.nowMs());
  t.ok(offlineMs >= HOUR_MS);
  await clock.leap(HOUR_MS);
  t.equal((await store.downtimeOf('taken-down', fromMs, clock.nowMs())).offlineMs, offlineMs);
  t.notOk((await store.load()).has('taken-down'), 'nor does it begin as that when it stands again');
  t.equal(book.of('taken-down'), null);
  await registry.retire(YINZHOU, 'taken-down', 1);
});

t.test('a database that is away loses nothing of what was judged', async (t) => {
  const { database, directory } = parts;
  const { book, connect, pass } = await live();
  let isAway = true;
  const store = new HealthStore({
    database,
    clock,
    observer: quietObserver(),
    ownership: {
      transaction: async (...given) => {
        if (isAway) throw new Error('away');
        return await firstOwner().transaction(...given);
      },
    },
    verdictOf: (id) => book.ownVerdict(id),
  });
  const life = new LifeSteps({ ...parts, clock, observer: quietObserver() });
  await life.step(YINZHOU, 'planned', { from: 'planned', to: 'installed', reason: null });
  const { identity, state, parent } = directory.get('planned')!;
  book.put({ id: 'planned', kind: identity.kind, state, parent });
  connect('planned', true);
  store.changed('planned');
  store.changed('gone-meanwhile');
  await store.save();
  connect('planned', false);
  await pass(16);
  isAway = false;
  await store.save();
  t.match((await store.load()).get('planned'), { health: 'offline', cause: 'connection-lost' });
});

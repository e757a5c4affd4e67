import { pino } from 'pino';
import t from 'tap';
import { MINUTE_MS } from '../../../../src/core/clock.ts';
import type { CheckReport } from '../../../../src/devices/checks/checks.ts';
import { HealthBook } from '../../../../src/devices/health/book.ts';
import { CheckOrders } from '../../../../src/devices/orders/check-orders.ts';
import { FaultOrders } from '../../../../src/devices/orders/fault-orders.ts';
import type { Occasion } from '../../../../src/devices/orders/orders.ts';
import { Recoveries } from '../../../../src/devices/orders/recoveries.ts';
import { openOrders } from '../../../support/devices/orders.ts';
import { callerIn, kiosk } from '../../../support/devices/registry.ts';

const NINGBO = callerIn('330200', 'operator');
const LI = { ...callerIn('330212', 'technician'), id: 'li', name: 'Li' };

const parts = await openOrders(t);
const { registry, orders, list, clock, directory } = parts;
const maintained = new Set<string>();

/** One life of a gateway: how devices are, and what opens orders for them after half an hour. */
function live(refuse?: (occasion: Occasion) => void) {
  const book = new HealthBook({ clock, kind: (name) => parts.kinds.latest(name) });
  const above = (id: string): string | null => {
    const parent = directory.get(id)?.parent ?? null;
    return maintained.has(id) ? id : parent === null ? null : above(parent);
  };
  const opening: Pick<typeof orders, 'openFor'> = {
    openFor: async (occasion, caller) => {
      refuse?.(occasion);
      return await orders.openFor(occasion, caller);
    },
  };
  const deps = { orders: opening, health: book, maintained: above };
  const log = pino({ level: 'silent' });
  const jurisdictionOf = (id: string) => directory.identity(id)?.jurisdiction ?? null;
  const faults = new FaultOrders({ ...deps, jurisdictionOf, clock, log, afterMs: 30 * MINUTE_MS });
  const recoveries = new Recoveries({ database: parts.database, clock, log, orders, health: book });
  book.listen((id) => {
    faults.judged(id);
    recoveries.judged(id);
  });
  const put = (id: string) => {
    const { identity, state, parent } = directory.get(id)!;
    book.put({ id, kind: identity.kind, state, parent });
  };
  const connect = (id: string, good: boolean) => book.signal(id, 'connection', { good, detail: good ? null : 'lost' });
  const pass = async (minutes: number) => {
    for (let tick = 0; tick < minutes * 12; tick += 1) {
      await clock.leap(5_000);
      book.tick();
      await faults.tick();
      await recoveries.tick();
    }
  };
  return { book, faults, recoveries, put, connect, pass, checks: new CheckOrders(deps) };
}

const of = async (device: string) => (await list.list(NINGBO, { device, limit: 9 })).items.toReversed();
const causes = async (device: string) => (await of(device)).map(({ cause, state }) => `${cause} ${state}`);

async function lost(world: ReturnType<typeof live>, ids: string[]): Promise<void> {
  for (const id of ids) {
    world.put(id);
    world.connect(id, true);
  }
  await world.pass(1);
  for (const id of ids) world.connect(id, false);
}

t.test('who is offline for long gets one order for it, also over a restart', async (t) => {
  for (const id of ['k-1', 'k-2']) await registry.create(NINGBO, kiosk({ id }));
  const world = live();
  await lost(world, ['k-1', 'k-2']);
  await world.pass(29);
  t.same(await of('k-1'), [], 'not before its time');
  world.connect('k-2', true);
  await world.pass(3);
  t.match(await of('k-1'), [
    {
      cause: 'fault:offline',
      state: 'open',
      openedBy: 'citywatch',
      text: /MQTT 连接中断且未恢复。 Its MQTT connection broke/,
      occurrences: 1,
    },
  ]);
  t.same(await of('k-2'), [], 'who came back needs nobody');
  await world.pass(90);
  t.match(await of('k-1'), [{ occurrences: 1 }], 'a fault is told once');

  const [order] = await of('k-1');
  await orders.step(NINGBO, order!.number, { id: crypto.randomUUID(), version: 1, to: 'cancelled' });
  const verdict = world.book.ownVerdict('k-1')!;
  const after = live();
  after.book.put({ id: 'k-1', kind: 'recycling-kiosk', state: 'in-service', parent: null }, { verdict });
  after.faults.start(['k-1']);
  await after.pass(90);
  t.same(await causes('k-1'), ['fault:offline cancelled'], 'the same fault is not told again by a restart');
  after.connect('k-1', true);
  await after.pass(2);
  after.connect('k-1', false);
  await after.pass(32);
  t.same(await causes('k-1'), ['fault:offline cancelled', 'fault:offline open'], 'another one is');
  await after.faults.stop();
});

t.test('what goes dark together is one order where its lines meet', async (t) => {
  await registry.create(NINGBO, kiosk({ id: 'site' }));
  const members = Array.from({ length: 30 }, (_, at) => `m-${at}`);
  for (const id of members) await registry.create(NINGBO, kiosk({ id, parent: 'site' }));
  const world = live();
  world.put('site');
  await lost(world, members);
  await world.pass(100);
  t.match(await of('site'), [{ cause: 'fault:offline-together', occurrences: 1, text: /30\/30/ }]);
  for (const id of members) t.same(await of(id), [], id);
  for (const id of members.slice(1)) world.connect(id, true);
  await world.pass(61);
  t.same(await causes('m-0'), ['fault:offline open'], 'who stays dark alone has a cause of its own');
  t.match(await of('site'), [{ occurrences: 1, state: 'cancelled' }], 'whose cause is gone, as nobody had taken it');
});

t.test('an order whose device is back is closed, or says so to who has it, also over a restart', async (t) => {
  const ids = ['b-free', 'b-taken', 'b-given', 'b-dark'];
  for (const id of ids) await registry.create(NINGBO, kiosk({ id }));
  const world = live();
  await lost(world, ids);
  await world.pass(32);
  const numberOf = async (id: string) => (await of(id))[0]!.number;
  await orders.step(LI, await numberOf('b-taken'), { id: crypto.randomUUID(), version: 1, to: 'taken' });
  await orders.step(NINGBO, await numberOf('b-given'), { id: crypto.randomUUID(), version: 1, assignee: 'Li' });
  const other = await orders.openFor({ device: 'b-free', cause: 'check:auth', title: 'login', text: null });
  const verdictOf = (id: string) => ({ verdict: world.book.ownVerdict(id)! });
  for (const id of ids.slice(0, 3)) world.connect(id, true);
  for (let tick = 0; tick < 24; tick += 1) {
    await clock.leap(5_000);
    world.book.tick();
  }
  t.match(await of('b-free'), [{ state: 'open' }, {}], 'the gateway stops before it says so');
  const after = live();
  for (const id of ids)
    after.book.put({ id, kind: 'recycling-kiosk', state: 'in-service', parent: null }, verdictOf(id));
  after.recoveries.start(ids);
  await after.pass(1);
  const told = async (id: string) => (await list.get(NINGBO, await numberOf(id))).steps.at(-1);
  const back = { by: 'citywatch', note: /^设备已恢复 The device is back since 2026-.*Z$/ };
  t.match(await told('b-free'), { ...back, what: 'changed', state: 'cancelled' });
  t.match(await told('b-taken'), { ...back, what: 'noted', state: 'taken' });
  t.match(await told('b-given'), { ...back, what: 'noted', state: 'open' });
  t.match(await told('b-dark'), { what: 'opened', state: 'open' });
  t.match(await list.get(NINGBO, other.order.number), { state: 'open' }, 'what has another cause stays');
  const { steps } = await list.get(NINGBO, await numberOf('b-taken'));
  after.connect('b-taken', false);
  await after.pass(3);
  after.connect('b-taken', true);
  await after.pass(3);
  t.equal((await list.get(NINGBO, await numberOf('b-taken'))).steps.length, steps.length, 'once for each fault');
  await after.recoveries.stop();
});

t.test('nobody is sent to what is worked on, and what could not be written is written later', async (t) => {
  for (const id of ['k-3', 'k-4']) await registry.create(NINGBO, kiosk({ id }));
  let isAway = true;
  const world = live(({ device }) => {
    if (isAway && device === 'k-4') throw new Error('PostgreSQL is away');
  });
  maintained.add('k-3');
  await lost(world, ['k-3', 'k-4']);
  await world.pass(50);
  t.same([await of('k-3'), await of('k-4')], [[], []]);
  maintained.clear();
  isAway = false;
  await world.pass(2);
  t.same(await causes('k-4'), ['fault:offline open']);
  t.same(await of('k-3'), [], 'it has its time after the work');
  await world.pass(30);
  t.same(await causes('k-3'), ['fault:offline open']);
  await registry.retire(NINGBO, 'k-4', 1);
  world.book.remove('k-4');
});

const failed = (problem: string, grade: 'failed' | 'warning' = 'failed'): CheckReport => {
  const step = {
    name: 'login',
    grade,
    seen: 'It refuses the login.',
    problem,
    hint: 'Ask for the password.',
    tookMs: 1,
  };
  return { grade, cause: step, steps: [step], atMs: 0, tookMs: 1, unit: null };
};

t.test('a check that failed opens an order for its cause, for who asked for it', async (t) => {
  await registry.create(NINGBO, kiosk({ id: 'k-5' }));
  const world = live();
  const opened = await world.checks.open(LI, 'k-5', failed('auth'));
  const text = 'It refuses the login. Ask for the password.';
  t.match(opened, { added: false, order: { cause: 'check:auth', openedBy: 'Li', text } });
  t.match(await world.checks.open(LI, 'k-5', failed('auth')), { added: true, order: { occurrences: 2 } });
  t.match(await world.checks.open(LI, 'k-5', failed('stalled')), { added: false });
  t.equal(await world.checks.open(LI, 'k-5', failed('dark', 'warning')), null, 'a warning needs nobody');
  t.equal(await world.checks.open(callerIn('330203'), 'k-5', failed('auth')), null, 'not beyond the border');
  maintained.add('k-5');
  t.equal(await world.checks.open(LI, 'k-5', failed('reset')), null, 'not while it is worked on');
  maintained.clear();

  const members = ['n-1', 'n-2', 'n-3', 'n-4'];
  await registry.create(NINGBO, kiosk({ id: 'cabinet' }));
  for (const id of members) await registry.create(NINGBO, kiosk({ id, parent: 'cabinet' }));
  world.put('cabinet');
  await lost(world, members);
  await world.pass(2);
  for (const id of members) {
    t.match(await world.checks.open(LI, id, failed('unreachable')), { order: { device: 'cabinet', occurrences: 1 } });
  }
  await registry.create(NINGBO, kiosk({ id: 'k-6' }));
  await lost(world, ['k-6']);
  await world.pass(1);
  for (const added of [false, true]) {
    const found = await world.checks.open(LI, 'k-6', failed('unreachable'));
    t.match(
      found,
      { added, order: { cause: 'fault:offline', occurrences: 1 } },
      'what is known to be offline is one order',
    );
  }
  t.match(await world.checks.open(LI, 'n-1', failed('auth')), { order: { device: 'n-1' } }, 'a door is its own');
});

t.test(
  'a district whose line is cut gets one order, and another where the first is back and the rest is not',
  async (t) => {
    const ids = Array.from({ length: 30 }, (_, n) => `dark-${String(n).padStart(2, '0')}`);
    for (const id of ids) await registry.create(NINGBO, kiosk({ id }));
    const world = live();
    await lost(world, ids);
    await world.pass(45);
    const withOrders = async () => {
      const found = [];
      for (const id of ids) if ((await of(id)).some(({ state }) => state !== 'cancelled')) found.push(id);
      return found;
    };
    const [first, ...more] = await withOrders();
    t.same(more, [], 'one for all');
    t.match(await of(first!), [{ cause: 'fault:offline', text: /29 more of the district/, occurrences: 1 }]);
    world.connect(first!, true);
    await world.pass(60);
    t.match(await causes(first!), ['fault:offline cancelled'], 'it is back, and nobody had begun');
    const [second, ...others] = await withOrders();
    t.same(others, []);
    t.not(second, first);
    t.match(await of(second!), [{ text: /28 more of the district/ }]);
  },
);

t.test('a few of a district that go offline together are each a fault of their own', async (t) => {
  const ids = ['few-1', 'few-2', 'few-3'];
  for (const id of ids) await registry.create(NINGBO, kiosk({ id }));
  const world = live();
  await lost(world, ids);
  await world.pass(35);
  for (const id of ids) t.match(await causes(id), ['fault:offline open']);
});

import { randomUUID } from 'node:crypto';
import t from 'tap';
import { DAY_MS, HOUR_MS } from '../../../../src/core/clock.ts';
import { Units } from '../../../../src/devices/units/units.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { openOrders, orderFor } from '../../../support/devices/orders.ts';
import { callerIn, kiosk } from '../../../support/devices/registry.ts';
import { quietObserver } from '../../../support/services/services.ts';

const KEEPER = callerIn('330212', 'operator');
const LI = { ...callerIn('330212', 'technician'), id: 'li', name: 'Li' };
const WANG = { ...callerIn('330212', 'technician'), id: 'wang', name: 'Wang' };
const HAISHU = callerIn('330203');

const parts = await openOrders(t);
const { registry, orders, list, clock, database } = parts;
for (const id of ['k-1', 'k-2', 'k-3', 'k-4', 'k-5']) await registry.create(callerIn('330212'), kiosk({ id }));

const step = (version: number | undefined, to: 'taken' | 'done' | 'open' | 'verified' | 'cancelled' | undefined) => ({
  id: randomUUID(),
  ...(version === undefined ? {} : { version }),
  ...(to === undefined ? {} : { to }),
});

t.test('an order is opened, taken, done and verified, each step with its audit row', async (t) => {
  const { order } = await orders.open(LI, orderFor('k-1', { due: clock.nowMs() + DAY_MS }));
  const { number } = order;
  t.match(order, { state: 'open', version: 1, openedBy: 'Li', assignee: null, occurrences: 1 });
  t.match(number, /^W-\d{4}-\d+$/);
  t.notOk(await orders.isOpen(number, 'k-2'), 'an order is for one device');
  t.ok(await orders.isOpen(number, 'k-1'));
  t.match(await orders.step(LI, number, step(1, 'taken')), { state: 'taken', version: 2, assignee: 'Li' });
  t.match(await orders.step(WANG, number, { ...step(undefined, undefined), note: '梯子借走了' }), { version: 2 });
  await t.rejects(orders.step(KEEPER, number, step(2, 'verified')), { message: /taken, and it may become done or/ });

  const units = new Units({ ...parts, observer: quietObserver(), cameras: { accepted() {}, restated() {} } });
  await clock.advance(HOUR_MS);
  const label = { serial: '2.10', mac: null, endpoint: null, maker: null, model: null, firmware: null };
  await units.assign(callerIn('330212'), 'k-1', { unit: label, reason: null });
  const done = await orders.step(LI, number, step(2, 'done'));
  t.not(done.unitAfter, done.unitBefore, 'it says what hung there before and after');
  t.notOk(await orders.isOpen(number, 'k-1'), 'what is done shows no more pictures');
  await t.rejects(orders.step(LI, number, step(3, 'verified')), { code: 'auth.forbidden' }, 'not by who did it');
  t.match(await orders.step(KEEPER, number, step(3, 'verified')), { state: 'verified', closedMs: clock.nowMs() });
  await t.rejects(orders.step(KEEPER, number, step(4, 'open')), { message: /nothing follows that/ });

  const whole = await list.get(LI, number);
  t.match(whole.swaps, [{ serial: '2.10', how: 'assigned', unit: done.unitAfter! }]);
  t.strictSame(
    whole.steps.map(({ what, by, state, version }) => [what, by, state, version]),
    [
      ['opened', 'Li', 'open', 1],
      ['changed', 'Li', 'taken', 2],
      ['noted', 'Wang', 'taken', 2],
      ['changed', 'Li', 'done', 3],
      ['changed', 'test', 'verified', 4],
    ],
  );
  const audit = await listAudit(database, callerIn('330212'), { subject: `order/${number}`, limit: 9 });
  t.strictSame(
    audit.map(({ action }) => action),
    ['order.changed', 'order.changed', 'order.noted', 'order.changed', 'order.opened'],
  );
  t.ok(audit.every(({ jurisdiction }) => jurisdiction === '330212'));
});

t.test('a request that comes again changes nothing and is answered the same', async (t) => {
  const opening = orderFor('k-2');
  const answers = await Promise.all(Array.from({ length: 5 }, () => orders.open(LI, opening)));
  const [first] = answers;
  for (const answer of answers) t.strictSame(answer, first);
  const { number } = first!.order;
  const taking = { ...step(1, 'taken'), note: '到了' };
  const taken = await orders.step(LI, number, taking);
  await orders.step(LI, number, step(2, 'done'));
  t.strictSame(await orders.step(LI, number, taking), taken, 'also when the order is elsewhere by now');
  t.equal((await list.get(LI, number)).steps.length, 3);

  const mismatch = { code: 'idempotency.mismatch' };
  await t.rejects(orders.step(LI, number, { ...taking, note: 'another' }), mismatch);
  await t.rejects(orders.open(LI, orderFor('k-3', { id: opening.id })), mismatch, 'an id is for one request');
  await t.rejects(orders.step(WANG, number, taking), mismatch, 'and of who chose it');
});

t.test('a queue may number its own steps ahead; where somebody came between, both states are shown', async (t) => {
  const { order } = await orders.open(LI, orderFor('k-3'));
  const { number } = order;
  const offline = [step(1, 'taken'), { ...step(undefined, undefined), note: '换了电源' }, step(2, 'done')];
  await orders.step(WANG, number, step(1, 'taken'));
  await orders.step(WANG, number, step(2, 'open'));
  const stale = await orders.step(LI, number, offline[0]!).catch((error) => error);
  t.match(stale, {
    code: 'conflict.state',
    seen: { version: 1, state: 'open' },
    current: { version: 3, state: 'open' },
  });
  t.match(stale.message, /at version 3, open since .*Z by Wang; read it again/);
  await orders.step(LI, number, offline[1]!);
  const done = await orders.step(LI, number, offline[2]!).catch((error) => error);
  t.match(done, { seen: { version: 2, state: 'taken', assignee: 'Wang' } });
  const ahead = await orders.step(LI, number, step(9, 'taken')).catch((error) => error);
  t.match(ahead, { seen: null, current: { version: 3 } });
  const race = await Promise.allSettled([LI, WANG].map((who) => orders.step(who, number, step(3, 'taken'))));
  t.strictSame(race.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'], 'one of two gets it');
});

t.test('one order is open for a cause and device, however often it comes', async (t) => {
  const occasion = { device: 'k-4', cause: 'fault:offline', title: 'offline', text: 'no answer for 10 min' };
  const came = await Promise.all(Array.from({ length: 6 }, () => orders.openFor(occasion)));
  const [number] = new Set(came.map(({ order }) => order.number));
  t.equal(new Set(came.map(({ order }) => order.number)).size, 1);
  t.equal(came.filter(({ added }) => !added).length, 1);
  t.match(await list.get(LI, number!), { occurrences: 6, version: 1, openedBy: 'citywatch' });
  const other = await orders.openFor({ ...occasion, cause: 'check:auth' });
  t.not(other.order.number, number, 'another cause is another order');
  t.match(await orders.open(LI, orderFor('k-4', { cause: 'fault:offline' })), { added: true, order: { number } });

  await orders.step(LI, number!, step(1, 'taken'));
  await orders.step(LI, number!, step(2, 'done'));
  const again = await orders.openFor(occasion);
  t.match(again, { added: true, order: { number, state: 'open', assignee: null, version: 4 } }, 'it was not done');
  await orders.step(KEEPER, number!, step(4, 'cancelled'));
  t.match(await orders.openFor(occasion), { added: false, order: { occurrences: 1 } }, 'after its end a new one');

  for (let times = 0; times < 120; times += 1) await orders.openFor({ ...occasion, cause: 'fault:flaps' });
  const [flapping] = (await list.list(LI, { device: 'k-4', limit: 1 })).items;
  t.equal(flapping?.occurrences, 120);
  t.equal((await list.get(LI, flapping!.number)).steps.length, 100, 'what flaps is counted, not told for ever');
});

t.test('what is whose is known by their user name: two people may have one name', async (t) => {
  const [one, other] = ['wang.wei', 'wang.wei2'].map((username) => {
    return { ...callerIn('330212', 'technician'), type: 'person' as const, id: username, username, name: '王伟' };
  });
  const mine = async (who: typeof one) =>
    (await list.list(who!, { mine: true, unclosed: true, limit: 9 })).items.map(({ assignee }) => assignee);
  const { order } = await orders.open(KEEPER, orderFor('k-3'));
  t.match(await orders.step(one!, order.number, step(1, 'taken')), { state: 'taken', assignee: 'wang.wei' });
  t.same([await mine(one), await mine(other)], [['wang.wei'], []]);
  const { order: given } = await orders.open(KEEPER, orderFor('k-3', { assignee: 'wang.wei2' }));
  t.same([await mine(one), await mine(other)], [['wang.wei'], ['wang.wei2']]);
  t.match(await orders.open(other!, orderFor('k-3', { assignee: 'wang.wei2' })), { order: { assignee: 'wang.wei2' } });
  await t.rejects(orders.open(other!, orderFor('k-3', { assignee: 'wang.wei' })), { code: 'auth.forbidden' });
  const before = await orders.open(KEEPER, orderFor('k-3', { assignee: '王伟' }));
  t.same((await mine(one)).sort(), ['wang.wei', '王伟'], 'what was given by name, as it once was, is not lost');
  for (const { number } of [given, before.order]) {
    await orders.step(KEEPER, number, { ...step(1, 'cancelled') });
  }
});

t.test('nobody beyond the border sees or changes an order, also after the device moved there', async (t) => {
  const { order } = await orders.open(LI, orderFor('k-5', { assignee: 'Li' }));
  const { number } = order;
  await t.rejects(orders.open(LI, orderFor('k-5', { assignee: 'Wang' })), { code: 'auth.forbidden' });
  for (const refused of [
    () => list.get(HAISHU, number),
    () => orders.step(HAISHU, number, step(1, 'taken')),
    () => orders.open(HAISHU, orderFor('k-5')),
    () => orders.open(LI, orderFor('k-404')),
  ]) {
    await t.rejects(refused as () => Promise<unknown>, { code: 'not-found' });
  }
  t.strictSame((await list.list(HAISHU, { limit: 9 })).items, []);
  const { version } = await registry.get(callerIn('330200'), 'k-5');
  await registry.update(callerIn('330200'), 'k-5', version, { jurisdiction: '330203' });
  t.match((await list.list(HAISHU, { limit: 9 })).items, [{ number }]);
  await t.rejects(list.get(LI, number), { code: 'not-found' });
});

t.test('lists are paged, and closed orders go after their time', async (t) => {
  const all = await list.list(KEEPER, { limit: 500 });
  const paged = [];
  for (let after: string | undefined; ; ) {
    const page = await list.list(KEEPER, { limit: 2, ...(after === undefined ? {} : { after }) });
    paged.push(...page.items);
    if (page.next === null) break;
    after = page.next;
  }
  t.strictSame(paged, all.items);
  t.ok(all.items.length > 5);
  const due = orderFor('k-1', { due: clock.nowMs() - 1 });
  const { order } = await orders.open(KEEPER, due);
  t.strictSame((await list.list(KEEPER, { overdue: true, limit: 9 })).items, [order]);
  await clock.advance(30 * DAY_MS);
  await list.prune(clock.nowMs());
  t.equal((await list.list(KEEPER, { limit: 500 })).items.length, all.items.length + 1, 'not before');
  await clock.advance(1);
  await list.prune(clock.nowMs());
  const left = (await list.list(KEEPER, { limit: 500 })).items;
  t.ok(left.length < all.items.length);
  t.ok(
    left.every(({ closedMs }) => closedMs === null),
    'what is not closed stays',
  );
});

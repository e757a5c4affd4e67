import t from 'tap';
import { CONFIRMING_DESK } from '../../../../src/alerts/desk/log/audience.ts';
import { LEVELS } from '../../../../src/alerts/ladder/levels.ts';
import { ESCALATIONS_MAX } from '../../../../src/alerts/watchlists/hits/hits.ts';
import { toRfc3339 } from '../../../../src/core/clock.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { ADMIN, startReceiver } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE, TOKENS } from '../../../support/api/api.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';
import { raisingHits } from '../../../support/watchlists/hit.ts';

const clock = new ShiftedClock();
const started = await startAlertsApi(t, { clock });
const { ask, desk, alerts, wantedLooks } = started;
const db = desk.database.tables();
/** Whom the API knows by these tokens. */
const CONFIRMS = { ...ADMIN, id: 'confirms', name: 'Confirms', confirms: true };
const BY_PERMIT = { byRole: () => null, case: null };
const VIEWS = { ...ADMIN, id: 'views', name: 'Views' };
const hit = raisingHits(desk);

const CANDIDATE = { candidate: true, doubt: 'low-confidence' };

t.test('an uncertain read is for who confirms alone, everywhere, until one of them has', async (t) => {
  const receivers = { centre: await startReceiver(t), desk: await startReceiver(t) };
  const of = (name: 'centre' | 'desk') => receivers[name].once().map(({ data }) => data);
  const subscribe = (name: 'centre' | 'desk', confirms: boolean) => {
    const { url } = receivers[name];
    return desk.subscriptions.create(CONFIRMS, {
      name,
      type: 'webhook',
      target: { url },
      jurisdiction: HERE,
      confirms,
    });
  };
  await subscribe('centre', false);
  await subscribe('desk', true);
  await t.rejects(
    desk.subscriptions.create(VIEWS, {
      name: 'x',
      type: 'webhook',
      target: { url: receivers.desk.url },
      jurisdiction: HERE,
      confirms: true,
    }),
    { code: 'request.invalid' },
  );
  const before = desk.feed.head;
  const id = await hit('k1', { data: CANDIDATE, seenBy: [CONFIRMING_DESK] });
  await until('the desk is told', () => of('desk').some(({ data }) => data.id === id));
  t.match(await desk.queries.get(CONFIRMS, id), { audience: 'confirming' });
  await t.rejects(desk.queries.get(VIEWS, id), { code: 'not-found' });
  const listed = async (caller: typeof ADMIN) =>
    (await desk.queries.list(caller, { limit: 500 })).items.map((alert) => alert.id);
  t.ok((await listed(CONFIRMS)).includes(id));
  t.notOk((await listed(VIEWS)).includes(id), 'the list');
  t.match(await desk.queries.ownCounts(CONFIRMS), { police: { severe: 1 } }, 'the count is the list');
  t.same(await desk.queries.ownCounts(VIEWS), { police: {}, maintenance: {} });
  t.same(await desk.queries.openCounts(CONFIRMS), await desk.queries.openCounts(VIEWS));
  const told = async (caller: typeof ADMIN) => (await desk.queries.events(caller, before, 100)).entries.length;
  t.ok((await told(CONFIRMS)) > 0);
  t.equal(await told(VIEWS), 0, 'the log');
  const live = await desk.feed.next(CONFIRMS, before, AbortSignal.timeout(20_000));
  t.ok(live.entries.some(({ alertId }) => alertId === id));
  t.equal(of('centre').filter(({ data }) => data.id === id).length, 0, 'nor a webhook');

  await alerts.hits.step(CONFIRMS, id, { step: 'sign', text: null });
  await alerts.hits.step(CONFIRMS, id, { step: 'confirm', text: null });
  await until('the centre is told', () => of('centre').some(({ data }) => data.id === id));
  t.match(await desk.queries.get(VIEWS, id), { audience: 'everyone', data: { candidate: false } });
  t.match(
    of('centre').find(({ data }) => data.id === id),
    { type: 'alert.updated' },
  );
});

t.test('what nobody confirms is told again, more gravely, and three times at most', async (t) => {
  const id = await hit('k2', { data: CANDIDATE, seenBy: [CONFIRMING_DESK] });
  const { rows } = await sql<{ due: number; made: number }>`
    select due_at_ms as due, committed_at_ms as made from work_item, alert
    where queue = 'hit-waits' and key = ${id} and alert.id = ${id}`.execute(db);
  t.equal(rows[0]!.due - rows[0]!.made, 120_000, 'its timer stands with it');
  const early = await alerts.hits.handleWait(id);
  t.match(early, { again: { atMs: rows[0]!.due } }, 'not before its time');
  for (let times = 1; times <= ESCALATIONS_MAX; times += 1) {
    clock.pass(120_000 * 2 ** (times - 1));
    const { again } = await alerts.hits.handleWait(id);
    t.equal(again === null, times === ESCALATIONS_MAX);
    const level = LEVELS[Math.min(times, 2)];
    t.match(await desk.queries.get(CONFIRMS, id), { severity: 'extreme', level, data: { escalated: times } });
    await t.rejects(desk.queries.get(VIEWS, id), { code: 'not-found' });
  }
  const done = await hit('k3', { data: CANDIDATE, seenBy: [CONFIRMING_DESK] });
  await alerts.hits.step(CONFIRMS, done, { step: 'sign', text: null });
  await alerts.hits.step(CONFIRMS, done, { step: 'refute', text: 'another car' });
  t.match(await desk.queries.get(CONFIRMS, done), { handling: 'closed', verdict: 'misread_plate' });
  t.same(await alerts.hits.handleWait(done), { again: null }, 'what was decided rings nobody');
  t.notOk('escalated' in (await desk.queries.get(CONFIRMS, done)).data);
});

t.test('a car that stands at the checkpoint and is read again and again postpones nothing', async (t) => {
  const read = { data: CANDIDATE, seenBy: [CONFIRMING_DESK], scope: 'jam' };
  const id = await hit('k-jam', read);
  const reread = async (occurrences: number) => {
    await hit('k-jam', read);
    await until('it is read again', async () => (await desk.queries.get(CONFIRMS, id)).occurrences === occurrences);
  };
  clock.pass(100_000);
  await reread(2);
  clock.pass(30_000);
  t.match(await alerts.hits.handleWait(id), { again: { atMs: Number } });
  t.match(await desk.queries.get(CONFIRMS, id), { severity: 'extreme', data: { escalated: 1 } });
  await reread(3);
  clock.pass(250_000);
  await alerts.hits.handleWait(id);
  t.match(await desk.queries.get(CONFIRMS, id), { level: 'city', data: { escalated: 2 } }, 'counted on');

  await alerts.hits.step(CONFIRMS, id, { step: 'sign', text: null });
  await alerts.hits.step(CONFIRMS, id, { step: 'confirm', text: null });
  await reread(4);
  t.match(await desk.queries.get(VIEWS, id), { audience: 'everyone', data: { candidate: false } }, 'stays confirmed');
  t.same(await alerts.hits.handleWait(id), { again: null });
});

t.test('who signed for a hit and forgets it has it no longer, and each step is one to go on from', async (t) => {
  const id = await hit('k-forgotten');
  const stands = async () => (await ask('GET', `/alerts/${id}`)).body as { ackUntil: string | null; handling: string };
  await ask('POST', `/alerts/${id}/hit/sign`);
  const first = await stands();
  t.match(first, { handling: 'acked', ackUntil: /Z$/ });
  const { rows } = await sql`select from work_item where queue = 'alert-life' and key = ${id}`.execute(db);
  t.equal(rows.length, 1, 'its timer stands with it');
  clock.pass(600_000);
  await ask('POST', `/alerts/${id}/hit/confirm`);
  const second = await stands();
  t.ok(Date.parse(second.ackUntil!) >= Date.parse(first.ackUntil!) + 600_000, 'something was done with it');
  clock.pass(901_000);
  await desk.life.handle(id);
  t.match(await stands(), { handling: 'new', ackedBy: null });
  const order = await ask('POST', `/alerts/${id}/hit/order`, { payload: { text: 'car 7' } });
  t.match(order, { status: 200, body: { state: 'ordered' } }, 'whoever takes it up goes on from there');
});

t.test('a hit is signed for, confirmed, ordered and reported, each with its time and its row', async (t) => {
  const id = await hit('k4');
  const path = `/alerts/${id}/hit`;
  t.match((await ask('GET', path, { token: TOKENS.viewer })).body, { state: 'raised', steps: [] });
  t.equal((await ask('POST', `${path}/sign`, { token: TOKENS.viewer })).status, 403);
  t.match((await ask('POST', `${path}/order`, { payload: { text: 'car 7' } })).body, { code: 'conflict.state' });
  for (const [step, payload] of [
    ['sign'],
    ['confirm'],
    ['order', { text: 'car 7 stops B12345' }],
    ['report', { text: 'stopped' }],
  ] as [string, object?][]) {
    const { status } = await ask('POST', `${path}/${step}`, payload ? { payload } : {});
    t.equal(status, 200, step);
  }
  const { body } = await ask('GET', path);
  const steps = (body as { steps: { step: string; at: string; afterS: number; text: string | null }[] }).steps;
  t.equal(steps[2]?.text, 'car 7 stops 浙B***45', 'its plate is masked, also without a place');
  t.same(
    steps.map(({ step }) => step),
    ['signed', 'confirmed', 'ordered', 'reported'],
  );
  t.ok(steps.every(({ at, afterS }) => at === toRfc3339(Date.parse(at)) && afterS >= 0));
  t.match((await ask('GET', `/alerts/${id}`)).body, { handling: 'acked', comments: { length: 3 } });
  const { rows } = await sql<{ action: string }>`select action from audit_entry where subject = ${`alert/${id}`}
    order by seq`.execute(db);
  t.same(
    rows.map(({ action }) => action),
    ['hit.sign', 'hit.confirm', 'hit.order', 'hit.report'],
  );
  const covert = await hit('k5', { data: { handling: 'covert' } });
  for (const step of ['sign', 'confirm']) await ask('POST', `/alerts/${covert}/hit/${step}`);
  t.match((await ask('POST', `/alerts/${covert}/hit/order`, { payload: { text: 'x' } })).body, { detail: /covert/ });
  const fire = await started.alertOf('kiosk-7');
  t.equal((await ask('GET', `/alerts/${fire}/hit`)).status, 404, 'a fire is no hit');
});

t.test('however much was said of a hit, its steps are taken', async (t) => {
  const id = await hit('k6');
  const said = JSON.stringify(Array.from({ length: 200 }, (_, n) => ({ by: 'li', atMs: n, text: `${n}` })));
  await sql`update alert set comments = ${said}::jsonb where id = ${id}::uuid`.execute(db);
  t.equal((await ask('POST', `/alerts/${id}/comment`, { payload: { text: 'one more' } })).status, 409);
  for (const step of ['sign', 'confirm']) t.equal((await ask('POST', `/alerts/${id}/hit/${step}`)).status, 200, step);
  for (const step of ['order', 'report']) {
    t.equal((await ask('POST', `/alerts/${id}/hit/${step}`, { payload: { text: 'x' } })).status, 200, step);
  }
  t.match((await ask('GET', `/alerts/${id}/hit`)).body, { state: 'reported' });
});

t.test('the hits of a list are told with how they stand, to who may see both', async (t) => {
  const order = {
    unit: '分局',
    officer: '李',
    phone: '110',
    category: 'stolen-vehicle',
    level: 2,
    handling: 'intercept',
  };
  const made = await ask('POST', '/watchlists', {
    payload: {
      name: 'of hits',
      jurisdiction: HERE,
      reason: 'r',
      case: 'A-1',
      order: { ...order, until: toRfc3339(clock.nowMs() + 86_400_000) },
      entries: [{ plate: '浙B12345', reason: 'stolen' }],
    },
  });
  const list = (made.body as { id: string }).id;
  const entries = await ask('GET', `/watchlists/${list}/entries`);
  const [{ id: entry }] = (entries.body as { items: [{ id: string }] }).items;
  const [first, second] = [await hit('h1', { data: { entry } }), await hit('h2', { data: { entry } })];
  await hit('h3', { data: { entry: '00000000-0000-4000-8000-000000000000' } });
  const secret = await hit('h4', { data: { entry }, seenBy: ['somebody'] });
  const far = await hit('h5', { data: { entry }, jurisdiction: '310000' });
  const graver = await hit('h6', { data: { entry: 'of another list', also_entries: ['of a third', entry] } });
  const odd = await hit('h7', { data: { entry: 'of another list', also_entries: entry } });
  await ask('POST', `/alerts/${first}/hit/sign`);
  interface Found {
    items: { alert: string; state: string }[];
    next?: string;
  }
  const of = async (query = '') => (await ask('GET', `/watchlists/${list}/hits${query}`)).body as Found;
  const { items } = await of();
  t.match(items, [
    { alert: graver, state: 'raised', place: 'h6' },
    { alert: second, state: 'raised', plate: '浙B***45', place: 'h2', handling: 'new' },
    { alert: first, state: 'signed', handling: 'acked', steps: [{ step: 'signed' }] },
  ]);
  t.notOk(items.some(({ alert }) => [secret, far, odd].includes(alert)));
  const page = await of('?limit=1');
  t.equal(page.items[0]?.alert, graver);
  t.match(await of(`?limit=2&cursor=${page.next}`), { items: [{ alert: second }, { alert: first }] });
  t.equal((await ask('GET', `/watchlists/${list}/hits`, { token: TOKENS.viewer })).status, 403);
  t.equal((await ask('GET', `/watchlists/${list}/hits`, { token: TOKENS.foreign })).status, 404);
  t.match((await ask('POST', `/watchlists/${list}/request`)).body, { state: 'requested', byYou: true });
});

t.test('plates are told whole by permit, and every time is registered first', async (t) => {
  const { url, received } = await startReceiver(t);
  const input = { name: 'prosecutor', type: 'webhook', target: { url }, jurisdiction: HERE };
  const { subscription } = await desk.subscriptions.create(VIEWS, input);
  const { permits, whole } = alerts;
  const untilMs = desk.clock.nowMs() + 60_000;
  const why = { purpose: 'trial', case: 'C-9', untilMs };
  const holder = { type: 'subscription' as const, id: subscription.id };
  await t.rejects(permits.give(VIEWS, { holder, ...why }), { code: 'auth.forbidden' }, 'of their own');
  const self = { type: 'token' as const, id: ADMIN.id };
  await t.rejects(permits.give(ADMIN, { holder: self, ...why }), { code: 'auth.forbidden' });
  const id = await hit('k6');
  const masked = await desk.queries.get(VIEWS, id);
  t.match(masked.data, { plate: '浙B***45' });
  await t.rejects(whole.get(VIEWS, id, BY_PERMIT), { code: 'auth.forbidden' });
  t.equal(wantedLooks.length, 0);
  const given = await permits.give(ADMIN, { holder: { type: 'token', id: VIEWS.id }, ...why });
  t.match((await whole.get(VIEWS, id, BY_PERMIT)).data, {
    plate: '浙B12345',
    wanted_plate: '浙B12345',
    watchlist: 'stolen',
  });
  const look = { viewer: { id: VIEWS.id }, act: 'plates', device: 'k6', purpose: 'trial', case: 'C-9' };
  t.match(wantedLooks, [{ ...look, asked: { alert: id, permit: given.id } }]);
  await permits.end(ADMIN, given.id);
  await t.rejects(whole.get(VIEWS, id, BY_PERMIT), { code: 'auth.forbidden' });

  const entries = (await desk.queries.events(ADMIN, 0, 500)).entries.filter(({ alertId }) => alertId === id);
  const entry = entries[0]!.body;
  t.equal(await whole.forDelivery(subscription.id, entry), entry.alert, 'without a permit as it is');
  await permits.give(ADMIN, { holder, ...why });
  t.match(await whole.forDelivery(subscription.id, entry), { id, data: { plate: '浙B12345' } });
  t.match(wantedLooks.at(-1), { viewer: { id: subscription.id }, case: 'C-9', asked: { alert: id, event: entry.id } });
  await until('it was sent', () => received.some(({ data }) => data.data.id === id));
  t.notMatch(JSON.stringify(received), /12345/, 'what went out before was masked');
});

import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { AccessTables } from '../../../../src/access/tables.ts';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import type { Insertable } from '../../../../src/platform/database/database.ts';
import { startReceiver } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { bearer, HERE, startApi, TOKENS } from '../../../support/api/api.ts';
import { until } from '../../../support/time/until.ts';

const { alerts, desk, looks, registerDown, alertOf, ask } = await startAlertsApi(t);

const person = (username: string, jurisdiction: string, other: Partial<Insertable<AccessTables['person']>> = {}) => {
  const made = { role: 'operator' as const, password_hash: 'x', created_by: 'admin', created_at_ms: 1, version: 1 };
  return { id: randomUUID(), username, name: username, jurisdiction, ...made, ...other };
};
const enter = (...people: ReturnType<typeof person>[]) =>
  desk.database.tables<AccessTables>().insertInto('person').values(people).execute();

t.test('an alert is read, taken, commented and closed; the second person is told who was first', async (t) => {
  const id = await alertOf('kiosk-a');
  const { body } = await ask('GET', '/alerts?device=kiosk-a');
  t.match(body, { items: [{ id, device: 'kiosk-a', severity: 'extreme', handling: 'new', location: { lat: 29.87 } }] });
  const one = await ask('GET', `/alerts/${id}`);
  t.match(one.headers.etag, /^"\d+"$/);
  t.match(one.body, { stamps: { receivedAt: /Z$/, decidedAt: /Z$/, committedAt: /Z$/ } });
  t.match((await ask('POST', `/alerts/${id}/ack`)).body, {
    handling: 'acked',
    ackedBy: 'operator',
    ackedById: 'operator',
  });
  const second = await ask('POST', `/alerts/${id}/ack`, { token: TOKENS.admin });
  t.equal(second.status, 409);
  t.match(second.body, { code: 'conflict.state', detail: /Already acknowledged by operator at / });
  t.equal((await ask('POST', `/alerts/${id}/ack`, { token: TOKENS.viewer })).status, 403);
  await enter(
    person('wang', HERE),
    person('gone', HERE, { disabled_at_ms: 1 }),
    person('elsewhere', '510700'),
    person('fitter', HERE, { role: 'technician' }),
  );
  for (const to of ['nobody', 'gone', 'elsewhere', 'fitter']) {
    const answer = await ask('POST', `/alerts/${id}/assign`, { payload: { to } });
    t.match(
      answer,
      { status: 400, body: { issues: [{ path: 'to', message: /may see this alert: see GET \/duty\/people/ }] } },
      to,
    );
  }
  t.match((await ask('POST', `/alerts/${id}/assign`, { payload: { to: 'Wang' } })).body, { assignedTo: 'wang' });
  t.match((await ask('POST', `/alerts/${id}/comment`, { payload: { text: '到场' } })).body, {
    comments: [{ by: 'operator', text: '到场' }],
  });
  const closed = await ask('POST', `/alerts/${id}/close`, { payload: { verdict: 'confirmed' } });
  t.match(closed.body, { handling: 'closed', verdict: 'confirmed' });
  const page = await ask('GET', '/alerts/events?limit=500');
  const types = (page.body as { items: { type: string }[] }).items.map(({ type }) => type);
  t.same(types, ['alert.opened', 'alert.acked', 'alert.assigned', 'alert.commented', 'alert.closed']);
});

t.test('across the border, and under nonsense, nothing is found and nothing breaks', async (t) => {
  const id = await alertOf('kiosk-b');
  const absent = await ask('GET', '/alerts/00000000-0000-4000-8000-000000000000', { token: TOKENS.foreign });
  for (const name of [id, 'nonsense', "x' or true --", '%00', '..%2f']) {
    const answer = await ask('GET', `/alerts/${name}`, { token: TOKENS.foreign });
    t.equal(answer.status, 404, name);
    t.equal(answer.text.length, absent.text.length, name);
    for (const [action, payload] of [
      ['ack', undefined],
      ['close', { verdict: 'drill' }],
    ] as const) {
      const options = { token: TOKENS.foreign, ...(payload ? { payload } : {}) };
      t.equal((await ask('POST', `/alerts/${name}/${action}`, options)).status, 404, `${action} ${name}`);
    }
  }
  t.same((await ask('GET', '/alerts', { token: TOKENS.foreign })).body, { items: [] });
  t.match((await ask('GET', '/alerts/events', { token: TOKENS.foreign })).body, { items: [] });
  t.equal((await ask('GET', `/alerts?rule=${encodeURIComponent('\u0000')}`)).status, 400);
  t.equal((await ask('POST', `/alerts/${id}/close`, { payload: { verdict: 'whatever' } })).status, 400);
  t.equal((await ask('POST', `/alerts/${id}/close`, { payload: { verdict: 'drill', version: 9 } })).status, 400);
});

t.test('a picture is shown after its look is registered, or not at all', async (t) => {
  const id = await alertOf('kiosk-c');
  const path = `/alerts/${id}/evidence/${id}`;
  const shown = await ask('GET', path);
  t.match(shown.headers, { 'content-type': 'image/jpeg', 'cache-control': 'private, no-store' });
  const look = { caller: { id: 'operator' }, camera: 'camera-1', purpose: 'alert-evidence', alert: id };
  t.match(looks, [{ ...look, case: null }]);
  t.equal(shown.headers['x-register-entry'], '1', 'the number of its entry');
  t.equal((await ask('GET', `${path}?case=A-7`)).status, 200);
  t.match(looks[1], { ...look, case: 'A-7' });
  registerDown.error = new Error('no register');
  const refused = await ask('GET', path);
  registerDown.error = null;
  t.equal(refused.status, 500);
  t.match(refused.headers['content-type'], /problem/);
});

t.test('by urgency the open and gravest come first, and every alert is reached once', async (t) => {
  const ids = new Set<string>();
  for (let n = 0; n < 9; n += 1) ids.add(await alertOf(`kiosk-u${n}`));
  const severities = ['minor', 'moderate', 'severe', 'extreme', 'minor', 'moderate', 'severe', 'extreme', 'extreme'];
  const tables = desk.database.tables<{ alert: AlertTables['alert'] }>();
  for (const [at, id] of [...ids].entries()) {
    const handling = at > 5 ? 'closed' : 'new';
    const severity = severities[at] ?? 'minor';
    await tables.updateTable('alert').set({ severity, handling }).where('id', '=', id).execute();
  }
  const read = async (order: string, limit: number) => {
    const rows: { id: string; device: string; severity: string; handling: string }[] = [];
    for (let next = ''; ; ) {
      const { status, body, text } = await ask('GET', `/alerts?order=${order}&limit=${limit}${next}`);
      if (status !== 200) throw new Error(text);
      const page = body as { items: typeof rows; next?: string };
      rows.push(...page.items);
      if (page.next === undefined) return rows.filter(({ id }) => ids.has(id)).map(({ device }) => device.at(-1));
      next = `&cursor=${page.next}`;
    }
  };
  const urgent = ['3', '2', '5', '1', '4', '0', '8', '7', '6'];
  t.same(await read('urgency', 500), urgent);
  t.same(await read('urgency', 2), urgent, 'page by page');
  t.same(await read('newest', 2), ['8', '7', '6', '5', '4', '3', '2', '1', '0']);
  const { body } = await ask('GET', '/alerts?order=urgency&limit=1');
  const { next } = body as { next: string };
  t.equal((await ask('GET', `/alerts?order=newest&limit=1&cursor=${next}`)).status, 400, 'a cursor of the other order');
});

t.test('a cursor of somebody else, of nothing, or of another log is refused', async (t) => {
  const { body } = await ask('GET', '/alerts/events?limit=1');
  const { cursor } = body as { cursor: string };
  t.equal((await ask('GET', `/alerts/events?after=${cursor}`)).status, 200);
  t.match((await ask('GET', `/alerts/events?after=${cursor}`, { token: TOKENS.admin })).body, {
    code: 'request.cursor',
  });
  t.match((await ask('GET', '/alerts/events?after=AAAA')).body, { code: 'request.cursor' });
  const other = await startApi(t, {
    alerts: { ...alerts, feed: { epoch: 'other', floor: 0, head: 1, newest: async () => 1, next: desk.feed.next } },
  });
  const url = `/api/v1/alerts/events?after=${cursor}`;
  const gone = await other.call({ method: 'GET', url, headers: bearer(TOKENS.operator) });
  t.equal(gone.status, 410);
  t.match(gone.body, { code: 'cursor.expired' });
});

t.test('a subscription is made, tells its secret once, shows what became of it, and ends', async (t) => {
  const receiver = await startReceiver(t);
  const payload = { name: 'centre', url: receiver.url, jurisdiction: HERE, severities: ['extreme'] };
  const made = await ask('POST', '/subscriptions', { payload });
  t.equal(made.status, 201, made.text);
  const { id, secret } = made.body as { id: string; secret: string };
  t.match(secret, /^whsec_/);
  receiver.answer(410);
  await alertOf('kiosk-e');
  const disabled = await until('the receiver is gone for good', async () => {
    const list = await ask('GET', '/subscriptions');
    return list.text.includes('"disabled"') ? list : null;
  });
  t.notMatch(disabled.text, secret.slice(6));
  t.match(disabled.body, { items: [{ id, state: 'disabled', version: 1, counts: { delivered: 0, waiting: 0 } }] });
  const dead = (await ask('GET', `/subscriptions/${id}/dead-letters`)).body as { items: unknown[] };
  t.ok(dead.items.length > 0);
  receiver.answer(200);
  const again = await ask('POST', `/subscriptions/${id}/dead-letters`);
  t.ok((again.body as { count: number }).count > 0);
  await until('it is delivered', () => receiver.received.length > 0);
  t.equal((await ask('DELETE', `/subscriptions/${id}`, { token: TOKENS.foreign })).status, 404);
  t.equal((await ask('DELETE', `/subscriptions/${id}`)).status, 204);
  t.equal((await ask('GET', `/subscriptions/${id}/dead-letters`)).status, 404);
  for (const url of ['http://10.0.0.1/', 'ftp://127.0.0.1/', 'http://user:pw@127.0.0.1/', 'http://[::1]/']) {
    t.equal((await ask('POST', '/subscriptions', { payload: { ...payload, url } })).status, 400, url);
  }
});

t.test('a watchlist is kept without showing its plates', async (t) => {
  const entries = [{ plate: '浙B12345', reason: 'stolen', validUntil: '2036-01-01T00:00:00Z' }];
  const payload = { name: 'stolen', jurisdiction: HERE, reason: 'report', case: 'A-1', entries };
  const made = await ask('POST', '/watchlists', { payload });
  t.match(made.body, { entries: 1 });
  const list = await ask('GET', '/watchlists');
  t.match(list.body, { items: [{ name: 'stolen', case: 'A-1', version: 1 }] });
  t.notMatch(list.text, /12345/);
  const old = { ...payload, entries: [{ ...entries[0], validUntil: '2020-01-01T00:00:00Z' }] };
  t.match((await ask('POST', '/watchlists', { payload: old })).body, { issues: [{ path: 'entries.0.validUntil' }] });
  const many = { ...payload, entries: Array.from({ length: 10_001 }, () => ({ plate: 'A1', reason: 'x' })) };
  const issues = [{ path: 'entries', message: /more than 10000 plates: .*\/entries/ }];
  t.match(await ask('POST', '/watchlists', { payload: many }), { status: 400, body: { issues } }, 'and what to do');
  const path = `/watchlists/${(made.body as { id: string }).id}`;
  t.equal((await ask('DELETE', path, { token: TOKENS.foreign })).status, 404);
  t.equal((await ask('DELETE', path)).status, 204);
});

t.test('a subscription goes on without its owner, is shown so, and is taken over once', async (t) => {
  const { url } = await startReceiver(t);
  const payload = { name: 'theirs', url, jurisdiction: HERE };
  const { id } = (await ask('POST', '/subscriptions', { payload })).body as { id: string };
  const shown = async () => {
    const { items } = (await ask('GET', '/subscriptions')).body as { items: { id: string }[] };
    return items.find((each) => each.id === id);
  };
  const row = { role: 'operator', jurisdiction: HERE, purpose: null, created_by: 'x', created_at_ms: 1 } as const;
  const token = (name: string) => ({
    ...row,
    id: name,
    name,
    token_hash: Buffer.alloc(32, name),
    expires_at_ms: null,
    revoked_at_ms: null,
  });
  const tokens = desk.database.tables<AccessTables>();
  const area = {
    code: HERE,
    name_zh: '鄞州',
    name_en: 'Yinzhou',
    parent: null,
    valid_from: null,
    valid_to: null,
  };
  await tokens
    .insertInto('jurisdiction')
    .values({ ...area, successor: null })
    .execute();
  await tokens
    .insertInto('api_token')
    .values([token('operator'), token('admin')])
    .execute();
  t.match(await shown(), { owner: 'operator', ownerless: false });
  const takeOver = (by: string) => ask('POST', `/subscriptions/${id}/take-over`, { token: by });
  t.match(await takeOver(TOKENS.admin), { status: 409, body: { detail: /belongs to operator/ } });
  await tokens.updateTable('api_token').set({ revoked_at_ms: 2 }).where('id', '=', 'operator').execute();
  t.match(await shown(), { state: 'active', owner: 'operator', ownerless: true });
  t.equal((await takeOver(TOKENS.foreign)).status, 404);
  t.equal((await takeOver(TOKENS.admin)).status, 204);
  t.match(await shown(), { createdBy: 'operator', owner: 'admin', ownerless: false });
  t.equal((await takeOver(TOKENS.admin)).status, 409);
  const expires = (expires_at_ms: number | null) =>
    tokens.updateTable('api_token').set({ expires_at_ms }).where('id', '=', 'admin').execute();
  await expires(2);
  t.match(await shown(), { state: 'active', owner: 'admin', ownerless: true }, 'a token that has expired owns nothing');
  await expires(null);
});

t.test('a person who may log in owns a subscription until the account is disabled', async (t) => {
  const { url } = await startReceiver(t);
  const make = await ask('POST', '/subscriptions', { payload: { name: 'of a person', url, jurisdiction: HERE } });
  const { id } = make.body as { id: string };
  const person = { id: randomUUID(), username: 'owner', name: 'Owner', jurisdiction: HERE, disabled_at_ms: null };
  const place = { role: 'operator', password_hash: 'x', created_by: 'admin', created_at_ms: 1, version: 1 } as const;
  const people = desk.database.tables<AccessTables>();
  await people
    .insertInto('person')
    .values({ ...person, ...place })
    .execute();
  await desk.database
    .tables<AlertTables>()
    .updateTable('subscription')
    .set({ owner_type: 'person', owner_id: person.id, owner_name: person.name })
    .where('id', '=', id)
    .execute();
  const shown = async () => {
    const { items } = (await ask('GET', '/subscriptions')).body as { items: { id: string }[] };
    return items.find((each) => each.id === id);
  };
  t.match(await shown(), { owner: 'Owner', ownerless: false });
  const takeOver = () => ask('POST', `/subscriptions/${id}/take-over`, { token: TOKENS.admin });
  t.match(await takeOver(), { status: 409, body: { detail: /belongs to Owner/ } });
  await people.updateTable('person').set({ disabled_at_ms: 2 }).where('id', '=', person.id).execute();
  t.match(await shown(), { state: 'active', owner: 'Owner', ownerless: true });
  t.equal((await takeOver()).status, 204);
  t.match(await shown(), { ownerless: false });
});

t.test('subscriptions have shares: of one owner, of one district, and beyond them others go on', async (t) => {
  const { url } = await startReceiver(t);
  const make = (token: string, jurisdiction: string) =>
    ask('POST', '/subscriptions', { token, payload: { name: 'n', url, jurisdiction } });
  const untilFull = async (token: string, jurisdiction: string) => {
    for (let made = 0; ; made += 1) {
      const answer = await make(token, jurisdiction);
      if (answer.status !== 201) return { made, ...answer };
    }
  };
  const ofOperator = await untilFull(TOKENS.operator, HERE);
  t.match(ofOperator, { status: 409, body: { detail: /You have 20 subscriptions/ } });
  t.ok(ofOperator.made <= 20);
  await desk.database
    .tables<AlertTables>()
    .updateTable('subscription')
    .set({ owner_id: 'another' })
    .where('owner_id', '=', 'operator')
    .execute();
  const ofDistrict = await untilFull(TOKENS.operator, HERE);
  const { detail } = ofDistrict.body as { detail: string };
  t.match(detail, /You have 20|in 330212/);
  t.match(await make(TOKENS.admin, HERE), { status: 409, body: { detail: /There are 40 subscriptions in / } });
  t.equal((await make(TOKENS.foreign, '510700')).status, 201);
});

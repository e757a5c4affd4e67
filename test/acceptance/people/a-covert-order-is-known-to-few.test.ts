import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { EventReader } from '../../support/alerts/event-reader.ts';
import { RECEIVER_NETWORKS, WebhookReceiver } from '../../support/alerts/webhook-receiver.ts';
import { questionsFor } from '../../support/api/border.ts';
import { orderBody } from '../../support/api/watchlist-requests.ts';
import { commandInProcess } from '../../support/gateway/command-line.ts';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import { lentInflux, lentServices } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

const MARK = 'covert-mark';
const [SECRET, OPEN] = ['浙B7Q4X9', '浙B33333'];
const AREA = '330200';
const NOBODY = '00000000-0000-4000-8000-000000000000';

const gateway = await Gateway.start(t, {
  ...(await lentServices(t)),
  ...lentInflux(t),
  CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS,
});
const receiver = await WebhookReceiver.subscribe(t, gateway);
const port = Number(new URL(gateway.httpUrl).port);

async function tokenOf(name: string, role: string): Promise<{ id: string; token: string }> {
  return (await gateway.api('POST', '/tokens', { body: { name, role, jurisdiction: AREA, purpose: 'routine' } })).body;
}

const [li, wang] = [await tokenOf('li', 'commander'), await tokenOf('wang', 'commander')];
const others = [ADMIN_TOKEN, (await tokenOf('he', 'commander')).token, (await tokenOf('wu', 'viewer')).token];
const foreign = new EventReader(t, port, { token: ADMIN_TOKEN });
const own = new EventReader(t, port, { token: li.token });
/** Administrators who are named among others; who handles alerts keeps no subscriptions. */
const [hu, jin] = [await tokenOf('hu', 'admin'), await tokenOf('jin', 'admin')];
const ofHu = await WebhookReceiver.subscribe(t, gateway, { token: hu.token, name: 'of hu' });
const ofJin = await WebhookReceiver.subscribe(t, gateway, { token: jin.token, name: 'of jin' });
const made: { list: string; alert: string } = { list: '', alert: '' };

async function pass(plate: string, secret: string, id: string): Promise<void> {
  const body = {
    ts: Date.now(),
    id,
    type: 'passage',
    data: { plate, plateColor: 'blue', plateConfidence: 0.97, lane: 1 },
  };
  const { status } = await gateway.api('POST', '/devices/kk/events', { body, token: `kk:${secret}` });
  if (status !== 202) throw new Error(`answered ${status}`);
}

t.test('a covert order is asked for and approved among those it names', async (t) => {
  const secret = await gateway.register({ id: 'kk', kind: 'checkpoint' });
  const order = orderBody(AREA, { handling: 'covert', named: [wang.id, hu.id, jin.id] });
  const entries = [{ plate: SECRET, reason: MARK }];
  const body = { ...order, name: MARK, reason: MARK, case: MARK, entries };
  made.list = (await gateway.api('POST', '/watchlists', { body, token: li.token })).body.id;
  const step = (name: string, token: string) => gateway.api('POST', `/watchlists/${made.list}/${name}`, { token });
  t.equal((await step('request', li.token)).status, 200);
  t.equal((await step('approve', ADMIN_TOKEN)).status, 404, 'who is not named cannot even approve it');
  t.match(await step('approve', wang.token), { status: 200, body: { state: 'active', entries: 1 } });
  const open = { plate: OPEN, reason: 'stolen', validUntil: '2036-01-01T00:00:00Z' };
  const list = { name: 'open', jurisdiction: AREA, reason: 'theft', case: 'C-1', entries: [open] };
  await gateway.api('POST', '/watchlists', { body: list });
  await pass(SECRET, secret, 'e-1');
  const seen = async () => (await gateway.api('GET', '/alerts?device=kk', { token: li.token })).body.items[0];
  made.alert = (await until('those who are named see the alert', seen)).id;
  await pass(OPEN, secret, 'e-2');
  await until('all see the other', () => receiver.taken.some(({ alert }) => alert.device === 'kk'));
  await until('on the stream as well', () => foreign.events.length > 1 && own.events.length > foreign.events.length);
});

t.test('nobody else is told of it by any route, stream, count or webhook', async (t) => {
  const wanted = { kiosk: 'kk', serial: 'x', command: NOBODY, image: NOBODY, subscription: NOBODY, camera: 'kk' };
  const rest = { check: NOBODY, order: 'W-2026-1', photo: NOBODY, plan: NOBODY, alert: made.alert };
  const questions = {
    ...questionsFor({ ...wanted, ...rest }),
    'GET /watchlists/{id}': `/watchlists/${made.list}`,
    'GET /watchlists/{id}/entries': `/watchlists/${made.list}/entries`,
    'GET /watchlists of all': '/watchlists?ended=true',
  };
  const isTold = new RegExp(`${MARK}|${made.alert}`);
  for (const [route, path] of Object.entries(questions)) {
    for (const token of others) {
      const { text, status } = await gateway.api('GET', path, { token });
      t.notMatch(text, isTold, route);
      if (path.includes(made.alert) || path.includes(made.list)) t.ok(status === 404 || status === 403, route);
    }
  }
  const openNow = async (token: string) => (await gateway.api('GET', '/overview', { token })).body;
  const counts = [JSON.stringify(await openNow(li.token)), JSON.stringify(await openNow(others[1]!))];
  t.match(counts[0], /"severe":2/);
  t.match(counts[1], /"severe":1/);
  t.notMatch(JSON.stringify(foreign.events), isTold);
  t.match(JSON.stringify(own.events), isTold, 'it is looked for in the right way');
  t.notMatch(JSON.stringify(receiver.taken), isTold);
  for (const action of ['ack', 'hit/sign']) {
    const { status } = await gateway.api('POST', `/alerts/${made.alert}/${action}`, { token: others[1]! });
    t.equal(status, 404, action);
  }
});

t.test('those who are named work with it, and the vehicle is not stopped', async (t) => {
  const step = (name: string, body?: object) =>
    gateway.api('POST', `/alerts/${made.alert}/hit/${name}`, { token: wang.token, ...(body ? { body } : {}) });
  t.match(await step('sign'), { status: 200, body: { covert: true, state: 'signed' } });
  t.equal((await step('confirm')).status, 200);
  t.equal((await step('order', { text: 'car 7' })).status, 409);
  t.equal((await step('report', { text: 'went north' })).status, 200);
  const why = { purpose: 'investigation', case: 'C-2' };
  const { body } = await gateway.api('POST', `/alerts/${made.alert}/plates`, { body: why, token: li.token });
  t.match(body, { plates: { wanted_plate: SECRET } });
});

t.test('those who are named take it away as a bundle, and for all others there is none', async (t) => {
  const path = `/alerts/${made.alert}/bundle`;
  const ask = (token: string, body: object = {}) => gateway.api('POST', path, { token, body });
  const missing = await gateway.api('POST', `/alerts/${NOBODY}/bundle`, { token: others[1]!, body: {} });
  const { status, body } = await ask(others[1]!);
  t.same([status, body.code, body.detail], [missing.status, missing.body.code, missing.body.detail]);
  t.equal(status, 404);
  const bundles = {
    masked: await ask(wang.token),
    whole: await ask(wang.token, { plates: 'whole', case: 'C-2' }),
  };
  for (const [plates, asked] of Object.entries(bundles)) {
    t.match(asked, { status: 202, body: { alert: made.alert, plates } });
    const where = `/recording-exports/${asked.body.id}`;
    const ready = async () => (await gateway.api('GET', where, { token: wang.token })).body.state === 'ready';
    await until('it is ready', ready, 60_000);
    for (const [name, token] of [
      ['who is not named', others[1]!],
      ['an administrator who is not', ADMIN_TOKEN],
    ] as const) {
      for (const route of [where, `${where}/export.tar`]) {
        t.equal((await gateway.api('GET', route, { token })).status, 404, `${name}: ${route}`);
      }
      t.equal((await gateway.api('POST', `${where}/remove`, { token })).status, 404, name);
      t.notMatch((await gateway.api('GET', '/recording-exports', { token })).text, made.alert, name);
    }
    const archive = await gateway.bytes(`${where}/export.tar`, wang.token);
    t.ok(archive.includes(MARK), 'what its order is called');
    t.match(
      archive.toString('utf8'),
      /alert\/hit\.json[\s\S]*"reported"[\s\S]*went north/,
      'what was done with the hit',
    );
    t.equal(archive.includes(SECRET), plates === 'whole', `${plates}: its plate`);
  }
  const { items } = (await gateway.api('GET', '/recording-exports', { token: wang.token })).body;
  t.equal(items.length, 2);
  const newest = (token: string) => gateway.api('GET', path, { token });
  t.match(await newest(wang.token), { status: 200, body: { id: bundles.whole.body.id, state: 'ready' } });
  const none = await gateway.api('GET', `/alerts/${NOBODY}/bundle`, { token: ADMIN_TOKEN });
  for (const token of [others[1]!, ADMIN_TOKEN]) {
    const { status: told, body: problem } = await newest(token);
    t.same([told, problem.code, problem.detail], [404, none.body.code, none.body.detail]);
  }
});

t.test('the receiver of one who is named hears of it until they are gone, also what waited until then', async (t) => {
  const heard = (hook: WebhookReceiver) => hook.effects.filter(({ alert }) => alert.id === made.alert);
  await until('those who are named were told', () => heard(ofHu).length > 0 && heard(ofJin).length > 0);
  const counted = async () => {
    const { items } = await gateway.get('/subscriptions');
    return items.find(({ name }: { name: string }) => name === 'of hu').counts;
  };
  await until('nothing waits', async () => (await counted()).waiting === 0);
  const [before, { withheld }] = [heard(ofHu).length, await counted()];
  await ofHu.down();
  const comment = (text: string) =>
    gateway.api('POST', `/alerts/${made.alert}/comment`, { token: wang.token, body: { text } });
  t.equal((await comment('while nobody answers')).status, 200);
  await until('it waits', async () => (await counted()).waiting === 1);
  const ended = await gateway.api('DELETE', `/tokens/${hu.id}`, { headers: { 'if-match': '"1"' } });
  t.equal(ended.status, 204);
  t.equal((await comment('when hu is gone')).status, 200);
  await ofHu.up();
  await until('both are withheld', async () => (await counted()).withheld === withheld + 2, 60_000);
  t.match(await counted(), { waiting: 0 });
  t.equal(heard(ofHu).length, before);
  await until('the other one hears both', () => heard(ofJin).length === before + 2);
});

t.test('one that was asked for just before a kill is made all the same, and holds', async (t) => {
  const asked = await gateway.api('POST', `/alerts/${made.alert}/bundle`, { token: wang.token, body: {} });
  t.equal(asked.status, 202);
  await gateway.stop('SIGKILL');
  await gateway.start();
  const where = `/recording-exports/${asked.body.id}`;
  const ready = async () => (await gateway.api('GET', where, { token: wang.token })).body.state === 'ready';
  await until('it is ready', ready, 90_000);
  const place = t.testdir();
  const [archive, key] = [join(place, 'bundle.tar'), join(place, 'gateway.pem')];
  writeFileSync(archive, await gateway.bytes(`${where}/export.tar`, wang.token));
  writeFileSync(key, (await gateway.get('/recording-exports/key')).pem);
  t.match(await commandInProcess(['verify', archive, '--key', key]), { status: 0, stdout: /The export holds/ });
});

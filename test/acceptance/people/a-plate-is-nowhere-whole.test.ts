import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { EventReader } from '../../support/alerts/event-reader.ts';
import { RECEIVER_NETWORKS, WebhookReceiver } from '../../support/alerts/webhook-receiver.ts';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import { until } from '../../support/time/until.ts';
import { MqttDevice } from '../../support/uplinks/mqtt-devices.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

/** What no mask leaves of the planted plate, however it is written. */
const REST = '7Q4X9';
const PLATE = `浙B${REST}`;
const LONG = `浙B·${REST}${'A'.repeat(40)}`;
const CHECKPOINT = join(import.meta.dirname, '../../../config/kinds/checkpoint.yaml');
/** No longer than the journal is searched at once. */
const RANGE = `from=${new Date(Date.now() - 200_000).toISOString()}&to=${new Date(Date.now() + 390_000).toISOString()}`;
const WHY = { purpose: 'investigation', case: 'A-2026-7' };

const gateway = await Gateway.start(t, {
  CITYWATCH_LOG_LEVEL: 'trace',
  CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS,
});
const receiver = await WebhookReceiver.subscribe(t, gateway);
const stream = new EventReader(t, Number(new URL(gateway.httpUrl).port), { token: ADMIN_TOKEN });
const answers: string[] = [];

async function ask(...[method, path, request]: Parameters<Gateway['api']>) {
  const answer = await gateway.api(method, path, request);
  answers.push(`${method} ${path} ${answer.status} ${JSON.stringify([...answer.headers])} ${answer.text}`);
  return answer;
}

function nowhere(t: Test, place: string, text: string): void {
  t.ok(text.length > 100, `${place}: ${text.length} characters`);
  const at = text.indexOf(REST);
  t.equal(at, -1, `${place}${at < 0 ? '' : `: ${text.slice(Math.max(0, at - 200), at + 50)}`}`);
}

t.test('a wanted plate comes in by every door', async (t) => {
  const [checkpoint] = await MqttDevice.connect(t, gateway, { kind: 'checkpoint' });
  const secret = await gateway.register({ id: 'kk', kind: 'checkpoint' });
  const entries = [{ plate: PLATE, reason: 'stolen', validUntil: '2099-01-01T00:00:00Z' }];
  const list = { name: 'wanted', jurisdiction: '330200', reason: 'stolen cars', case: 'T-1', entries };
  const headers = { 'idempotency-key': 'watchlist-1' };
  t.equal((await ask('POST', '/watchlists', { body: list, headers })).status, 201);
  t.equal((await ask('POST', '/watchlists', { body: { ...list, name: 3 } })).status, 400);
  await checkpoint!.tell('passage', 'm-1', { plate: `浙B·${REST}|粤ZJ068澳`, lane: 1 });
  await checkpoint!.tell('wrong_way', 'm-2', { plate: PLATE, lane: 1 });
  await checkpoint!.tell('passage', 'm-3', { plate: LONG, lane: 1 });
  await checkpoint!.tell('passage', 'm-4', { chepai: PLATE, lane: 1 });
  await checkpoint!.tell(PLATE, 'm-5', { lane: 1 });
  const token = `kk:${secret}`;
  const event = (plate: string) => ({ ts: Date.now(), type: 'passage', data: { plate, lane: 2 } });
  for (const path of ['/devices/kk/events', '/devices/kk/events?lane=bulk']) {
    for (const body of [event(PLATE), event(LONG), `{"type":"passage","data":{"plate":"${PLATE}"`]) {
      await ask('POST', path, { token, body });
    }
  }
  const told = () => new Set(receiver.taken.map(({ alert }) => alert.device)).size === 2;
  await until('both alerts are delivered', told, 60_000);
  await gateway.settledLedger();
  const stored = async () => (await gateway.get(`/devices/kk/events?${RANGE}`)).items.length >= 2;
  await until('the events are stored', stored, 60_000);
});

t.test('who is told of the alert knows the entry that was hit, and asks for the plate', async (t) => {
  const [alert] = (await ask('GET', '/alerts?device=checkpoint-0&rule=plate-on-watchlist')).body.items;
  const hit = { watchlist: 'wanted', watch_reason: 'stolen', entry: /^[0-9a-f-]{36}$/, wanted_plate: '浙B***X9' };
  t.match(alert.data, { ...hit, plate: /^浙B\*\*\*X9\|粤Z\*\*\*8澳$/ });
  const path = `/alerts/${alert.id}/plates`;
  t.match(await ask('POST', path, { body: { purpose: 'investigation' } }), { status: 400 }, 'it takes a case');
  const looked = async () => (await ask('GET', '/access-register')).body.items.filter(isPlates);
  t.equal((await looked()).length, 0);
  const { body } = await gateway.api('POST', path, { body: WHY });
  t.same(body, { plates: { plate: `浙B·${REST}|粤ZJ068澳`, wanted_plate: `浙B·${REST}` } });
  t.match(await looked(), [{ ...WHY, act: 'plates', device: 'checkpoint-0', asked: { alert: alert.id } }]);
  const closing = { body: { verdict: 'drill' } };
  t.equal((await ask('POST', `/alerts/${alert.id}/close`, closing)).status, 200);
});

t.test('no answer, delivery or stream tells the plate without a look', async (t) => {
  const yaml = readFileSync(CHECKPOINT, 'utf8')
    .replace(/^version: \d+/m, 'version: 900')
    .replace('16, sens', '3, sens');
  const dry = await ask('POST', '/kinds/dry-run', { body: { yaml, hours: 1 } });
  t.equal(dry.status, 200);
  t.ok(dry.body.differences.length > 0, 'a shorter plate is a difference');
  const search = { from: new Date(Date.now() - 3_600_000).toISOString(), to: new Date().toISOString(), ...WHY };
  t.ok((await ask('POST', '/passages/search', { body: search })).body.items.length >= 4);
  const devices = ['checkpoint-0', 'kk'].flatMap((id) => [
    ...[`/devices/${id}`, `/devices/${id}/latest`, `/devices/${id}/events?${RANGE}`],
    ...['csv', 'line-protocol'].map((form) => `/devices/${id}/export?${RANGE}&format=${form}&purpose=test&case=1`),
    ...[`/devices/${id}/history?fields=lanes_up&${RANGE}`, `/messages?device=${id}&${RANGE}`],
  ]);
  const others = ['/alerts', '/alerts/events', '/watchlists', '/dead-letters', '/dead-letters/groups', '/audit'];
  for (const path of [...devices, ...others, '/overview', '/ledger', '/subscriptions', '/metrics', '/readyz']) {
    t.equal((await ask('GET', path)).status, 200, path);
  }
  const letters = (await gateway.get('/dead-letters?limit=500')).items;
  t.ok(letters.length >= 5, 'what was refused is there');
  for (const { receipt } of letters) await ask('GET', `/messages?id=${receipt}`);
  nowhere(t, 'answers', answers.join('\n'));
  nowhere(t, 'deliveries', JSON.stringify(receiver.taken));
  t.same(new Set(stream.devices), new Set(['checkpoint-0', 'kk']));
  nowhere(t, 'the stream', JSON.stringify(stream.events));
});

t.test('a bundle of the alert has it masked, on the disk and on its way', async (t) => {
  const [alert] = (await ask('GET', '/alerts?device=checkpoint-0&rule=plate-on-watchlist')).body.items;
  const asked = await ask('POST', `/alerts/${alert.id}/bundle`, { body: WHY });
  t.equal(asked.status, 202);
  const state = async () => (await ask('GET', `/recording-exports/${asked.body.id}`)).body.state;
  await until('the bundle is ready', async () => (await state()) === 'ready', 60_000);
  const archive = await gateway.bytes(`/recording-exports/${asked.body.id}/export.tar`);
  t.ok(archive.includes('浙B***X9'));
  t.match(archive.toString('latin1'), /device\/readings\.csv[\s\S]*passage/, 'the events of its device are in it');
  nowhere(t, 'the bundle', archive.toString('latin1'));
});

t.test('neither log nor files tell it, but for the journal, which keeps messages as they came', async (t) => {
  await gateway.stop('SIGTERM');
  nowhere(t, 'the log', gateway.output);
  // Where the gateway is root, the tables stand elsewhere, for their own user.
  const tables = filesBelow(realpathSync(join(gateway.directory, 'postgres')));
  const files = filesBelow(gateway.directory);
  const isJournal = (path: string) => path.startsWith(join(gateway.directory, 'journal'));
  const text = (paths: string[]) => paths.map((path) => readFileSync(path, 'latin1')).join('\n');
  t.match(text(files.filter(isJournal)), REST, 'it is looked for in the right way');
  const stored = text(tables);
  t.ok(stored.includes(Buffer.from('浙B***X9').toString('latin1')), 'the masked one stands in the tables');
  nowhere(t, 'tables', stored);
  nowhere(t, 'files', text(files.filter((path) => !isJournal(path))));
});

function filesBelow(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function isPlates({ act }: { act: string }): boolean {
  return act === 'plates';
}

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import t, { type Test } from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import { lentInflux, lentServices } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

const gateway = await Gateway.start(t, { ...(await lentServices(t)), ...lentInflux(t) });

interface Told {
  id: string;
  name: string;
  args: Record<string, unknown>;
  deadline: number;
}

/** A device that listens to its commands, and answers them where it is told to. */
async function listen(t: Test, id: string, secret: string, answers: boolean): Promise<{ told: Told[] }> {
  const login = { clientId: id, username: id, password: secret, reconnectPeriod: 0 };
  const client: MqttClient = await connectAsync({ host: '127.0.0.1', port: gateway.mqttPort, ...login });
  client.on('error', () => {});
  t.teardown(() => client.endAsync(true));
  const told: Told[] = [];
  client.on('message', (_topic, payload) => {
    const command = JSON.parse(payload.toString()) as Told;
    told.push(command);
    const reply = JSON.stringify({ id: command.id, ok: true, result: { done: command.name } });
    if (answers) client.publish(`cw/v1/${id}/reply`, reply, { qos: 1 });
  });
  await client.subscribeAsync(`cw/v1/${id}/command`, { qos: 1 });
  return { told };
}

async function allBytesBelow(directory: string): Promise<Buffer> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Buffer.concat(await Promise.all(files.map((file) => readFile(file))));
}

const tell = (
  id: string,
  body: Record<string, unknown>,
  more: { token?: string; headers?: Record<string, string> } = {},
) => gateway.api('POST', `/devices/${id}/commands`, { body, ...more });

async function become(device: string, id: string, state: string) {
  return until(`the command is ${state}`, async () => {
    const command = await gateway.get(`/devices/${device}/commands/${id}`);
    return command.state === state && command;
  });
}

async function tokenOf(role: string, jurisdiction: string): Promise<string> {
  const { body } = await gateway.api('POST', '/tokens', { body: { name: role, role, jurisdiction } });
  return body.token;
}

t.test('a kiosk that is there is unlocked, and who did it is known', async (t) => {
  const secret = await gateway.register({ id: 'here' });
  const { told } = await listen(t, 'here', secret, true);
  const key = { headers: { 'idempotency-key': 'unlock-once' } };
  const first = await tell('here', { name: 'unlock', args: { door: 'bins' } }, key);
  t.match(first, { status: 202, body: { device: 'here', name: 'unlock', args: { door: 'bins' }, reply: null } });
  t.equal(first.headers.get('location'), `/api/v1/devices/here/commands/${first.body.id}`);
  const answered = await become('here', first.body.id, 'answered');
  t.match(answered, { sends: 1, reply: { ok: true, result: { done: 'unlock' }, late: false, cut: false } });
  const again = await tell('here', { name: 'unlock', args: { door: 'bins' } }, key);
  t.equal(again.body.id, first.body.id, 'the same request once more is the same command');
  t.equal(told.length, 1);
  t.equal(told[0]?.deadline, Date.parse(first.body.deadline));
  const audit = await gateway.get('/audit?subject=device/here');
  t.match(audit.items[0], { action: 'command.create', after: { id: first.body.id, name: 'unlock' } });
  t.match(await gateway.get('/devices/here/commands'), { items: [{ id: first.body.id }] });
  t.match(await gateway.get(`/messages?id=${answered.reply.receipt}`), {
    items: [{ device: 'here', channel: 'reply' }],
  });
});

t.test('what a device cannot do, what nobody may and what is not theirs is refused in clear words', async (t) => {
  const unlock = { name: 'unlock', args: {} };
  const unknown = await tell('here', { name: 'fly' });
  t.match(unknown, { status: 400, body: { code: 'request.invalid', issues: [{ path: 'name' }] } });
  t.match(unknown.text, /recycling-kiosk takes: reboot, set_period, unlock, lock, update_firmware/);
  t.match((await tell('here', { name: 'unlock', args: { door: 'roof' } })).text, /one of: bins, service, parcel/);
  await gateway.register({ id: 'eye', kind: 'camera' });
  t.match(await tell('eye', unlock), { status: 400, text: /camera takes no commands/ });
  const technician = await tokenOf('technician', '330203');
  t.match(await tell('here', unlock, { token: technician }), { status: 403, text: /needs the role operator/ });
  t.match(await tell('here', { name: 'reboot' }, { token: technician }), { status: 202 });
  t.equal((await tell('here', unlock, { token: await tokenOf('viewer', '330203') })).status, 403);
  const foreign = await tokenOf('admin', '330212');
  const { items } = await gateway.get('/devices/here/commands?limit=1');
  t.equal((await tell('here', unlock, { token: foreign })).status, 404);
  for (const path of ['/devices/here/commands', `/devices/here/commands/${items[0].id}`]) {
    t.equal((await gateway.api('GET', path, { token: foreign })).status, 404, path);
  }
});

const maintain = (path: string, body: object) => gateway.api('POST', `/devices/kiosk-2${path}`, { body });
const alertInMaintenance = async () => (await gateway.get('/alerts?device=kiosk-2')).items[0];

t.test('an alert of what is in maintenance is kept, and held back', async (t) => {
  const secret = await gateway.register({ id: 'kiosk-2' });
  const begun = await maintain('/maintenance', { reason: '清理', minutes: 30 });
  t.match(begun, { status: 201, body: { reason: '清理', ended: null } });
  const second = await maintain('/maintenance', { reason: 'r', minutes: 1 });
  t.match(second, { status: 409, body: { code: 'conflict.state' } });
  const full = { ts: Date.now(), id: 'full', values: { fill_pct: 95 } };
  await gateway.api('POST', '/devices/kiosk-2/telemetry', { body: full, token: `kiosk-2:${secret}` });
  t.match(await until('it is full', alertInMaintenance), { visibility: 'silenced', condition: 'active' });
  t.match((await gateway.get('/devices/kiosk-2/maintenance')).items, [{ withheld: 1 }]);
});

/** The first secret of a device that is told another. */
let moved = '';

t.test('a gateway killed before it could send sends after its start, and then a deadline passes', async (t) => {
  const secret = await gateway.register({ id: 'away' });
  const inFive = new Date(Date.now() + 300_000).toISOString();
  const made = await tell('away', { name: 'unlock', deadline: inFive });
  moved = await gateway.register({ id: 'moved' });
  const begun = await gateway.api('POST', '/devices/moved/credentials/rotate', {
    body: { of: 'secret', by: 'command' },
  });
  t.match(begun, { status: 202, body: { device: 'moved', state: 'running' } });
  await gateway.stop('SIGKILL');
  await gateway.start();
  t.match(await gateway.get(`/devices/away/commands/${made.body.id}`), { state: 'queued', deadline: inFive });
  const { told } = await listen(t, 'away', secret, true);
  await become('away', made.body.id, 'answered');
  t.match(told, [{ id: made.body.id, name: 'unlock', args: {} }]);

  const mute = await gateway.register({ id: 'mute' });
  const heard = await listen(t, 'mute', mute, false);
  const soon = await tell('mute', { name: 'lock', deadline: new Date(Date.now() + 2_500).toISOString() });
  await until('it is there', () => heard.told.length === 1);
  t.match(await become('mute', soon.body.id, 'expired'), { deliveredAt: /Z$/, sends: 1, reply: null });
  const late = { id: soon.body.id, ok: true };
  const sent = await gateway.api('POST', '/devices/mute/replies', { body: late, token: `mute:${mute}` });
  t.match(sent, { status: 202, body: { receipt: /^live-/ } });
  const again = await gateway.api('POST', '/devices/mute/replies', { body: late, token: `mute:${mute}` });
  const kept = async () => (await gateway.get(`/devices/mute/commands/${soon.body.id}`)).reply !== null;
  await until('the late reply is kept', kept);
  t.match(await gateway.get(`/devices/mute/commands/${soon.body.id}`), { state: 'expired', reply: { late: true } });
  const story = async ({ body: { receipt } }: typeof sent) => {
    const { items } = await gateway.get(`/messages?id=${receipt}`);
    return items[0].stages.find(({ stage }: { stage: string }) => stage === 'answered');
  };
  t.match(await story(sent), { outcome: 'stored', detail: /^lock .* came after the deadline; kept$/ });
  await until('the second is judged', async () => /answered it before/.test((await story(again)).detail));
  t.match(await story(again), { outcome: 'nothing' });
});

t.test('a maintenance outlives the kill, and what it held back is raised at its end', async (t) => {
  t.match(await gateway.get('/devices/kiosk-2'), { state: 'maintenance' });
  t.match((await gateway.get('/devices/health?kind=recycling-kiosk')).counts, { maintenance: 1 });
  t.match(await maintain('/maintenance/end', {}), { status: 200, body: { withheld: 1, endedBy: String } });
  await until('it is raised', async () => (await alertInMaintenance()).visibility === 'normal');
  t.match(await gateway.get('/devices/kiosk-2/health'), { health: 'online', downtime: { offlineS: 0, countedS: 0 } });
});

t.test('a device is told its new secret, which nobody else sees, over that kill', async (t) => {
  const login = { clientId: 'moved', username: 'moved', reconnectPeriod: 0 };
  const connect = async (password: string): Promise<MqttClient> => {
    const client = await connectAsync({ host: '127.0.0.1', port: gateway.mqttPort, ...login, password });
    client.on('error', () => {});
    t.teardown(() => client.endAsync(true));
    return client;
  };
  const say = (client: MqttClient, channel: string, body: Record<string, unknown>) =>
    client.publishAsync(`cw/v1/moved/${channel}`, JSON.stringify(body), { qos: 1 });
  const old = await connect(moved);
  const heard = new Promise<Buffer>((resolve) => old.once('message', (_topic, payload) => resolve(payload)));
  await old.subscribeAsync('cw/v1/moved/command', { qos: 1 });
  const { id, args } = JSON.parse((await heard).toString());
  // It says back what it was told, as careless firmware does.
  await say(old, 'reply', { id, ok: true, result: { was: args.secret } });
  await old.endAsync();
  const device = await connect(args.secret);
  await say(device, 'telemetry', { values: { fill_pct: 5 }, note: args.secret });
  const last = async () => (await gateway.get('/devices/moved/credentials')).secret;
  await until('it came with the new one', async () => (await last()).state === 'changed', 60_000);
  t.match(await last(), { problem: null, steps: [{ name: 'told' }, { name: 'new-secret', grade: 'ok' }] });
  const token = `moved:${moved}`;
  t.equal((await gateway.api('GET', '/devices/moved/commands?waiting=true', { token })).status, 401, 'which is void');
  t.ok(device.connected);
  const journal = await allBytesBelow(gateway.directory);
  t.ok(journal.includes(`"note":"${'*'.repeat(43)}"`), 'what it said is in the journal');
  t.notOk(journal.includes(args.secret), 'without its secret');
  const { items } = await gateway.get('/devices/moved/commands');
  t.match(items, [{ name: 'set_secret', args: {}, state: 'answered', reply: { result: null } }]);
  t.match(await tell('moved', { name: 'set_secret', args: { secret: 'x'.repeat(43) } }), {
    status: 403,
    text: /given by the gateway alone/,
  });
});

t.test('a device without MQTT fetches what it has to do, and nobody answers for it', async (t) => {
  const token = `poller:${await gateway.register({ id: 'poller' })}`;
  const other = `other:${await gateway.register({ id: 'other' })}`;
  const made = await tell('poller', { name: 'set_period', args: { period_s: 30 } });
  const poll = (as: string) => gateway.api('GET', '/devices/poller/commands?waiting=true', { token: as });
  t.equal((await poll(other)).status, 404);
  const { body } = await poll(token);
  t.strictSame(body.items, [
    { id: made.body.id, name: 'set_period', args: { period_s: 30 }, deadline: Date.parse(made.body.deadline) },
  ]);
  const answer = (id: string, as: string, ok: boolean) =>
    gateway.api('POST', `/devices/${id}/replies`, { body: { id: made.body.id, ok, result: 'asleep' }, token: as });
  t.equal((await answer('poller', other, true)).status, 404);
  t.equal((await answer('other', other, true)).status, 202, 'under its own name it may say what it likes');
  t.equal((await answer('poller', token, false)).status, 202);
  const failed = await become('poller', made.body.id, 'failed');
  t.match(failed, { reply: { ok: false, result: 'asleep' } });
  t.strictSame((await poll(token)).body.items, []);
});

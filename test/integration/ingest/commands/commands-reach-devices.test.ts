import { connectAsync, type MqttClient } from 'mqtt';
import t, { type Test } from 'tap';
import { Kiosk } from '../../../../simulators/kiosk/kiosk.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import type { NewMessage } from '../../../../src/core/types.ts';
import type { CommandPayload } from '../../../../src/ingest/commands/rows.ts';
import { ExternalMqtt } from '../../../../src/ingest/uplinks/broker/broker-uplink.ts';
import { EXTERNAL_MQTT_DEFAULTS } from '../../../../src/ingest/uplinks/broker/options.ts';
import { UNLIMITED_RATES } from '../../../../src/ingest/uplinks/common/rate-budget.ts';
import { MqttListener } from '../../../../src/ingest/uplinks/mqtt/listener.ts';
import { MQTT_DEFAULTS } from '../../../../src/ingest/uplinks/mqtt/options.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { until } from '../../../support/time/until.ts';
import { Broker } from '../../../support/uplinks/broker.ts';
import { kiosks, openDownlink, person } from '../../../support/uplinks/downlink.ts';

const server = freshDatabase(t);
const OPERATOR = person('operator');
const SECRET = 's'.repeat(43);

/** A downlink whose replies go the way of the journal: taken in, then read. */
async function open(t: Test) {
  const opened = await openDownlink(t, (await server).url, { clock: systemClock });
  await sql`truncate command, work_item, ingest_cursor`.execute(opened.database.tables());
  const downlink = await opened.start();
  const { signal } = new AbortController();
  let reading: Promise<unknown> = Promise.resolve();
  const accept = async (message: NewMessage) => {
    const batch = opened.append([message.raw.toString(), message]);
    reading = reading.then(() => downlink.reader.handle(batch, signal));
    return { id: `live-${batch.from}`, position: { lane: 'live' as const, offset: batch.from } };
  };
  const state = async (id: string) => (await downlink.commands.get(OPERATOR, 'k1', id)).state;
  const is = (id: string, wanted: string) => until(`it is ${wanted}`, async () => (await state(id)) === wanted);
  t.teardown(async () => {
    await downlink.stop();
    await reading;
  });
  return { ...downlink, accept, is, observer: quietObserver() };
}

interface Heard {
  commands: CommandPayload[];
  client: MqttClient;
}

/** Listens to its commands, and answers when `result` is given. */
async function listen(client: MqttClient, qos: 0 | 1, result?: unknown): Promise<Heard> {
  const commands: CommandPayload[] = [];
  client.on('message', (_topic, payload) => {
    const command = JSON.parse(payload.toString()) as CommandPayload;
    commands.push(command);
    if (result === undefined) return;
    client.publish('cw/v1/k1/reply', JSON.stringify({ id: command.id, ok: true, result }), { qos: 1 });
  });
  await client.subscribeAsync('cw/v1/k1/command', { qos });
  return { commands, client };
}

t.test('a device at our own listener: at once when it is there, when it comes when it is not', async (t) => {
  const { commands, sender, accept, is, observer } = await open(t);
  const authenticate = async (id: string, secret: string) =>
    secret === SECRET ? (kiosks.seenBy(OPERATOR, id) ?? null) : null;
  const listening = (id: string) => sender.listening(id);
  const deps = { authenticate, accept, listening, kinds: UNLIMITED_RATES, clock: systemClock, observer };
  const listener = new MqttListener(deps, { ...MQTT_DEFAULTS, host: '127.0.0.1', port: 0 });
  sender.connect(listener.downlink);
  const { port } = await listener.start();
  t.teardown(() => listener.stop(AbortSignal.timeout(1_000)));
  const connect = async (protocolVersion: 4 | 5) => {
    const login = { clientId: 'k1', username: 'k1', password: SECRET, protocolVersion, reconnectPeriod: 0 };
    const client = await connectAsync({ host: '127.0.0.1', port, ...login });
    t.teardown(() => client.endAsync(true));
    return client;
  };
  const first = await commands.create(OPERATOR, 'k1', { name: 'unlock', args: { cell: 1 } });
  const silent = await listen(await connect(4), 1);
  await until('what waited is sent', () => silent.commands.length === 1);
  t.strictSame(silent.commands[0], { id: first.id, name: 'unlock', args: { cell: 1 }, deadline: first.deadlineAtMs });
  await is(first.id, 'delivered');
  const second = await commands.create(OPERATOR, 'k1', { name: 'unlock', args: { cell: 2 } });
  await until('the next comes at once', () => silent.commands.length === 2);
  await silent.client.endAsync(true);
  const willing = await listen(await connect(5), 1, { door: 'open' });
  await is(second.id, 'answered');
  await is(first.id, 'answered');
  t.strictSame(
    willing.commands.map(({ id }) => id),
    [first.id, second.id],
    'without an answer both come again on the next connection, in order',
  );
  t.match(await commands.get(OPERATOR, 'k1', first.id), { sends: 2, reply: { result: { door: 'open' } } });
  await willing.client.endAsync();
  const easy = await listen(await connect(4), 0, 1);
  const third = await commands.create(OPERATOR, 'k1', { name: 'reboot', args: {} });
  await is(third.id, 'answered');
  t.equal(easy.commands.length, 1, 'with QoS 0 too, and what is answered comes no more');
  await easy.client.endAsync(true);

  const url = `mqtt://127.0.0.1:${port}`;
  const kiosk = new Kiosk({ url, id: 'k1', secret: SECRET, periodS: 3_600, answers: 'twice' });
  t.teardown(() => kiosk.stop());
  const fourth = await commands.create(OPERATOR, 'k1', { name: 'unlock', args: { cell: 4 } });
  await is(fourth.id, 'answered');
  t.match(
    await commands.get(OPERATOR, 'k1', fourth.id),
    { reply: { result: { door_open: true } } },
    'the first counts',
  );
});

t.test('a device behind Mosquitto, and a broker that is away for a while', async (t) => {
  const { commands, sender, accept, is, observer } = await open(t);
  const broker = await Broker.start(t, ['k1']);
  const identity = (id: string) => kiosks.seenBy(OPERATOR, id);
  const deps = {
    identity,
    find: async (id: string) => identity(id),
    accept,
    mayRefuse: () => true,
    listening: () => sender.listening(),
    kinds: UNLIMITED_RATES,
    clock: systemClock,
    observer,
  };
  const uplink = new ExternalMqtt(deps, {
    ...EXTERNAL_MQTT_DEFAULTS,
    url: broker.url,
    clientId: 'citywatch-1',
    reconnectMs: 50,
  });
  sender.connect(uplink.downlink);
  uplink.start();
  t.teardown(() => uplink.stop(AbortSignal.timeout(1_000)));
  await until('subscribed', () => uplink.status().ok);
  const heard = await listen(await broker.device(t, 'k1'), 1, 'done');
  const first = await commands.create(OPERATOR, 'k1', { name: 'unlock', args: { cell: 1 } });
  await is(first.id, 'answered');
  t.match(await commands.get(OPERATOR, 'k1', first.id), { sends: 1, deliveredAtMs: null, reply: { result: 'done' } });
  await broker.kill();
  await until('noticed', () => !uplink.status().ok);
  const second = await commands.create(OPERATOR, 'k1', { name: 'unlock', args: { cell: 2 } });
  t.equal((await commands.get(OPERATOR, 'k1', second.id)).state, 'queued');
  await broker.start();
  await is(second.id, 'sent');
  await heard.client.subscribeAsync('cw/v1/k1/command', { qos: 1 });
  await heard.client.publishAsync('cw/v1/k1/state', '{"online":true}', { qos: 1 });
  await is(second.id, 'answered');
  t.ok(heard.commands.every(({ id }) => id === first.id || id === second.id));
  await broker.kill();
  await broker.refuseCommands();
  await broker.start();
  await until('back again', () => uplink.status().ok);
  const { connects, acks } = uplink.stats;
  const third = await commands.create(OPERATOR, 'k1', { name: 'reboot', args: {} });
  await until('refused', () => uplink.downlink.session('k1') === null && uplink.status().ok);
  await until('the broker may close once', () => heard.client.connected);
  for (let n = 0; n < 5; n += 1) await heard.client.publishAsync('cw/v1/k1/telemetry', `${n}`, { qos: 1 });
  await until('what devices say still comes in', () => uplink.stats.acks >= acks + 5);
  t.ok(uplink.stats.connects <= connects + 1, 'commands that the broker refuses do not keep it from that');
  t.equal((await commands.get(OPERATOR, 'k1', third.id)).state, 'sent');
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connectAsync } from 'mqtt';
import t, { type Test } from 'tap';
import { type Judge, judge } from '../../../support/judges.ts';
import { eventually, SECRET, startListener } from '../../../support/uplinks/mqtt.ts';

interface Outcome {
  code: number | null;
  output: string;
}

/** Finding a judge takes a process of its own; once is enough. */
const judges = new Map<string, Promise<Judge>>();

/** Runs one of Mosquitto's clients as device `id`; `input` goes to its standard input. */
async function mosquitto(name: string, port: number, args: string[], input?: string): Promise<Outcome> {
  const child = await startMosquitto(name, port, args);
  let output = '';
  child.stdout?.on('data', (text) => {
    output += String(text);
  });
  child.stderr?.on('data', (text) => {
    output += String(text);
  });
  child.stdin?.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

async function startMosquitto(name: string, port: number, args: string[]): Promise<ChildProcess> {
  const program = judges.get(name) ?? judge(name);
  judges.set(name, program);
  const { command, env } = await program;
  const all = ['-h', '127.0.0.1', '-p', String(port), ...args];
  return spawn(command, all, { env: { ...process.env, ...env } });
}

const as = (id: string) => ['-i', id, '-u', id, '-P', SECRET];

async function connectMqttJs(t: Test, port: number, id: string, over: object = {}) {
  const client = await connectAsync({
    host: '127.0.0.1',
    port,
    clientId: id,
    username: id,
    password: SECRET,
    reconnectPeriod: 0,
    ...over,
  });
  t.teardown(() => client.endAsync(true));
  return client;
}

t.test('mosquitto_pub: a thousand QoS 1 readings arrive as a thousand, in order', async (t) => {
  const { port, intake } = await startListener(t);
  for (const version of ['mqttv311', 'mqttv5']) {
    intake.taken.length = 0;
    const lines = Array.from({ length: 1_000 }, (_, n) => JSON.stringify({ values: { n } }));
    const args = [...as('k1'), '-V', version, '-t', 'cw/v1/k1/telemetry', '-q', '1', '-l'];
    const { code } = await mosquitto('mosquitto_pub', port, args, `${lines.join('\n')}\n`);
    t.equal(code, 0);
    t.same(
      intake.taken.map(({ raw }) => raw.toString()),
      lines,
      version,
    );
  }
});

t.test('mosquitto_pub: wrong secret, foreign topic and foreign will are refused', async (t) => {
  const { port, intake } = await startListener(t);
  const message = ['-m', '{}', '-q', '1'];
  const wrong = ['-i', 'k1', '-u', 'k1', '-P', 'wrong', '-t', 'cw/v1/k1/telemetry', ...message];
  t.match((await mosquitto('mosquitto_pub', port, wrong)).output, /Connection Refused/i);
  const foreign = [...as('k1'), '-t', 'cw/v1/k2/telemetry', ...message, '-V', 'mqttv5'];
  t.not((await mosquitto('mosquitto_pub', port, foreign)).code, 0);
  const will = ['--will-topic', 'cw/v1/k2/state', '--will-payload', '{}'];
  const willing = [...as('k1'), ...will, '-t', 'cw/v1/k1/telemetry', ...message];
  t.match((await mosquitto('mosquitto_pub', port, willing)).output, /Connection Refused/i);
  t.equal(intake.asked.length, 0);
});

t.test('mosquitto_sub: sees commands of its own, and nothing by wildcards', async (t) => {
  const { port, listener } = await startListener(t);
  const sees = mosquitto('mosquitto_sub', port, [...as('k1'), '-t', 'cw/v1/k1/command', '-q', '1', '-C', '1', '-v']);
  await eventually(() => listener.downlink.send('k1', Buffer.from('{"id":"c1"}')));
  t.equal((await sees).output, 'cw/v1/k1/command {"id":"c1"}\n');
  for (const filter of ['#', '+/+/#', '$SYS/#', 'cw/v1/k1/command', '$share/g/#']) {
    const { output } = await mosquitto('mosquitto_sub', port, [...as('k2'), '-t', filter, '-W', '2']);
    t.match(output, /denied/, filter);
  }
});

t.test('mqtt.js: publishes on 3.1.1 and 5, gets commands, and its will speaks when it is killed', async (t) => {
  const { port, intake, listener } = await startListener(t);
  for (const protocolVersion of [4, 5] as const) {
    const id = `v${protocolVersion}`;
    const will = {
      topic: `cw/v1/${id}/state`,
      payload: Buffer.from('{"online":false}'),
      qos: 1 as const,
      retain: true,
    };
    const client = await connectMqttJs(t, port, id, { protocolVersion, will });
    const topic = `cw/v1/${id}/telemetry`;
    await Promise.all(Array.from({ length: 300 }, (_, n) => client.publishAsync(topic, `{"n":${n}}`, { qos: 1 })));
    await client.subscribeAsync(`cw/v1/${id}/command`, { qos: 1 });
    const heard = new Promise((resolve) => client.once('message', (_topic, payload) => resolve(String(payload))));
    t.equal(await listener.downlink.send(id, Buffer.from('{"id":"c"}')), true);
    t.equal(await heard, '{"id":"c"}');
    client.stream.destroy();
    await eventually(() => intake.taken.some(({ topic }) => topic === will.topic));
    t.equal(intake.taken.filter((message) => message.topic === topic).length, 300);
  }
});

t.test('mqtt.js: while the journal is full its publishes wait and its connection lives', async (t) => {
  const { port, intake } = await startListener(t);
  intake.mode = 'full';
  const client = await connectMqttJs(t, port, 'k1', { keepalive: 1 });
  let acknowledged = 0;
  const all = Array.from({ length: 50 }, async (_, n) => {
    await client.publishAsync('cw/v1/k1/telemetry', `{"n":${n}}`, { qos: 1 });
    acknowledged += 1;
  });
  const pings = new Set<unknown>();
  client.on('packetreceive', (packet) => void (packet.cmd === 'pingresp' && pings.add(packet)));
  await eventually(() => pings.size === 2);
  t.equal(acknowledged, 0);
  t.equal(client.connected, true, 'pings are answered meanwhile');
  intake.mode = 'open';
  await Promise.all(all);
  t.equal(intake.taken.length, 50);
});

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import type { Doors, Outgoing, Speech } from '../../../simulators/links/link.ts';
import { makeLink } from '../../../simulators/links/open-link.ts';
import { until } from '../../support/time/until.ts';
import { SECRET, startListener } from '../../support/uplinks/mqtt.ts';

const CERT = readFileSync('test/fixtures/tls/one.crt', 'utf8');
const KEY = readFileSync('test/fixtures/tls/one.key', 'utf8');
const NOWHERE: Doors = {
  http: new URL('http://127.0.0.1:1'),
  mqtt: { host: '127.0.0.1', port: 1 },
  mqtts: null,
  ca: CERT,
};

function device(doors: Doors, speech: Partial<Speech>, index = 1) {
  const answers: boolean[] = [];
  const commands: string[] = [];
  const link = makeLink({
    id: `sim-${index}`,
    secret: SECRET,
    firmware: '1.0',
    from: `127.65.3.${index}`,
    doors,
    speech: { protocol: 'mqtt', version: 4, qos: 1, tls: false, ...speech },
    random: () => 0.5,
    onCommand: (payload) => commands.push(payload.toString()),
  });
  const say = (payload: string, channel: Outgoing['channel'] = 'telemetry'): void =>
    link.send({ channel, payload, onAck: (isTaken) => answers.push(isTaken) });
  return { link, answers, commands, say };
}

for (const speech of [{ version: 4 }, { version: 5 }, { version: 4, tls: true }, { version: 5, tls: true }] as const) {
  t.test(`MQTT ${speech.version}${'tls' in speech ? ' with TLS' : ''}: heard, acknowledged, and again`, async (t) => {
    const { listener, port, tlsPort, intake } = await startListener(t, { tls: { port: 0, cert: CERT, key: KEY } });
    const door = { host: '127.0.0.1', port };
    const doors = { ...NOWHERE, mqtt: door, mqtts: { ...door, port: tlsPort } };
    const { link, answers, say } = device(doors, speech);
    t.teardown(() => link.cut());
    say('{"values":{"fill_pct":1}}');
    link.open();
    await until('what waited is acknowledged', () => answers.length === 1);
    const heard = (channel: string) => intake.taken.filter((one) => one.channel === channel);
    t.match(heard('telemetry'), [{ topic: 'cw/v1/sim-1/telemetry', device: { id: 'sim-1' } }]);
    t.match(JSON.parse(heard('state')[0]?.raw.toString() ?? ''), { online: true, firmware: '1.0' });
    intake.mode = 'hold';
    say('{"values":{"fill_pct":2}}');
    await until('it is under way', () => intake.held.length === 1);
    intake.mode = 'open';
    link.cut();
    t.equal(answers.length, 1, 'nothing was acknowledged meanwhile');
    link.open();
    await until('it came again', () => answers.length === 2);
    t.strictSame(answers, [true, true]);
    t.ok(link.isUp);
    await link.close();
    await until('it said goodbye', () => heard('state').some(({ raw }) => raw.toString() === '{"online":false}'));
    t.ok(listener);
  });
}

t.test('over HTTP a device posts as itself, and again what was not taken', async (t) => {
  const asked: { path: string | undefined; as: string | undefined; from: string | undefined; body: string }[] = [];
  const statuses = [202, 503, 202, 400];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { url: path, socket, headers } = request;
    asked.push({ path, as: headers.authorization, from: socket.remoteAddress, body });
    response.writeHead(statuses.shift() ?? 202).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const http = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const { link, answers, say } = device({ ...NOWHERE, http }, { protocol: 'http' }, 9);
  t.teardown(() => link.cut());
  link.open();
  for (const text of ['{"n":1}', '{"n":2}']) say(text);
  say('{"n":3}', 'event');
  await until('all are answered', () => answers.length === 3);
  t.strictSame(answers, [true, true, false]);
  t.strictSame(
    asked.map(({ path, body }) => `${path} ${body}`),
    [
      '/api/v1/devices/sim-9/telemetry {"n":1}',
      '/api/v1/devices/sim-9/telemetry {"n":2}',
      '/api/v1/devices/sim-9/telemetry {"n":2}',
      '/api/v1/devices/sim-9/events {"n":3}',
    ],
  );
  t.ok(asked.every(({ as, from }) => as === `Bearer sim-9:${SECRET}` && from === '127.65.3.9'));
});

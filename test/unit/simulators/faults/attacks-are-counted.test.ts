import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import t from 'tap';
import { Attack } from '../../../../simulators/faults/attack.ts';
import { seeded } from '../../../../simulators/random.ts';
import { until } from '../../../support/time/until.ts';
import { startListener } from '../../../support/uplinks/mqtt.ts';

interface Owner {
  teardown(run: () => unknown): void;
}

const CONNACK = Buffer.from([0x20, 0x02, 0x00, 0x00]);

async function startHttp(t: Owner, status: number) {
  const seen = { requests: 0 };
  const server = createHttp((_request, response) => {
    seen.requests += 1;
    response.writeHead(status).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return { seen, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`) };
}

function attack(http: URL, port: number): Attack {
  const doors = { http, mqtt: { host: '127.0.0.1', port }, mqtts: null, ca: null };
  return new Attack({ doors, victims: ['kiosk-1'], perS: 500, ownAddresses: true, random: seeded('attack') });
}

t.test('a gateway that lets nobody in is found so, whatever is sent to it', async (t) => {
  const listener = await startListener(t);
  const http = await startHttp(t, 401);
  const strangers = attack(http.url, listener.port);
  strangers.begin();
  await until('each was tried some times', () => strangers.tries >= 100 && http.seen.requests > 5);
  await strangers.end();
  t.equal(strangers.letIn, 0);
  t.strictSame(listener.intake.taken, [], 'and nothing was taken of it');
});

t.test('one that lets everybody in is found so', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.write(CONNACK));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const http = await startHttp(t, 200);
  const strangers = attack(http.url, (server.address() as AddressInfo).port);
  strangers.begin();
  await until('somebody is in, by both ways', () => strangers.letIn >= 2 && http.seen.requests > 0);
  await strangers.end();
  t.ok(strangers.letIn >= 2);
});

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { generate, type IPacket, type Packet, parser } from 'mqtt-packet';
import t, { type Test } from 'tap';
import { CLIENT_VERSION, clientOptions } from '../../../../../src/ingest/uplinks/broker/link.ts';
import { EXTERNAL_MQTT_DEFAULTS } from '../../../../../src/ingest/uplinks/broker/options.ts';
import { turns } from '../../../../support/time/turns.ts';
import { until } from '../../../../support/time/until.ts';
import { openUplink, startUplink } from '../../../../support/uplinks/broker-uplink.ts';

interface Peer {
  url: string;
  /** Packets of the present connection. */
  heard: (Packet & IPacket)[];
  /** Packets of the first one. */
  heardFirst: (Packet & IPacket)[];
  publish(from: number, to: number): void;
  /** Sends one message that wants no acknowledgement. */
  publishUnasked(): void;
  cut(): void;
  /** From now on answers nothing, as behind a cable that was pulled. */
  isSilent: boolean;
}

/** A broker that sends what the test says, however much that is. */
async function startPeer(t: Test, connack: object = {}): Promise<Peer> {
  let socket: Socket | null = null;
  const say = (packet: object) => void socket?.write(generate(packet as Packet, { protocolVersion: 5 }));
  const answers: Record<string, (packet: Packet) => void> = {
    connect: () => say({ cmd: 'connack', reasonCode: 0, sessionPresent: false, ...connack }),
    subscribe: ({ messageId }) => say({ cmd: 'suback', messageId, granted: [1, 1, 1, 1] }),
    pingreq: () => say({ cmd: 'pingresp' }),
  };
  const peer: Peer = {
    url: '',
    heard: [],
    heardFirst: [],
    publish: (from, to) => {
      for (let messageId = from; messageId < to; messageId += 1) {
        say({ cmd: 'publish', topic: 'cw/v1/k1/telemetry', payload: `n${messageId}`, qos: 1, messageId });
      }
    },
    publishUnasked: () => say({ cmd: 'publish', topic: 'cw/v1/k1/telemetry', payload: 'n', qos: 0 }),
    cut: () => void socket?.destroy(),
    isSilent: false,
  };
  const server = createServer((arrived) => {
    socket = arrived;
    // Whoever looks late finds that the client has come again by then.
    if (peer.heard.length > 0 && peer.heardFirst.length === 0) peer.heardFirst = peer.heard;
    peer.heard = [];
    const reader = parser({ protocolVersion: 5 });
    reader.on('packet', (packet) => {
      peer.heard.push(packet);
      if (!peer.isSilent) answers[packet.cmd]?.(packet);
    });
    arrived.on('data', (bytes) => void reader.parse(bytes as Buffer));
    arrived.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    socket?.destroy();
    server.close();
  });
  peer.url = `mqtt://127.0.0.1:${(server.address() as { port: number }).port}`;
  return peer;
}

const acked = ({ heard }: Peer) => heard.flatMap((packet) => (packet.cmd === 'puback' ? [packet.messageId] : []));

t.test('acknowledgements are sent late, in order, and not on another connection', async (t) => {
  const peer = await startPeer(t);
  const { uplink, intake, logs } = await startUplink(t, peer.url);
  intake.mode = 'hold';
  peer.publish(1, 6);
  await until('all are with us', () => intake.held.length === 5);
  for (const index of [3, 1, 0, 4]) intake.held[index]!.take();
  await until('what is durable from the front on', () => acked(peer).length === 2);
  t.same(acked(peer), [1, 2]);
  t.match(
    peer.heard.find(({ cmd }) => cmd === 'puback'),
    { reasonCode: 0 },
  );
  peer.cut();
  await until('noticed', () => !uplink.status().ok);
  await until('back', () => uplink.status().ok);
  intake.held[2]!.take();
  peer.publish(7, 8);
  await until('the new one is with us', () => intake.held.length === 6);
  intake.held[5]!.take();
  await until('acknowledged', () => acked(peer).length === 1);
  t.same(acked(peer), [7], 'the ids of the former connection mean nothing here');
  t.equal(uplink.status().sessionsLost, 1);
  t.ok(logs.some((line) => line.includes('forgot our session')));
});

t.test('a broker that sends more than it may is no longer read, until there is room', async (t) => {
  const peer = await startPeer(t);
  const { uplink, intake } = await startUplink(t, peer.url, { receiveMaximum: 10 });
  intake.mode = 'hold';
  peer.publish(1, 200);
  await until('reading stopped', () => uplink.stats.readingStops === 1);
  await turns();
  t.equal(intake.held.length, 40);
  intake.mode = 'open';
  for (const { take } of intake.held) take();
  await until('the rest came', () => acked(peer).length === 199);
  t.same(
    acked(peer),
    Array.from({ length: 199 }, (_, index) => index + 1),
  );
});

t.test('a broker that went silent is noticed after one and a half keepalives, and found again', async (t) => {
  const peer = await startPeer(t);
  const { uplink } = await startUplink(t, peer.url, { keepaliveS: 1 });
  peer.isSilent = true;
  await until('noticed, and tried again', () => peer.heardFirst.length > 0);
  t.equal(peer.heardFirst.filter(({ cmd }) => cmd === 'pingreq').length, 1, 'by the first ping without an answer');
  peer.isSilent = false;
  peer.cut();
  await until('found again', () => uplink.status().ok);
});

t.test('a broker whose answer to a ping waits behind its messages is not left', async (t) => {
  const [busy, quiet] = await Promise.all([startPeer(t), startPeer(t)]);
  const { uplink } = await startUplink(t, busy.url, { keepaliveS: 1 });
  const other = await startUplink(t, quiet.url, { keepaliveS: 1 });
  let sent = 0;
  for (const time of ['first', 'second']) {
    [busy.isSilent, quiet.isSilent] = [true, true];
    while (other.uplink.status().ok) {
      sent += 1;
      busy.publish(sent, sent + 1);
      await until(`message ${sent} is acknowledged`, () => acked(busy).length === sent);
    }
    t.match(uplink.status(), { ok: true }, `it stays when one that says nothing is left for the ${time} time`);
    quiet.isSilent = false;
    await until('found again', () => other.uplink.status().ok);
  }
  t.equal(uplink.stats.connects, 1);
});

t.test('a broker that sends only what wants no answer hears from us all the same', async (t) => {
  const [busy, idle] = await Promise.all([startPeer(t), startPeer(t)]);
  const { uplink } = await startUplink(t, busy.url, { keepaliveS: 1 });
  await startUplink(t, idle.url, { keepaliveS: 1 });
  const pings = ({ heard }: Peer) => heard.filter(({ cmd }) => cmd === 'pingreq').length;
  let sent = 0;
  while (pings(idle) < 3) {
    sent += 1;
    busy.publishUnasked();
    await until(`message ${sent} is with us`, () => uplink.stats.received === sent);
  }
  t.ok(pings(busy) >= 2, 'else it would take us for dead after one and a half keepalives');
});

t.test('while the journal is full the connection is kept alive, and nothing is acknowledged', async (t) => {
  const peer = await startPeer(t);
  const { uplink, intake } = await startUplink(t, peer.url, { receiveMaximum: 50, keepaliveS: 1 });
  intake.mode = 'full';
  peer.publish(1, 51);
  await until('all are with us', () => uplink.status().unacked === 50);
  // It sends the second only when it has read the answer to the first, which stands behind the messages.
  await until('two pings', () => peer.heard.filter(({ cmd }) => cmd === 'pingreq').length === 2);
  t.match(uplink.status(), { ok: true, unacked: 50 });
  t.same(acked(peer), []);
  t.equal(uplink.stats.connects, 1);
});

t.test('a broker without QoS 1 or with a shorter memory is named', async (t) => {
  const short = await startPeer(t, { properties: { sessionExpiryInterval: 60 } });
  const { logs } = await startUplink(t, short.url);
  t.ok(logs.some((line) => line.includes('"grantedS":60')));
  const weak = await startPeer(t, { properties: { maximumQoS: 0 } });
  const { uplink } = openUplink(t, weak.url);
  await until('it says so', () => /no QoS 1/.test(uplink.status().reason ?? ''));
  t.notOk(uplink.status().ok);
  t.notOk(weak.heard.some(({ cmd }) => cmd === 'subscribe'));
});

t.test('the library is the one whose inside is relied on', async (t) => {
  const manifest = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
  t.equal(manifest('../../../../../node_modules/mqtt/package.json').version, CLIENT_VERSION);
  t.equal(manifest('../../../../../package.json').dependencies.mqtt, CLIENT_VERSION);
});

t.test('a URL gives the library its parts, credentials unescaped', async (t) => {
  const at = (url: string) => clientOptions({ ...EXTERNAL_MQTT_DEFAULTS, url, clientId: 'c' });
  t.match(at('mqtts://us%40er:p%2Fw@broker'), { protocol: 'mqtts', port: 8883, username: 'us@er', password: 'p/w' });
  t.match(at('mqtt://[::1]:1884'), { protocol: 'mqtt', host: '::1', port: 1884, clean: false, protocolVersion: 5 });
});

import { type AddressInfo, createServer } from 'node:net';
import { Aedes } from 'aedes';
import { generate, parser } from 'mqtt-packet';
import { systemClock } from '../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../src/core/observe.ts';
import type { NewMessage, Receipt } from '../../../src/core/types.ts';
import { UNLIMITED_RATES } from '../../../src/ingest/uplinks/common/rate-budget.ts';
import { MqttListener } from '../../../src/ingest/uplinks/mqtt/listener.ts';
import { MQTT_DEFAULTS } from '../../../src/ingest/uplinks/mqtt/options.ts';

/**
 * The servers that are compared, each in a process of its own: argument = which one. All do the same work above the
 * protocol: none. `grouped` answers together every 5 ms, as a journal with group commit does.
 */
const RECEIPT: Receipt = { id: 'live-1', position: { lane: 'live', offset: 1 } };
const GROUP_MS = 5;

let waiting: ((receipt: Receipt) => void)[] = [];

function acceptGrouped(_message: NewMessage): Promise<Receipt> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) > 1) return;
    setTimeout(() => {
      const group = waiting;
      waiting = [];
      for (const answer of group) answer(RECEIPT);
    }, GROUP_MS);
  });
}

async function startOurs(accept: (message: NewMessage) => Promise<Receipt>): Promise<number> {
  const observer = createObserver({ level: 'error', secrets: new KnownSecrets() });
  const authenticate = async (id: string) => ({ id, kind: 'recycling-kiosk', kindVersion: 1, jurisdiction: '330200' });
  const deps = { authenticate, accept, kinds: UNLIMITED_RATES, clock: systemClock, observer };
  const unlimited = { messagesPerS: 1e9, messagesBurst: 1e9, admitPerS: 100_000 };
  const { port } = await new MqttListener(deps, { ...MQTT_DEFAULTS, host: '127.0.0.1', port: 0, ...unlimited }).start();
  return port;
}

async function startAedes(accept: () => Promise<Receipt>): Promise<number> {
  const broker = await Aedes.createBroker();
  broker.authorizePublish = (_client, _packet, done) => {
    accept().then(
      () => done(null),
      (error: Error) => done(error),
    );
  };
  return listen((socket) => broker.handle(socket));
}

/** What the sockets alone cost: bytes are counted, answers are ready-made, no protocol is read. */
function startSocketsOnly(): Promise<number> {
  return listen((socket) => {
    let packetBytes = 0;
    let odd = 0;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      if (packetBytes === 0) {
        socket.write(Buffer.from([0x20, 2, 0, 0]));
        packetBytes = -1;
        return;
      }
      if (packetBytes < 0) packetBytes = 1 + 2 + (chunk[1]! & 0x7f) + chunk[2]! * 128;
      odd += chunk.length;
      socket.write(ACKS.subarray(0, Math.floor(odd / packetBytes) * 4));
      odd %= packetBytes;
    });
  });
}

const ACKS = Buffer.alloc(400_000, Buffer.from([0x40, 2, 0, 1]));

/** The codec of npm with sockets and nothing else: parser in, generated PUBACK out. */
function startCodecOnly(): Promise<number> {
  return listen((socket) => {
    socket.setNoDelay(true);
    const reader = parser({ protocolVersion: 4 });
    reader.on('packet', (packet) => {
      if (packet.cmd === 'connect') socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }));
      else socket.write(generate({ cmd: 'puback', messageId: packet.messageId ?? 1 }));
    });
    socket.on('data', (chunk: Buffer) => {
      socket.cork();
      reader.parse(chunk);
      socket.uncork();
    });
  });
}

async function listen(serve: (socket: import('node:net').Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve));
  return (server.address() as AddressInfo).port;
}

const START: Record<string, () => Promise<number>> = {
  citywatch: () => startOurs(() => Promise.resolve(RECEIPT)),
  'citywatch grouped': () => startOurs(acceptGrouped),
  aedes: () => startAedes(() => Promise.resolve(RECEIPT)),
  'aedes grouped': () => startAedes(() => acceptGrouped({} as NewMessage)),
  'sockets only': startSocketsOnly,
  'npm codec only': startCodecOnly,
};

const port = await START[process.argv[2] ?? '']!();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuS: (user + system) / 1e6, rssMiB: process.memoryUsage().rss / 1_048_576 });
});
process.on('disconnect', () => process.exit());
process.send?.({ port });

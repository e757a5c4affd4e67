import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { generate } from 'mqtt-packet';

/**
 * Checkpoints that report passages at a pace: a child process, so that what is measured does not wait for who sends.
 * It is told what to do by {@link PassageOrder} and answers each with a {@link PassageResult}.
 */
export type PassageOrder =
  | { do: 'connect'; port: number; devices: { id: string; secret: string }[] }
  /** Of these, `hitsPerSecond` are of wanted plates, another for each, the first number `from`, read so surely. */
  | { do: 'pass'; perSecond: number; seconds: number; hitsPerSecond: number; from: number; confidence: number };

export interface PassageResult {
  sent: number;
  acked: number;
  hits: number;
  seconds: number;
}

/** The wanted plates of a list by their number, 100,000 of each letter, and plates that nobody wants. */
export const wantedPlate = (number: number): string =>
  `浙${'ABCDEFGH'[Math.floor(number / 100_000)]}${String(number % 100_000).padStart(5, '0')}`;
const otherPlate = (number: number): string => `沪B${String(number % 100_000).padStart(5, '0')}`;

const ACK_BYTES = 4;
const SURE = 0.97;
const PACKET_IDS = 65_535;
const TICK_MS = 2;

const sockets: { id: string; socket: Socket; sent: number }[] = [];
let acked = 0;

async function open(port: number, { id, secret }: { id: string; secret: string }): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const login = { clientId: id, username: id, password: Buffer.from(secret) };
  socket.write(
    generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 0, ...login }),
  );
  for (let got = 0; got < ACK_BYTES; ) got += ((await once(socket, 'data'))[0] as Buffer).length;
  let odd = 0;
  socket.on('data', (chunk: Buffer) => {
    const bytes = odd + chunk.length;
    acked += Math.floor(bytes / ACK_BYTES);
    odd = bytes % ACK_BYTES;
  });
  socket.on('close', () => process.send?.({ error: `${id} was closed by the server` }));
  sockets.push({ id, socket, sent: 0 });
}

interface Seen {
  number: number;
  plate: string;
  confidence: number;
}

function pass(device: (typeof sockets)[number], { number, plate, confidence }: Seen): void {
  const data = { plate, plateColor: 'blue', plateConfidence: confidence, lane: 1 + (number % 4), speedKmh: 54 };
  const payload = JSON.stringify({ ts: Date.now(), id: `p-${device.sent}`, type: 'passage', data });
  device.sent += 1;
  const messageId = 1 + (device.sent % (PACKET_IDS - 1));
  const topic = `cw/v1/${device.id}/event`;
  device.socket.write(generate({ cmd: 'publish', topic, payload, qos: 1, messageId, dup: false, retain: false }));
}

async function pace(order: Extract<PassageOrder, { do: 'pass' }>): Promise<PassageResult> {
  const { perSecond, seconds, hitsPerSecond, from, confidence } = order;
  const every = Math.round(perSecond / hitsPerSecond);
  const before = acked;
  const startMs = performance.now();
  let [sent, hits] = [0, 0];
  for (let elapsedS = 0; elapsedS < seconds; ) {
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    elapsedS = (performance.now() - startMs) / 1000;
    const due = Math.floor(Math.min(elapsedS, seconds) * perSecond);
    for (; sent < due; sent += 1) {
      const isHit = sent % every === every - 1;
      const plate = isHit ? wantedPlate(from + hits) : otherPlate(sent);
      pass(sockets[sent % sockets.length]!, { number: sent, plate, confidence: isHit ? confidence : SURE });
      if (isHit) hits += 1;
    }
  }
  while (acked - before < sent) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  return { sent, acked: acked - before, hits, seconds: (performance.now() - startMs) / 1000 };
}

async function follow(order: PassageOrder): Promise<PassageResult> {
  if (order.do === 'pass') return await pace(order);
  for (const device of order.devices) await open(order.port, device);
  return { sent: 0, acked: 0, hits: 0, seconds: 0 };
}

if (process.send) {
  process.on('message', (order: PassageOrder) => {
    follow(order).then(
      (result) => process.send?.({ result }),
      (error: Error) => process.send?.({ error: error.message }),
    );
  });
  process.on('disconnect', () => process.exit());
}

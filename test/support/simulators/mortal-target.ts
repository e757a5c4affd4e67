import { createServer, type Socket } from 'node:net';
import mqtt from 'mqtt-packet';
import { type Door, linesOf, write } from './foreign.ts';

/**
 * A small gateway that a test kills: it takes messages by MQTT, writes them to InfluxDB and answers them, in the right
 * order or in the wrong one: `mortal-target.ts HOW PORT`, with the address of InfluxDB as JSON in `TARGET_STORE`.
 * Prints `listens`, and `holds` once it has taken some messages that are not stored yet.
 */
export type Way = 'writes, then answers' | 'answers, then writes';

const FLUSH_MS = 300;
/** So many are on their way when it is killed. */
const HELD = 5;

const [, , way, port] = process.argv;
const door = JSON.parse(process.env.TARGET_STORE ?? '{}') as Door;
let held: { lines: string[]; answer(): void }[] = [];

async function flush(): Promise<void> {
  const taken = held;
  held = [];
  const lines = taken.flatMap((one) => one.lines);
  if (lines.length > 0) await write(door, lines.join('\n'));
  if (way === 'writes, then answers') for (const one of taken) one.answer();
}

function take(socket: Socket, packet: mqtt.Packet): void {
  if (packet.cmd === 'connect') socket.write(mqtt.generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }));
  if (packet.cmd === 'pingreq') socket.write(mqtt.generate({ cmd: 'pingresp' }));
  if (packet.cmd !== 'publish') return;
  const { messageId = 0, topic, payload } = packet;
  const answer = (): void => void socket.write(mqtt.generate({ cmd: 'puback', messageId }));
  held.push({ lines: linesOf(topic, payload.toString()), answer });
  if (way === 'answers, then writes') answer();
  if (held.length === HELD) process.stdout.write('holds\n');
}

const server = createServer({ noDelay: true }, (socket) => {
  const parser = mqtt.parser();
  parser.on('packet', (packet) => take(socket, packet));
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => parser.parse(chunk));
});
let writing = Promise.resolve();
setInterval(() => {
  writing = writing.then(flush);
}, FLUSH_MS);
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('listens\n'));

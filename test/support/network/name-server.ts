import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Owner } from '../services/services.ts';

/** IPv4 addresses, `silent` (never answered), or absent: the name does not exist. */
export type Zone = Map<string, { addresses: string[]; ttlS?: number } | 'silent'>;

const TYPE_A = 1;
const NAME_DOES_NOT_EXIST = 3;

/** A name server on loopback that answers questions for IPv4 addresses out of `zone`, which may change meanwhile. */
export async function startNameServer(t: Owner, zone: Zone) {
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (question, { port, address }) => {
    const { name, type, end } = readQuestion(question);
    if (type === TYPE_A) asked.push(name);
    const entry = zone.get(name);
    if (entry === 'silent') return;
    const found = type === TYPE_A ? (entry?.addresses ?? []) : [];
    const head = Buffer.from(question.subarray(0, 12));
    // A response, recursion available, with or without an error.
    head.writeUInt16BE(0x8180 | (entry ? 0 : NAME_DOES_NOT_EXIST), 2);
    head.writeUInt16BE(found.length, 6);
    head.fill(0, 8);
    const answers = found.map((text) => recordOf(text, entry?.ttlS ?? 60));
    socket.send(Buffer.concat([head, question.subarray(12, end), ...answers]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => void socket.close());
  return { servers: [`127.0.0.1:${socket.address().port}`], asked };
}

function readQuestion(bytes: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = bytes[at] ?? 0; length > 0; length = bytes[at] ?? 0) {
    labels.push(bytes.toString('ascii', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: bytes.readUInt16BE(at + 1), end: at + 5 };
}

/** Its name is a pointer to that of the question. */
function recordOf(address: string, ttlS: number): Buffer {
  const record = Buffer.from([0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]);
  record.writeUInt32BE(ttlS, 6);
  return record;
}

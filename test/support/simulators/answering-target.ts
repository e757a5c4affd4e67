import { fork } from 'node:child_process';
import { appendFileSync, constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { deflateSync } from 'node:zlib';
import mqtt from 'mqtt-packet';

/**
 * A gateway that takes messages by MQTT and answers them, right or wrong: `answering-target.ts HOW FILE`. Prints its
 * port. Only its own process may be watched.
 */
export type How = (typeof HOWS)[number];
export const HOWS = [
  'writes synced',
  'writes and syncs',
  'writes, logs and syncs',
  'compresses and syncs',
  'sends on',
  'answers before it syncs',
  'answers before it writes',
  'never syncs',
] as const;

const GROUP_MS = 3;
const HELLO = mqtt.generate({ cmd: 'connack', returnCode: 0, sessionPresent: false });

interface Waiting {
  payload: Buffer;
  answer(): void;
}

type Keep = (group: Waiting[]) => Promise<void>;

const all = (group: Waiting[]): Buffer => Buffer.concat(group.map(({ payload }) => payload));
const answer = (group: Waiting[]): void => {
  for (const one of group) one.answer();
};

async function keeperOf(how: How, path: string): Promise<Keep> {
  const { O_CREAT, O_DSYNC, O_WRONLY, O_APPEND } = constants;
  const flags = O_CREAT | O_WRONLY | O_APPEND | (how === 'writes synced' ? O_DSYNC : 0);
  if (how === 'sends on') return sendingOn(path);
  const file = await open(path, flags, 0o600);
  return async (group) => {
    if (how === 'answers before it writes') answer(group);
    if (how === 'writes, logs and syncs') appendFileSync(`${path}.log`, all(group));
    await file.write(how === 'compresses and syncs' ? deflateSync(all(group)) : all(group));
    if (how === 'answers before it syncs' || how === 'never syncs') answer(group);
    if (how !== 'writes synced' && how !== 'never syncs') await file.datasync();
    if (!how.startsWith('answers') && how !== 'never syncs') answer(group);
  };
}

/** Another process writes and syncs, and says so. */
function sendingOn(path: string): Keep {
  const other = fork(process.argv[1] ?? '', ['keeper', path]);
  return async (group) => {
    const kept = new Promise((resolve) => other.once('message', resolve));
    other.send(all(group).toString('latin1'));
    await kept;
    answer(group);
  };
}

async function keepForAnother(path: string): Promise<void> {
  const file = await open(path, 'a');
  process.on('message', async (text: string) => {
    await file.write(Buffer.from(text, 'latin1'));
    await file.datasync();
    process.send?.('kept');
  });
  process.once('disconnect', () => process.exit(0));
}

async function serve(how: How, path: string): Promise<void> {
  const keep = await keeperOf(how, path);
  const known = new Set<string>();
  let group: Waiting[] = [];
  let keeping = Promise.resolve();
  const flush = (): void => {
    const taken = group;
    group = [];
    if (taken.length > 0) keeping = keeping.then(() => keep(taken));
  };
  const take = (socket: Socket, packet: mqtt.Packet): void => {
    if (packet.cmd === 'connect') socket.write(HELLO);
    if (packet.cmd !== 'publish' || packet.qos === 0) return;
    const { messageId = 0 } = packet;
    const payload = Buffer.from(packet.payload);
    const text = payload.toString();
    const answer = (): void => {
      known.add(text);
      socket.write(mqtt.generate({ cmd: 'puback', messageId }));
    };
    // What it has on the disk already it need not write again.
    if (known.has(text)) answer();
    else group.push({ payload, answer });
  };
  const server = createServer({ noDelay: true }, (socket) => {
    const parser = mqtt.parser();
    parser.on('packet', (packet) => take(socket, packet));
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => parser.parse(chunk));
  });
  setInterval(flush, GROUP_MS);
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as { port: number }).port}\n`));
}

const [, program, how, path = ''] = process.argv;
if (program === import.meta.filename) {
  if (how === 'keeper') void keepForAnother(path);
  else void serve(how as How, path);
}

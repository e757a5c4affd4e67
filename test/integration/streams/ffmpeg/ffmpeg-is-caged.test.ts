import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { exitOf, findCage } from '../../../../src/streams/ffmpeg/cage.ts';
import { ROOT } from '../../../support/root.ts';
import { CAGED, cageFor, startSpawner } from '../../../support/streams/streams.ts';

const PROBE = readFileSync(join(ROOT, 'test/support/streams/cage-probe.pl'), 'utf8');
const PERL = '/usr/bin/perl';
const IS_ROOT = process.getuid?.() === 0;
const NOBODY = 65_534;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'];
const OWN_MOUNTS = ['unshare', '--mount', '--propagation', 'slave', '--net'];
/** Of ordinary users it is a setting of the machine; in a chroot the kernel refuses it to them, and mounts to root. */
const ROOT_MAY = may(OWN_MOUNTS);
const OTHERS_MAY = may([...(IS_ROOT ? AS_NOBODY : []), 'unshare', '--user', '--map-root-user', ...OWN_MOUNTS]);

function may([program = '', ...words]: string[]): boolean {
  return spawnSync(program, [...words, 'true']).status === 0;
}

const OPEN = /^ffmpeg can use the network and read what .* can read \(.+\)$/;

/** What must not be had, as it was reachable before: a secret among the data, a server on loopback, one on a socket. */
async function world(t: Test) {
  const directory = mkdtempSync(join(tmpdir(), 'cw-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const secret = join(directory, 'secret');
  writeFileSync(secret, 'x', { mode: 0o600 });
  const path = join(directory, 'redis.sock');
  const listening = async (where: object): Promise<Server> => {
    const server = createServer((socket) => void socket.destroy());
    t.teardown(() => server.close());
    await new Promise<void>((resolve) => server.listen(where, resolve));
    return server;
  };
  const tcp = await listening({ host: '127.0.0.1', port: 0 });
  await listening({ path });
  const port = (tcp.address() as AddressInfo).port;
  const probe = (relay: string, limits: boolean) => [
    '-e',
    PROBE,
    secret,
    `${port}`,
    path,
    `${process.pid}`,
    relay,
    limits ? '1' : '',
  ];
  return { directory, probe };
}

/** Runs words and resolves with what they said on standard error. */
function said([command = '', ...args]: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env.PATH } });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.once('error', reject);
    child.once('close', () => resolve(text));
  });
}

const NOTHING = 'shadow=no secret=no proc=no tcp=no relay=no socket=no signal=no root=no userns=no program=no';
const NO_LIMIT_EXCEEDED = 'file=no memory=no files=no processes=no core=0';
const NO_RIGHTS = ['no_new_privs: 1', ...['Inheritable', 'Ambient'].map((kind) => `${kind} capabilities: [none]`)].join(
  '; ',
);
const NO_RIGHTS_EVER = `${NO_RIGHTS}; Capability bounding set: [none]`;

t.test('without a cage the same tries succeed, so their failing says something', async (t) => {
  const { probe } = await world(t);
  const text = await said([PERL, ...probe('0', false)]);
  t.match(text, /secret=yes proc=yes tcp=yes relay=no socket=yes signal=yes/);
  if (IS_ROOT) t.match(text, /shadow=yes .* root=yes .* program=yes/);
});

/** Where this machine makes no namespaces, all there is to show is that the cage says so. */
async function onlySays(t: Test, mayMake = IS_ROOT ? ROOT_MAY : OTHERS_MAY): Promise<boolean> {
  if (mayMake) return false;
  t.match((await cageFor(t, PERL)).gap, OPEN);
  return true;
}

t.test('what runs in the place of ffmpeg reaches the relay and nothing else', async (t) => {
  if (await onlySays(t)) return;
  const { probe } = await world(t);
  let calls = 0;
  const relay = {
    serve: (listener: Server) => {
      t.teardown(() => listener.close());
      listener.on('connection', (socket) => {
        calls += 1;
        socket.destroy();
      });
    },
  };
  const one = startSpawner(t, { ffmpegPath: PERL }, relay);
  // The address of the relay is told to ffmpeg alone, so a first process says which port that is.
  const {
    lines: [address = ''],
  } = await one.run({ args: ['-e', 'print STDERR shift', 'relay.invalid'] }).ended;
  t.match(address, /^127\.0\.0\.1:\d+$/);
  const { lines } = await one.run({ args: probe(address.split(':')[1] ?? '', true) }).ended;
  const told = lines.join('\n');
  t.match(told, `${NOTHING.replace('relay=no', 'relay=yes')} ${NO_LIMIT_EXCEEDED} group=own`);
  t.match(told, NO_RIGHTS_EVER);
  t.notMatch(told, /uid: 0/, 'it is nobody, also by its own view');
  t.equal(calls, 1);
});

t.test('an ordinary user cages it as well', async (t) => {
  if (await onlySays(t, OTHERS_MAY)) return;
  const { directory, probe } = await world(t);
  // Who runs this test as root becomes another user first; the cage is the one that an ordinary user looks for.
  const place = join(directory, 'any');
  chmodSync(directory, 0o755);
  mkdirSync(place, { mode: 0o777 });
  chmodSync(place, 0o777);
  const wishes = { directory: join(place, 'cage'), ffmpegPath: PERL, user: null, hidden: [] };
  const cage = await findCage(wishes, { isRoot: false, exitOf });
  t.equal(cage.gap, null);
  rmSync(wishes.directory, { recursive: true });
  const ordinary = IS_ROOT ? AS_NOBODY : [];
  const text = await said([...ordinary, ...cage.around, ...cage.launcher, PERL, ...probe('0', true)]);
  t.match(text, `${NOTHING} ${NO_LIMIT_EXCEEDED}`);
  t.match(text, NO_RIGHTS_EVER);
});

t.test('data that lie among programs are hidden, a program that lies elsewhere is shown', async (t) => {
  if (await onlySays(t)) return;
  const { directory } = await world(t);
  const program = join(directory, 'my ffmpeg');
  writeFileSync(program, '#!/bin/sh\nls /usr/lib/ssl /usr/lib/locale "$@" >&2\n', { mode: 0o755 });
  const cage = await cageFor(t, program, ['/usr/lib/locale']);
  t.equal(cage.gap, null);
  const text = await said([...cage.around, ...cage.launcher, program, directory]);
  t.match(text, /locale.*(Permission denied|cannot open)/);
  t.notMatch(text, /ssl.*Permission denied/);
});

t.test('where namespaces are refused it is another user with limits, or limits alone, and that is said', async (t) => {
  const { directory, probe } = await world(t);
  const wishes = { directory: join(directory, 'cage'), ffmpegPath: PERL, user: CAGED.ffmpegUser, hidden: [] };
  // As in many containers: root without the right to make namespaces. For an ordinary user, their number is used up.
  const none = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"';
  const within = IS_ROOT
    ? ['setpriv', '--inh-caps=-sys_admin', '--bounding-set=-sys_admin', '--']
    : OTHERS_MAY
      ? ['unshare', '--user', '--map-root-user', 'sh', '-c', none, 'sh']
      : [];
  const system = { isRoot: IS_ROOT, exitOf: (words: readonly string[]) => exitOf([...within, ...words]) };
  const refused = await findCage(wishes, system);
  t.match(refused.gap, OPEN);
  const text = await said([...within, ...refused.around, ...refused.launcher, PERL, ...probe('0', false)]);
  t.match(text, NO_RIGHTS);
  if (!IS_ROOT) return;
  t.match(text, /shadow=no secret=no .* socket=no signal=no root=no .* program=no/);
  t.match(text, NO_RIGHTS_EVER);
});

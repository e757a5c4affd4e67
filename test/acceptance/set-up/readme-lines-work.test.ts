import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import { judge } from '../../support/judges.ts';
import { ROOT } from '../../support/root.ts';
import { temporaryDirectory } from '../../support/services/services.ts';
import { lentServices } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';

const LIMIT_MS = 60_000;

/** `curl` of the README shows what came; here an error ends the block, and an endless answer ends when it has begun. */
const SHELL = `set -euo pipefail
curl() {
  if [ "$1" = -N ]; then grep -m1 'event: hello' < <(command curl -sS "$@"); else command curl -sS --fail "$@"; fi
}
`;

const gateway = await Gateway.start(t, {
  ...(await lentServices(t)),
  CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
  CITYWATCH_WEBHOOK_NETWORKS: '127.64.0.0/16',
});

/** The blocks of the README that are for a running demo. */
async function blocks(): Promise<string[]> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const part = readme.slice(readme.indexOf('## The first five minutes'), readme.indexOf('## Where to read on'));
  return [...part.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) => here(text));
}

/** Ports of this gateway in place of the usual ones. */
function here(text: string): string {
  const mqtt = String(gateway.mqttPort);
  const { host } = new URL(gateway.httpUrl);
  return text
    .replaceAll('127.0.0.1:8080', host)
    .replaceAll('127.0.0.1:1883', `127.0.0.1:${mqtt}`)
    .replace('-p 1883', `-p ${mqtt}`);
}

/** A checkout in which the demo has written its token. */
async function checkout(t: Test): Promise<string> {
  const directory = await temporaryDirectory(t);
  for (const name of await readdir(ROOT)) {
    if (name !== 'data' && name !== '.git') await symlink(join(ROOT, name), join(directory, name));
  }
  await mkdir(join(directory, 'data/demo'), { recursive: true });
  await writeFile(join(directory, 'data/demo/demo-token'), ADMIN_TOKEN);
  return directory;
}

interface Shell {
  child: ChildProcess;
  said(): string;
  ended: Promise<unknown[]>;
}

async function shell(t: Test, cwd: string, script: string): Promise<Shell> {
  const { command, env } = await judge('mosquitto_pub');
  const path = `${dirname(command)}:${dirname(process.execPath)}:${process.env.PATH ?? ''}`;
  const child = spawn('bash', ['-c', script], {
    cwd,
    env: { ...env, PATH: path, HOME: cwd },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = once(child, 'close');
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (more) => (text += more));
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
    await ended;
  });
  return { child, ended, said: () => text };
}

t.test('what the README says to type while the demo runs works as it stands', async (t) => {
  const [token = '', centre = '', technician = '', load = '', ...others] = await blocks();
  t.same(others, [], 'every block is run here');
  const directory = await checkout(t);

  await t.test('the command centre and the technician', async (t) => {
    const { ended, said } = await shell(t, directory, [SHELL, token, centre, technician].join('\n'));
    const [status] = await ended;
    t.equal(status, 0, said());
    t.match(said(), /"items":/, 'alerts');
    t.match(said(), /event: hello/, 'the stream');
    t.match(said(), /"secret":"whsec_/, 'the subscription');
    t.match(said(), /"fill_pct":/, 'the last values');
  });

  await t.test('the load tester: a city comes under names of its own, and goes with Ctrl-C', async (t) => {
    const devices = async () => (await gateway.get('/devices?text=sim-&limit=500')).items.length;
    const { child, said, ended } = await shell(t, directory, [token, load].join('\n'));
    await until('the city', () => said().includes('"event":"ready"') || child.exitCode !== null, LIMIT_MS);
    t.equal(await devices(), 56, said().slice(-2_000));
    process.kill(-(child.pid ?? 0), 'SIGINT');
    await ended;
    t.equal(await devices(), 0, said().slice(-2_000));
    t.match(await gateway.get('/subscriptions'), { items: [{ name: 'centre' }] }, 'what was there before stays');
  });
});

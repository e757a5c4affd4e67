import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { cloneCheckout, Demo } from '../../support/gateway/demo.ts';
import { alertIsComplete, alertsOf, interruptEndsAll, secretsStaySecret } from '../../support/gateway/demo-checks.ts';
import { judge } from '../../support/judges.ts';
import { until } from '../../support/time/until.ts';

const LIMIT_MS = 120_000;
const GONE_MS = 60_000;

/** `curl` of the README shows what came; here an error ends the block, and an endless answer ends when it has begun. */
const SHELL = `set -euo pipefail
curl() {
  if [ "$1" = -N ]; then grep -m1 'event: hello' < <(command curl -sS "$@"); else command curl -sS --fail "$@"; fi
}
`;

t.setTimeout(240_000);

/** The rest of its story, and what the page shows of it: test/long/demo-tells-its-story. */
t.test('npm run demo from a clone: an alert, the lines of the README, and nothing left after Ctrl-C', async (t) => {
  const checkout = await cloneCheckout(t);
  const demo = await Demo.start(t, {
    checkout,
    // Where the README looks for the token.
    dataDirectory: join(checkout, 'data/demo'),
    env: { CITYWATCH_LOG_LEVEL: 'debug' },
  });
  const readyMs = await demo.ready();
  const connectedMs = await demo.connected();
  t.comment(`ready after ${Math.round(readyMs)} ms, the city connected after ${Math.round(connectedMs)} ms`);
  const alert = alertsOf(demo, { 'kiosk-fire@1': 'kiosk-001' }, LIMIT_MS);
  await Promise.all([alert, readmeWorks(t, demo, checkout)]);
  for (const one of await alert) await alertIsComplete(t, demo, one);
  await until('the command centre is told', () => /received alert\.opened \(signature right\)/.test(demo.output));
  await secretsStaySecret(t, demo);
  t.notMatch(demo.output, /DeprecationWarning/, 'and nothing that only its makers understand');
  await interruptEndsAll(t, demo, GONE_MS);
});

/** What the README says to type while the demo runs works as it stands. */
async function readmeWorks(t: Test, demo: Demo, checkout: string): Promise<void> {
  const [token = '', centre = '', technician = '', load = '', ...others] = await blocks(demo, checkout);
  t.same(others, [], 'every block is run here');
  const first = await shell(t, checkout, [SHELL, token, centre, technician].join('\n'));
  const [status] = await first.ended;
  t.equal(status, 0, first.said());
  t.match(first.said(), /"items":/, 'alerts');
  t.match(first.said(), /event: hello/, 'the stream');
  t.match(first.said(), /"secret":"whsec_/, 'the subscription');
  t.match(first.said(), /"fill_pct":/, 'the last values');

  // Another city comes under names of its own, and goes with Ctrl-C.
  const devices = async () => (await demo.get('/devices?text=sim-&limit=500')).items.length;
  const { child, said, ended } = await shell(t, checkout, [token, load].join('\n'));
  await until('the city', () => said().includes('"event":"ready"') || child.exitCode !== null, LIMIT_MS);
  t.equal(await devices(), 56, said().slice(-2_000));
  const { items } = await demo.get('/devices?limit=500');
  process.kill(-(child.pid ?? 0), 'SIGINT');
  await ended;
  t.equal(await devices(), 0, said().slice(-2_000));
  t.equal((await demo.get('/devices?limit=500')).items.length, items.length - 56, 'the demo has its own as before');
  const subscriptions: { name: string }[] = (await demo.get('/subscriptions')).items;
  t.ok(
    subscriptions.some(({ name }) => name === 'centre'),
    'what was there before stays',
  );
  t.notOk(
    subscriptions.some(({ name }) => name.startsWith('sim-')),
    'and nothing of the other city',
  );
}

/** The blocks of the README that are for a running demo, with the ports of this one in place of the usual. */
async function blocks(demo: Demo, checkout: string): Promise<string[]> {
  const readme = await readFile(join(checkout, 'README.md'), 'utf8');
  const part = readme.slice(readme.indexOf('## The first five minutes'), readme.indexOf('## Where to read on'));
  const mqtt = String(demo.mqttPort);
  const { host } = new URL(demo.url);
  return [...part.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) =>
    text
      .replaceAll('127.0.0.1:8080', host)
      .replaceAll('127.0.0.1:1883', `127.0.0.1:${mqtt}`)
      .replace('-p 1883', `-p ${mqtt}`),
  );
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

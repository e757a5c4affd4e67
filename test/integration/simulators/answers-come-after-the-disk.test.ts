import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import type { PowerFound } from '../../../simulators/fleet/ledger-lines.ts';
import type { Link } from '../../../simulators/links/link.ts';
import { MqttLink } from '../../../simulators/links/mqtt-link.ts';
import { PowerWatch } from '../../../simulators/power/power-watch.ts';
import { Facts } from '../../../simulators/report/facts.ts';
import { promiseOfPower } from '../../../simulators/report/power.ts';
import { ROOT } from '../../support/root.ts';
import type { How } from '../../support/simulators/answering-target.ts';
import { until } from '../../support/time/until.ts';

const TARGET = join(ROOT, 'test/support/simulators/answering-target.ts');
const RUN = 'r1abc';
const DEVICES = 4;
const MESSAGES = 40;

/** Whether strace can watch another process here: where not, the report has to say so. */
const canWatch = spawnSync('strace', ['-e', 'trace=none', 'true']).status === 0;

async function startTarget(t: Test, how: How): Promise<{ child: ChildProcess; port: number }> {
  const path = join(t.testdir(), 'journal');
  const child = spawn(process.execPath, [...process.execArgv, TARGET, how, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'close');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, port: Number(port) };
}

function device(port: number, number: number): Link {
  return new MqttLink({
    id: `sim-${number}`,
    secret: 'x',
    firmware: '1',
    from: null,
    doors: { http: new URL('http://127.0.0.1'), mqtt: { host: '127.0.0.1', port }, mqtts: null, ca: null },
    speech: { protocol: 'mqtt', version: 4, qos: 1, tls: false },
    random: () => 0.5,
  });
}

/** Sends messages of a run to a target that is watched, each tenth twice, and gives what its calls showed. */
async function found(t: Test, how: How): Promise<PowerFound> {
  const { child, port } = await startTarget(t, how);
  const watch = await PowerWatch.start(child.pid ?? 0, RUN);
  const links = Array.from({ length: DEVICES }, (_, number) => device(port, number));
  for (const link of links) link.open();
  await until('all are connected', () => links.every(({ isUp }) => isUp));
  let acked = 0;
  const count = (): void => {
    acked += 1;
  };
  for (let message = 0; message < MESSAGES; message += 1) {
    const before = acked;
    for (const [number, link] of links.entries()) {
      const id = `${RUN}-t${(message * DEVICES + number).toString(36)}`;
      const payload = JSON.stringify({ ts: message, id, values: { number } });
      const times = message % 10 === 0 ? 2 : 1;
      for (let time = 0; time < times; time += 1) {
        link.send({ channel: 'telemetry', payload, onAck: count });
      }
    }
    await until('some are answered', () => acked > before);
  }
  await until('all are answered', () => acked === MESSAGES * DEVICES * 1.1);
  const result = await watch.finish();
  await Promise.all(links.map((link) => link.close()));
  t.equal(child.exitCode, null, 'and it goes on, unwatched');
  return result;
}

async function judged(power: PowerFound) {
  return promiseOfPower(await Facts.of([{ what: 'power', power }]));
}

const RIGHT: How[] = ['writes synced', 'writes and syncs', 'writes, logs and syncs'];
const WRONG: How[] = ['answers before it syncs', 'answers before it writes', 'never syncs'];
const HIDDEN: How[] = ['compresses and syncs', 'sends on'];

for (const how of [...RIGHT, ...WRONG, ...HIDDEN]) {
  t.test(`a gateway that ${how}`, async (t) => {
    const power = await found(t, how);
    const { kept, why } = await judged(power);
    if (!canWatch) t.match(why, /power loss not judged: strace/);
    else if (RIGHT.includes(how)) t.equal(kept, true, 'is not accused');
    else if (WRONG.includes(how)) t.equal(kept, false, JSON.stringify(power));
    else t.match({ kept, why }, { kept: null, why: /do not tell where messages are kept/ }, 'is neither');
  });
}

t.test('a process that is not there is not judged, in words', async (t) => {
  const watch = await PowerWatch.start(2 ** 22 + 1, RUN);
  t.match(await judged(await watch.finish()), { kept: null, why: /power loss not judged: / });
});

t.test('where strace is missing, that is said', async (t) => {
  const path = process.env.PATH;
  process.env.PATH = t.testdir();
  const watch = await PowerWatch.start(process.pid, RUN);
  process.env.PATH = path;
  t.match(await judged(await watch.finish()), { kept: null, why: /power loss not judged: strace cannot be started/ });
});

import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verdict as verdictSchema } from '../../simulators/report/verdict.ts';
import { CITY_NODE_OPTIONS } from '../../src/app/local-services/simulated-city.ts';
import { ROOT } from '../../test/support/root.ts';
import { atLeast, atMost, tell } from '../support/figures.ts';
import { owner, run, setting } from '../support/harness.ts';

/**
 * One process of the simulator as it is delivered, with 10,000 kiosks over MQTT, QoS 1, that say some 5,000 messages a
 * second to a server that does nothing but acknowledge: memory, processor time, and how late it is itself.
 * `CITYWATCH_BENCH_SECONDS` is how long they speak (default 60), `_DEVICES` how many there are. Each takes a file
 * descriptor in both processes (`ulimit -n`).
 */
const SECONDS = setting('SECONDS', 60);
const DEVICES = setting('DEVICES', 10_000);
const PER_SECOND = 5_000;
/** Some more than is asked for: what a kiosk has to say now and then is no message a period. */
const PERIOD_S = (DEVICES / PER_SECOND) * 0.95;
const ASKED_BY = 'issue 14';
const CITY = `
city: many
title: { zh: 多, en: Many }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203"]
fleets: [{ name: kiosk, kind: recycling-kiosk, count: ${DEVICES}, periodS: ${PERIOD_S.toFixed(2)} }]
`;

await run(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'citywatch-bench-'));
  owner.teardown(() => rmSync(directory, { recursive: true }));
  const server = fork(join(import.meta.dirname, '../support/listener/mqtt-servers.ts'), ['npm codec only']);
  owner.teardown(() => server.disconnect());
  const [{ port }] = (await once(server, 'message')) as [{ port: number }];
  const [city, out] = [join(directory, 'city.yaml'), join(directory, 'out')];
  writeFileSync(city, CITY);
  const program = join(ROOT, 'simulators/cities/main.ts');
  const driver = join(ROOT, 'config/drivers/mosquitto-telegraf.yaml');
  const words = ['run', city, '--driver', driver, '--mqtt', `mqtt://127.0.0.1:${port}`, '--out', out];
  const simulator = spawn(
    process.execPath,
    [...CITY_NODE_OPTIONS, program, ...words, '--for', `${SECONDS}s`, '--json'],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  owner.teardown(() => void simulator.kill('SIGKILL'));
  const [status] = await once(simulator, 'close');
  if (status !== 0) throw new Error(`the simulator ended with ${status}`);
  const { self, kinds, processes, lateness, answers } = verdictSchema.parse(
    JSON.parse(readFileSync(join(out, 'verdict.json'), 'utf8')),
  );
  if (!self) throw new Error('the run did not end by itself');
  const unanswered = kinds.reduce((sum, one) => sum + one.unanswered, 0);
  tell(
    'one process of the simulator',
    { devices: DEVICES },
    {
      sent: [self.sent / SECONDS, '/s', atLeast(PER_SECOND, ASKED_BY)],
      memory: [Math.max(self.rssMb, ...processes.map(({ rssMb }) => rssMb)), 'MiB', atMost(300, ASKED_BY)],
      processor: [self.cpuShare, 'cores'],
      unanswered: [unanswered, 'count'],
      'sent late, p99': [lateness.p99Ms, 'ms'],
      'event loop late, p99': [self.loopP99Ms, 'ms'],
      'acknowledged, p99': [answers.p99Ms, 'ms'],
    },
  );
});

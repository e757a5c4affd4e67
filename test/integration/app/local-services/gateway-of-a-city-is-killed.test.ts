import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { descendantsOf, stillThere } from '../../../support/process-tree.ts';
import { ROOT } from '../../../support/root.ts';
import { temporaryDirectory } from '../../../support/services/services.ts';
import { until } from '../../../support/time/until.ts';

/** The kernel ends it at once; by itself it would give up half a minute after it asked. */
const GONE_MS = 60_000;

/** Stands for the gateway of a demo; its arguments are the city's. */
const SCRIPT = `
  import { SimulatedCity } from './src/app/local-services/simulated-city.ts';
  import { systemClock } from './src/core/clock.ts';
  const onEvent = () => {};
  new SimulatedCity({ args: process.argv.slice(1), clock: systemClock, stopMs: 1_000, onEvent, onComplaint: onEvent });
`;

t.test('kill -9 of the gateway of a demo takes the simulated city along', async (t) => {
  const silent = createServer();
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.teardown(() => void silent.close());
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const token = join(await temporaryDirectory(t), 'token');
  await writeFile(token, 'token');
  const scenario = join(ROOT, 'simulators/scenarios/demo-ningbo.yaml');
  const city = ['--scenario', scenario, '--gateway', `http://${address}`, '--mqtt', `mqtt://${address}`, '--plain'];
  const words = ['--input-type=module', '-e', SCRIPT, '--', ...city, '--token-file', token];
  const asked = once(silent, 'connection');
  const gateway = spawn(process.execPath, words, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  t.teardown(() => void gateway.kill('SIGKILL'));
  const [socket] = await asked;
  t.teardown(() => void socket.destroy());
  const family = descendantsOf(gateway.pid ?? 0);
  t.ok(
    family.some(({ commandLine }) => commandLine.includes('simulators/main.ts')),
    'the city runs, and waits for an answer',
  );
  gateway.kill('SIGKILL');
  await until('the city is gone', () => stillThere(family).length === 0, GONE_MS);
});

import { join } from 'node:path';
import t from 'tap';
import { isRunning, startScript } from '../../support/processes.ts';
import { type Owner, temporaryDirectory } from '../../support/services.ts';
import type { HostedServices } from '../../support/services-host.ts';
import { until } from '../../support/until.ts';

const HOST = join(import.meta.dirname, '../../support/services-host.ts');

async function start(t: Owner, directory: string) {
  const { process, line } = await startScript(t, HOST, [directory]);
  return { process, services: JSON.parse(line) as HostedServices };
}

t.test('kill -9 of the gateway takes its services along, and the next start finds everything again', async (t) => {
  const directory = await temporaryDirectory(t);
  let before: HostedServices | null = null;
  for (let round = 1; round <= 3; round += 1) {
    const { process, services } = await start(t, directory);
    if (before) {
      t.same(urls(services), urls(before), 'same addresses and passwords');
      for (const { pid } of Object.values(before)) t.equal(isRunning(pid), false, 'nothing of the last life is left');
    }
    process.kill('SIGKILL');
    before = services;
  }
  for (const [name, { pid }] of Object.entries(before ?? {})) await until(`${name} is gone`, () => !isRunning(pid));
});

function urls(services: HostedServices): string[] {
  return Object.values(services).map(({ url }) => url);
}

t.test('SIGTERM stops the services before the gateway ends', async (t) => {
  const { process, services } = await start(t, await temporaryDirectory(t));
  const status = new Promise((resolve) => process.once('exit', resolve));
  process.kill('SIGTERM');
  t.equal(await status, 0);
  for (const { pid } of Object.values(services)) t.equal(isRunning(pid), false);
});

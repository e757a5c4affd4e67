import { join } from 'node:path';
import t from 'tap';
import { isRunning, startScript } from '../../support/processes.ts';
import { type Owner, temporaryDirectory } from '../../support/services/services.ts';
import type { HostedServices } from '../../support/services/services-host.ts';
import { until } from '../../support/time/until.ts';

const HOST = join(import.meta.dirname, '../../support/services/services-host.ts');

async function start(t: Owner, directory: string) {
  const { process, line } = await startScript(t, HOST, [directory]);
  return { process, services: JSON.parse(line) as HostedServices };
}

t.test(
  'kill -9 of the gateway takes its services along, the next start finds everything, SIGTERM stops all',
  async (t) => {
    const directory = await temporaryDirectory(t);
    const lives: HostedServices[] = [];
    const next = async () => {
      const { process, services } = await start(t, directory);
      const before = lives.at(-1);
      if (before) {
        t.same(urls(services), urls(before), 'same addresses and passwords');
        for (const { pid } of Object.values(before)) t.equal(isRunning(pid), false, 'nothing of the last life is left');
      }
      lives.push(services);
      return { process, services };
    };
    for (let kill = 1; kill <= 2; kill += 1) (await next()).process.kill('SIGKILL');
    for (const [name, { pid }] of Object.entries(lives.at(-1) ?? {}))
      await until(`${name} is gone`, () => !isRunning(pid));
    const { process, services } = await next();
    const status = new Promise((resolve) => process.once('exit', resolve));
    process.kill('SIGTERM');
    t.equal(await status, 0);
    for (const { pid } of Object.values(services)) t.equal(isRunning(pid), false, 'gone before the gateway');
  },
);

function urls(services: HostedServices): string[] {
  return Object.values(services).map(({ url }) => url);
}

import { GATEWAY_NODE_OPTIONS } from '../../scripts/gateway-memory.mjs';
import { findCluster } from '../../src/app/local-services/postgres/postgres.ts';
import { DEVICES_AT_ONCE_MAX } from '../../src/devices/registry/input.ts';
import { fillRegistry } from '../../test/support/devices/big-registry.ts';
import { openDatabase } from '../../test/support/devices/registry.ts';
import { Gateway } from '../../test/support/gateway/gateway.ts';
import { memoryOf, startFigures } from '../support/at-rest.ts';
import { atMost, each, tell } from '../support/figures.ts';
import { cpuOf, inParallel, owner, run, setting, settle } from '../support/harness.ts';

/**
 * What the start of a gateway takes, and the memory that it then holds (PSS), by how many devices are registered; then
 * how fast more are registered by batches, with the index of the search on. `CITYWATCH_BENCH_DEVICES` is the largest
 * registry. None of them is connected.
 */
const CASES = [1_000, 20_000, setting('DEVICES', 100_000)];
const STARTS = 3;
const CALLERS = [1, 4];
const BATCHES = 20;

await run(async () => {
  const gateway = await Gateway.bare(owner);
  // As it is delivered: reading maps of the sources is for tests.
  gateway.nodeOptions = GATEWAY_NODE_OPTIONS;
  await gateway.start();
  let filled = 0;
  for (const devices of CASES) {
    await fill(gateway, filled + 1, devices + 1);
    filled = devices;
    for (let start = 1; start <= STARTS; start += 1) {
      await gateway.stop('SIGTERM');
      const { ms, cpuMs } = await startFigures(gateway);
      const goals = devices === 20_000 ? [atMost(2_000, 'issue 10')] : [];
      tell('start with devices', { devices, start }, { ready: [ms, 'ms', ...goals], ...each(cpuMs, 'CPU ms') });
    }
    await settle(10);
    tell('memory with devices', { devices }, each(memoryOf(gateway), 'MiB'));
    for (const callers of CALLERS) await registerMore(gateway, devices, callers);
  }
  await gateway.stop('SIGTERM');
});

/** Batches of as many as one request may bring, `callers` under way at a time. */
async function registerMore(gateway: Gateway, devices: number, callers: number): Promise<void> {
  const before = cpuOf(gateway);
  const batches = Array.from({ length: BATCHES }, (_, batch) => batchOf(`more-${devices}-${callers}-${batch}`));
  const startMs = performance.now();
  await inParallel(
    batches,
    async (body) => {
      const { status, body: made } = await gateway.api('POST', '/devices/batch', { body: { devices: body } });
      if (status !== 200 || made.created !== body.length) throw new Error(`a batch was answered ${status}`);
    },
    callers,
  );
  const seconds = (performance.now() - startMs) / 1000;
  const registered = BATCHES * DEVICES_AT_ONCE_MAX;
  const after = cpuOf(gateway);
  const cpuMsEach = (name: string): number => (((after[name] ?? 0) - (before[name] ?? 0)) * 1_000) / registered;
  tell(
    'registered by batch',
    { devices, callers },
    {
      devices: [registered / seconds, '/s'],
      'gateway, each': [cpuMsEach('gateway'), 'CPU ms'],
      'PostgreSQL, each': [cpuMsEach('postgres'), 'CPU ms'],
    },
  );
}

function batchOf(name: string): object[] {
  return Array.from({ length: DEVICES_AT_ONCE_MAX }, (_, number) => ({
    id: `${name}-${number}`,
    kind: 'recycling-kiosk',
    name: `中山路${number}号小区`,
    jurisdiction: '330203',
    location: { lat: 29.8 + (number % 100) / 1_000, lon: 121.5 + (number % 97) / 1_000 },
  }));
}

/** Numbers `from` (inclusive) to `to` (exclusive), while the gateway runs; it reads them all at its next start. */
async function fill(gateway: Gateway, from: number, to: number): Promise<void> {
  const ends: (() => void | Promise<void>)[] = [];
  const { url } = await findCluster(gateway.directory);
  const database = await openDatabase({ teardown: (end) => void ends.push(end) }, url);
  await fillRegistry(database, { from, to });
  for (const end of ends) await end();
}

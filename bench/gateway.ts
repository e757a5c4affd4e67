import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Gateway } from '../test/support/gateway/gateway.ts';
import { atLeast, atMost, beside, tell } from './support/figures.ts';
import {
  countStored,
  cpuOf,
  delays,
  Load,
  memory,
  metric,
  owner,
  register,
  run,
  setting,
  settle,
} from './support/harness.ts';

/**
 * The whole gateway with its private services on this machine, load generator included: start to ready, memory, the
 * most it takes through to InfluxDB, and what it does when it is sent more. Every message is counted in InfluxDB.
 * `CITYWATCH_BENCH_SECONDS` is the length of the load (default 300); the overload lasts a fifth of it.
 */
const SECONDS = setting('SECONDS', 300);
const DEVICES = 1_000;
const WARM_STARTS = 3;
/** An engine that has nothing to do gives memory back after some time. */
const CALM_S = 60;
/** Messages each device keeps under way: enough to be never idle, and then twice that. */
const WINDOW = 20;

await run(measure);

async function measure(): Promise<void> {
  const gateway = await Gateway.prepare(owner);
  tell('start to ready', { start: 'cold, new data directory' }, { took: [await startMs(gateway), 'ms'] });
  for (let start = 1; start <= WARM_STARTS; start += 1) {
    await gateway.stop('SIGTERM');
    tell('start to ready', { start: `warm ${start}` }, { took: [await startMs(gateway), 'ms'] });
  }
  await settle();
  remember(gateway, 'at rest');
  const devices = await register(gateway, DEVICES);
  const load = await Load.connect(gateway, devices);
  await settle();
  remember(gateway, `${DEVICES} devices connected`);
  const best = await sustained(gateway, load, { name: 'sustained QoS 1', seconds: SECONDS, window: WINDOW });
  await cpuBesideFloor(best.cpu, best.acked);
  remember(gateway, 'after the load', 300);
  await settle(CALM_S);
  remember(gateway, `${CALM_S} s after the load`);
  const over = { name: 'twice as many under way', seconds: SECONDS / 5, window: 2 * WINDOW };
  const overload = await sustained(gateway, load, over);
  const share = (100 * overload.perSecond) / best.perSecond;
  tell('acknowledged with twice as many under way', {}, { 'share of the best': [share, '%'] });
  remember(gateway, 'after the overload');
  await settle(CALM_S);
  remember(gateway, `${CALM_S} s later`);
  const sent = best.sent + overload.sent;
  const stored = await countStored(gateway, devices, load.baseMs);
  tell(
    'nothing is lost',
    {},
    {
      sent: [sent, 'count'],
      stored: [stored, 'count'],
      lost: [sent - stored, 'count', atMost(0, 'issue 4')],
    },
  );
  if (stored !== sent) process.exitCode = 1;
}

/** What the gateway holds after ten million messages is asked for: after the load. */
function remember(gateway: Gateway, state: string, most?: number): void {
  const { gatewayPssMiB, allProcessesPssMiB } = memory(gateway);
  tell(
    'memory',
    { state },
    {
      gateway: [gatewayPssMiB, 'MiB', ...(most ? [atMost(most, 'issue 10')] : [])],
      'all processes': [allProcessesPssMiB, 'MiB'],
    },
  );
}

interface Over {
  name: string;
  seconds: number;
  window: number;
}

async function sustained(gateway: Gateway, load: Load, { name, seconds, window }: Over) {
  const cpuBefore = cpuOf(gateway);
  const linesBefore = await metric(gateway, 'citywatch_telemetry_lines_total');
  const startMs = performance.now();
  const { sent, acked, p50Ms, p99Ms, ...result } = await load.saturate(seconds, window);
  const lines = (await metric(gateway, 'citywatch_telemetry_lines_total')) - linesBefore;
  const underLoadS = (performance.now() - startMs) / 1000;
  await gateway.settledLedger(600_000);
  const cpuAfter = cpuOf(gateway);
  const storedS = (performance.now() - startMs) / 1000;
  const perSecond = Math.round(acked / result.seconds);
  tell(
    name,
    { window },
    {
      messages: [acked, 'count'],
      took: [result.seconds, 's'],
      acked: [perSecond, '/s'],
      stored: [acked / storedS, '/s', atLeast(20_000, 'issue 4')],
      'stored meanwhile': [lines / underLoadS, '/s'],
      ...delays({ p50Ms, p99Ms }),
    },
  );
  const used = Object.entries(cpuAfter).map(([program, after]) => [program, after - (cpuBefore[program] ?? 0)]);
  return { sent, acked, perSecond, cpu: Object.fromEntries(used) as Record<string, number> };
}

async function cpuBesideFloor(cpu: Record<string, number>, messages: number): Promise<void> {
  const file = join(import.meta.dirname, 'support/floor.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  const floor = beside('JSON.parse, zod and the journal alone', Number(JSON.parse(stdout).cpuSPer100k));
  const per100k = (name: string): number => ((cpu[name] ?? 0) * 100_000) / messages;
  tell(
    'processor time of 100,000 messages',
    {},
    {
      gateway: [per100k('gateway'), 'CPU s', floor],
      influxd: [per100k('influxd'), 'CPU s'],
      postgres: [per100k('postgres'), 'CPU s'],
    },
  );
}

async function startMs(gateway: Gateway): Promise<number> {
  const startMs = performance.now();
  await gateway.start();
  return Math.round(performance.now() - startMs);
}

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Gateway } from '../test/support/gateway/gateway.ts';
import {
  countStored,
  cpuOf,
  Load,
  memory,
  metric,
  owner,
  print,
  register,
  round,
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
  print({ bench: 'start to ready', start: 'cold (new data directory)', ms: await startMs(gateway) });
  for (let start = 1; start <= WARM_STARTS; start += 1) {
    await gateway.stop('SIGTERM');
    print({ bench: 'start to ready', start: `warm ${start}`, ms: await startMs(gateway) });
  }
  await settle();
  print({ bench: 'memory', state: 'at rest', ...memory(gateway) });
  const devices = await register(gateway, DEVICES);
  const load = await Load.connect(gateway, devices);
  await settle();
  print({ bench: 'memory', state: `${DEVICES} devices connected`, ...memory(gateway) });
  const best = await sustained(gateway, load, { name: 'sustained QoS 1', seconds: SECONDS, window: WINDOW });
  await cpuBesideFloor(best.cpu, best.acked);
  print({ bench: 'memory', state: 'after the load', ...memory(gateway) });
  await settle(CALM_S);
  print({ bench: 'memory', state: `${CALM_S} s after the load`, ...memory(gateway) });
  const over = { name: 'twice as many under way', seconds: SECONDS / 5, window: 2 * WINDOW };
  const overload = await sustained(gateway, load, over);
  print({ bench: 'overload', shareOfBest: round(overload.perSecond / best.perSecond) });
  print({ bench: 'memory', state: 'after the overload', ...memory(gateway) });
  await settle(CALM_S);
  print({ bench: 'memory', state: `${CALM_S} s later`, ...memory(gateway) });
  const sent = best.sent + overload.sent;
  const stored = await countStored(gateway, devices, load.baseMs);
  print({ bench: 'nothing lost', sent, stored, lost: sent - stored });
  if (stored !== sent) process.exitCode = 1;
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
  const rates = { ackedPerSecond: perSecond, storedPerSecond: Math.round(acked / storedS) };
  const behind = { storedMeanwhilePerSecond: Math.round(lines / underLoadS) };
  print({ bench: name, messages: acked, seconds: round(result.seconds), ...rates, ...behind, p50Ms, p99Ms });
  const used = Object.entries(cpuAfter).map(([program, after]) => [program, after - (cpuBefore[program] ?? 0)]);
  return { sent, acked, perSecond, cpu: Object.fromEntries(used) as Record<string, number> };
}

async function cpuBesideFloor(cpu: Record<string, number>, messages: number): Promise<void> {
  const file = join(import.meta.dirname, 'support/floor.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  const floor = round(Number(JSON.parse(stdout).cpuSPer100k));
  const per100k = (name: string): number => round(((cpu[name] ?? 0) * 100_000) / messages);
  const own = per100k('gateway');
  const servers = { influxd: per100k('influxd'), postgres: per100k('postgres') };
  print({ bench: 'CPU s per 100,000', gateway: own, floor, ratio: round(own / floor), ...servers });
}

async function startMs(gateway: Gateway): Promise<number> {
  const startMs = performance.now();
  await gateway.start();
  return Math.round(performance.now() - startMs);
}

import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Gateway } from '../test/support/gateway.ts';
import type { LoadResult, Order } from './support/gateway-load.ts';

/**
 * The whole gateway with its private services on this machine, load generator included: start to ready, memory,
 * publish → PUBACK at two paces, and the most it takes through to InfluxDB. Every message sent is counted in InfluxDB.
 * `CITYWATCH_BENCH_SECONDS` shortens or lengthens each load (default 30).
 */
const SECONDS = Number(process.env.CITYWATCH_BENCH_SECONDS ?? 30);
const DEVICES = 1_000;
const WARM_STARTS = 3;
/** Requests at a time; the API lets a caller have 64 and eight heavy ones. */
const AT_ONCE = 6;
const CLOCK_TICKS_PER_S = 100;

const teardowns: (() => void | Promise<void>)[] = [];
const owner = { teardown: (run: () => void | Promise<void>) => void teardowns.unshift(run) };

print({
  ...{ machine: cpus()[0]?.model, cores: cpus().length, memoryBytes: totalmem(), node: process.version },
  loadAverage: loadavg().map(round),
});
try {
  await measure();
} finally {
  for (const end of teardowns) await end();
}

async function measure(): Promise<void> {
  const gateway = await Gateway.prepare(owner);
  print({ bench: 'start to ready', start: 'cold (new data directory)', ms: await startMs(gateway) });
  for (let start = 1; start <= WARM_STARTS; start += 1) {
    await gateway.stop('SIGTERM');
    print({ bench: 'start to ready', start: `warm ${start}`, ms: await startMs(gateway) });
  }
  await settle();
  print({ bench: 'memory', state: 'at rest', ...memory(gateway) });
  const devices = await inParallel(
    Array.from({ length: DEVICES }, (_, number) => `bench-${number}`),
    async (id) => {
      return { id, secret: await gateway.register({ id }) };
    },
  );
  const load = fork(join(import.meta.dirname, 'support/gateway-load.ts'), [], { execArgv: ['--import=tsx'] });
  owner.teardown(() => load.disconnect());
  const { baseMs } = await tell<{ baseMs: number }>(load, { do: 'connect', port: gateway.mqttPort, devices });
  await settle();
  print({ bench: 'memory', state: `${DEVICES} devices connected`, ...memory(gateway) });
  let sent = 0;
  for (const perSecond of [500, 5_000]) {
    const result = await tell<LoadResult>(load, { do: 'pace', perSecond, seconds: SECONDS / 3 });
    sent += result.sent;
    const { p50Ms, p99Ms, maxMs } = result;
    print({ bench: 'publish to PUBACK', perSecond, messages: result.acked, p50Ms, p99Ms, maxMs });
    await gateway.settledLedger(300_000);
  }
  sent += await sustained(gateway, load);
  const stored = await countStored(gateway, { devices, baseMs });
  print({ bench: 'nothing lost', sent, stored, lost: sent - stored });
  if (stored !== sent) process.exitCode = 1;
  print({ bench: 'memory', state: 'after the load', ...memory(gateway) });
}

async function sustained(gateway: Gateway, load: ChildProcess): Promise<number> {
  const cpuBefore = cpuOf(gateway);
  const startMs = performance.now();
  const result = await tell<LoadResult>(load, { do: 'saturate', seconds: SECONDS, window: 20 });
  await gateway.settledLedger(600_000);
  const storedS = (performance.now() - startMs) / 1000;
  const cpuAfter = cpuOf(gateway);
  const per100k = (name: string): number =>
    round((((cpuAfter[name] ?? 0) - (cpuBefore[name] ?? 0)) * 100_000) / result.acked);
  const rates = {
    ackedPerSecond: Math.round(result.acked / result.seconds),
    storedPerSecond: Math.round(result.acked / storedS),
  };
  const { acked: messages, seconds, p50Ms, p99Ms } = result;
  print({ bench: 'sustained QoS 1', messages, seconds: round(seconds), ...rates, p50Ms, p99Ms });
  const file = join(import.meta.dirname, 'support/floor.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--import=tsx', file]);
  const floor = round(Number(JSON.parse(stdout).cpuSPer100k));
  const gatewayCpu = per100k('gateway');
  const row = { gateway: gatewayCpu, floor, ratio: round(gatewayCpu / floor) };
  print({ bench: 'CPU s per 100,000', ...row, influxd: per100k('influxd'), postgres: per100k('postgres') });
  return result.sent;
}

async function startMs(gateway: Gateway): Promise<number> {
  const startMs = performance.now();
  await gateway.start();
  return Math.round(performance.now() - startMs);
}

/** What a start or a connect leaves to be cleaned up. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 3_000));
}

async function tell<Result>(load: ChildProcess, order: Order): Promise<Result> {
  load.send(order);
  const [message] = (await once(load, 'message')) as [{ result?: Result; error?: string }];
  if (message.error !== undefined) throw new Error(message.error);
  return message.result as Result;
}

async function inParallel<In, Out>(items: In[], work: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = [];
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

async function countStored(
  gateway: Gateway,
  { devices, baseMs }: { devices: { id: string }[]; baseMs: number },
): Promise<number> {
  const range = `from=${new Date(baseMs).toISOString()}&to=${new Date(baseMs + 10_000_000).toISOString()}`;
  const counts = await inParallel(devices, async ({ id }) => {
    const { points } = await gateway.get(`/devices/${id}/history?fields=weight_kg&${range}&fn=count`);
    return Number(points[0]?.values.weight_kg ?? 0);
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

/** CPU seconds so far of the gateway's own process, and of its servers with all their processes. */
function cpuOf(gateway: Gateway): Record<string, number> {
  const used: Record<string, number> = { gateway: cpuSeconds(gateway.pid) };
  for (const { pid, program } of gateway.descendants()) {
    const name = program.startsWith('postgres') ? 'postgres' : program;
    used[name] = (used[name] ?? 0) + cpuSeconds(pid);
  }
  return used;
}

function cpuSeconds(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const columns = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // User and system time, and both of children that have ended.
  return columns.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / CLOCK_TICKS_PER_S;
}

function memory(gateway: Gateway): { gatewayRssMiB: number; allProcessesPssMiB: number } {
  const kibibytes = (file: string, name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(read(file))?.[1] ?? 0);
  const pids = [gateway.pid, ...gateway.descendants().map(({ pid }) => pid)];
  const pss = pids.reduce((sum, pid) => sum + kibibytes(`/proc/${pid}/smaps_rollup`, 'Pss'), 0);
  return {
    gatewayRssMiB: Math.round(kibibytes(`/proc/${gateway.pid}/status`, 'VmRSS') / 1024),
    allProcessesPssMiB: Math.round(pss / 1024),
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function print(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

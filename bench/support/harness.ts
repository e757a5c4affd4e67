import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gateway } from '../../test/support/gateway/gateway.ts';
import type { MqttDevice } from '../../test/support/uplinks/mqtt-devices.ts';
import { type Given, type Goal, tellMachine } from './figures.ts';
import type { Clocks, LoadResult, Order } from './gateway-load.ts';

/** What the measurements of the whole gateway share: the machine, devices, the load generator, CPU and memory. */

const teardowns: (() => void | Promise<void>)[] = [];
export const owner = { teardown: (run: () => void | Promise<void>) => void teardowns.unshift(run) };

const PROBE_EVERY_MS = 1_000;
const ASK_EVERY_MS = 25;

/** Of histories a caller may ask for four at a time; a probe asks for one. */
const HISTORIES_AT_ONCE = 3;
/** Requests at a time; the API lets a caller have 64 and eight heavy ones. */
const AT_ONCE = 6;
const CLOCK_TICKS_PER_S = 100;

export type Devices = { id: string; secret: string }[];

/** Names the machine, measures, and ends what the measurement started. */
export async function run(measure: () => Promise<void>): Promise<void> {
  tellMachine();
  try {
    await measure();
  } finally {
    for (const end of teardowns) await end();
  }
}

/** A number of the environment that shortens or lengthens a measurement. */
export function setting(
  name: 'SECONDS' | 'DEVICES' | 'MESSAGES' | 'CAMERAS' | 'COLD' | 'ROWS' | 'VIEWERS',
  otherwise: number,
): number {
  return Number(process.env[`CITYWATCH_BENCH_${name}`] ?? otherwise);
}

/** Registers devices called `bench-0` and so on; with `tokens` as one caller for each. */
export function register(gateway: Gateway, count: number, by: Partial<Registering> = {}): Promise<Devices> {
  const { name = 'bench', tokens } = by;
  const ids = Array.from({ length: count }, (_, number) => `${name}-${number}`);
  if (!tokens) return inParallel(ids, async (id) => ({ id, secret: await registerOne(gateway, id) }));
  let turn = 0;
  const one = async (id: string) => ({ id, secret: await registerOne(gateway, id, tokens[turn++ % tokens.length]) });
  return inParallel(ids, one, tokens.length);
}

export interface Registering {
  name: string;
  tokens: readonly string[];
}

/** Tokens of as many callers: each may ask only so often. */
export function tokensOf(gateway: Gateway, count: number, role: BenchRole = 'technician'): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => tokenOf(gateway, role)));
}

/** Who registers devices, and who watches cameras. */
export type BenchRole = 'technician' | 'operator';

async function tokenOf(gateway: Gateway, role: BenchRole): Promise<string> {
  const input = { name: `bench of a ${role}`, role, jurisdiction: '330200' };
  const { status, text, body } = await gateway.api('POST', '/tokens', { body: input });
  if (status !== 201) throw new Error(`a token was answered ${status}: ${text}`);
  return body.token;
}

/** A caller may ask so often a minute; many devices take several. */
async function registerOne(gateway: Gateway, id: string, token?: string): Promise<string> {
  for (;;) {
    try {
      return await gateway.register({ id }, token);
    } catch (error) {
      if (!String(error).includes('answered 429')) throw error;
      await sleep(2_000);
    }
  }
}

/** The load generator, a process of its own. */
export class Load {
  readonly #child: ChildProcess;
  /** Time of the first message of each device. */
  baseMs = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async connect({ mqttPort }: { mqttPort: number }, devices: Devices): Promise<Load> {
    const child = fork(join(import.meta.dirname, 'gateway-load.ts'));
    owner.teardown(() => {
      if (child.connected) child.disconnect();
    });
    const load = new Load(child);
    load.baseMs = (await load.#tell<{ baseMs: number }>({ do: 'connect', port: mqttPort, devices })).baseMs;
    return load;
  }

  /** Ends it, and the connections of its devices. */
  end(): void {
    this.#child.disconnect();
  }

  saturate(seconds: number, window: number, clocks?: Clocks): Promise<LoadResult> {
    return this.#tell({ do: 'saturate', seconds, window, ...(clocks && { clocks }) });
  }

  pace(perSecond: number, seconds: number, clocks: Clocks): Promise<LoadResult> {
    return this.#tell({ do: 'pace', perSecond, seconds, clocks });
  }

  /** Devices `from` to `to` catch fire; resolves with when each published, in ms of the wall clock. */
  burn(from: number, to: number, perSecond: number | null): Promise<number[]> {
    return this.#tell({ do: 'burn', from, to, perSecond });
  }

  async #tell<Result>(order: Order): Promise<Result> {
    this.#child.send(order);
    const [message] = (await once(this.#child, 'message')) as [{ result?: Result; error?: string }];
    if (message.error !== undefined) throw new Error(message.error);
    return message.result as Result;
  }
}

/** What a start or a connect leaves to be cleaned up. */
export function settle(seconds = 3): Promise<void> {
  return sleep(seconds * 1000);
}

export async function inParallel<In, Out>(
  items: In[],
  work: (item: In) => Promise<Out>,
  atOnce = AT_ONCE,
): Promise<Out[]> {
  const results: Out[] = [];
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

/** How many of the load's messages InfluxDB has. */
export async function countStored(gateway: Gateway, devices: { id: string }[], baseMs: number): Promise<number> {
  const range = `from=${new Date(baseMs).toISOString()}&to=${new Date(baseMs + 10_000_000).toISOString()}`;
  const count = async ({ id }: { id: string }): Promise<number> => {
    const { points } = await gateway.get(`/devices/${id}/history?fields=weight_kg&${range}&fn=count`);
    return Number(points[0]?.values.weight_kg ?? 0);
  };
  const counts = await inParallel(devices, count, HISTORIES_AT_ONCE);
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Delays from publish to queryable of one probe a second; each is asked for by the time it was published with. */
export async function probes(gateway: Gateway, device: MqttDevice, signal: AbortSignal): Promise<number[]> {
  const delaysMs: number[] = [];
  for (let number = 0; !signal.aborted; number += 1) {
    const from = new Date().toISOString();
    const startMs = performance.now();
    const value = 100 + (number % 300);
    await device.report({ weight_kg: value });
    const path = `/devices/${device.id}/history?fields=weight_kg&from=${from}&to=2100-01-01T00:00:00.000Z`;
    const isThere = async (): Promise<boolean> => {
      const { points } = await gateway.get(path);
      return points.some(({ values }: { values: { weight_kg?: number } }) => values.weight_kg === value);
    };
    while (!(await isThere())) await sleep(ASK_EVERY_MS);
    delaysMs.push(performance.now() - startMs);
    await sleep(PROBE_EVERY_MS);
  }
  return delaysMs;
}

/** CPU seconds so far of the gateway's own process, and of its servers with all their processes. */
export function cpuOf(gateway: Gateway): Record<string, number> {
  const used: Record<string, number> = { gateway: cpuSeconds(gateway.pid) };
  for (const { pid, program } of gateway.descendants()) {
    const name = program.startsWith('postgres') ? 'postgres' : program;
    used[name] = (used[name] ?? 0) + cpuSeconds(pid);
  }
  return inOrder(used);
}

/** The gateway first, then its servers by their names: figures of processes stand in the same order in each case. */
export function inOrder({ gateway = 0, ...servers }: Record<string, number>): Record<string, number> {
  return { gateway, ...Object.fromEntries(Object.entries(servers).sort(([one], [other]) => (one < other ? -1 : 1))) };
}

/** CPU seconds of a process so far, those of children that have ended among them. */
export function cpuSeconds(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const columns = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return columns.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / CLOCK_TICKS_PER_S;
}

/** Proportional memory of the gateway's own process, and of all. */
export function memory(gateway: Gateway): { gatewayPssMiB: number; allProcessesPssMiB: number } {
  const pids = [gateway.pid, ...gateway.descendants().map(({ pid }) => pid)];
  const pss = pids.reduce((sum, pid) => sum + pssMiB(pid), 0);
  return { gatewayPssMiB: Math.round(pssMiB(gateway.pid)), allProcessesPssMiB: Math.round(pss) };
}

/** Memory of a process, what it shares counted in parts. */
export function pssMiB(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / 1024;
}

/** Resident memory of a process. */
export function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

/** The sum of a counter or gauge of the gateway over its labels. */
export async function metric(gateway: Gateway, name: string): Promise<number> {
  const { text } = await gateway.api('GET', '/metrics');
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

export function quantiles(values: number[]): { p50Ms: number; p99Ms: number; maxMs: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

export interface Delays {
  p50Ms: number;
  p99Ms: number;
  maxMs?: number;
}

/** Delays as figures, from each of them or from their quantiles; what is asked of them is asked of their p99. */
export function delays(times: number[] | Delays, ...goals: Goal[]): Record<string, Given> {
  const { p50Ms, p99Ms, maxMs } = Array.isArray(times) ? quantiles(times) : times;
  const figures: Record<string, Given> = { p50: [p50Ms, 'ms'], p99: [p99Ms, 'ms', ...goals] };
  return maxMs === undefined ? figures : { ...figures, max: [maxMs, 'ms'] };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

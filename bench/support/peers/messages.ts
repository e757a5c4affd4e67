import { fork } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connectAsync } from 'mqtt';
import { descendantsOf } from '../../../test/support/process-tree.ts';
import { Influxd } from '../../../test/support/telemetry/influxd.ts';
import { until } from '../../../test/support/time/until.ts';
import type { Clocks } from '../gateway-load.ts';
import { cpuSeconds, Load, owner, round } from '../harness.ts';
import { Mosquitto } from './mosquitto.ts';
import { Telegraf } from './telegraf.ts';

/** The rates at which a message is measured, ours and theirs. */
export const PACES: readonly [number | 'saturated', Clocks][] = [
  [450, 'right'],
  [450, 'an hour behind'],
  [2_000, 'right'],
  [2_000, 'an hour behind'],
  ['saturated', 'right'],
  ['saturated', 'an hour behind'],
];
const DEVICES = 1_000;
/** As in `bench/message-cost.ts`. */
const WINDOW = 20;
const WARM_UP_S = 5;

/** What one side took at one rate. */
export interface Cost {
  cpuSPer100k: number;
  p99AckMs: number;
  /** Null where it is paced. */
  storedPerS: number | null;
}

/** By rate and clocks. */
export type Costs = Map<string, Cost>;

export const paceName = (perSecond: number | 'saturated', clocks: Clocks): string => `${perSecond} ${clocks}`;

/** What `bench/message-cost.ts` calls what is read of it here. */
export const COST = 'processor time of 100,000 messages';
export const PUBACK = 'publish to PUBACK';
export const THROUGHPUT = 'throughput';

interface Line {
  bench?: string;
  of: { perSecond: number | 'saturated'; clocks: Clocks; uplink?: string };
  figures: { name: string; value: number }[];
}

/** Ours, from `bench/message-cost.ts`, whose lines are passed on but for its machine, which is this one. */
export async function ourMessages(): Promise<Costs> {
  const file = join(import.meta.dirname, '../../message-cost.ts');
  const child = fork(file, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const costs: Costs = new Map();
  for await (const line of createInterface({ input: child.stdout! })) {
    const { bench, of, figures }: Line = JSON.parse(line);
    if (bench === undefined) continue;
    process.stdout.write(`${line}\n`);
    if (of.uplink !== undefined) continue;
    const name = paceName(of.perSecond, of.clocks);
    const value = (figure: string): number => figures.find((one) => one.name === figure)?.value ?? 0;
    const cost = costs.get(name) ?? { cpuSPer100k: 0, p99AckMs: 0, storedPerS: null };
    if (bench === COST) costs.set(name, { ...cost, cpuSPer100k: value('all') });
    if (bench === PUBACK) costs.set(name, { ...cost, p99AckMs: value('p99') });
    if (bench === THROUGHPUT) costs.set(name, { ...cost, storedPerS: value('stored') });
  }
  const status = await ended;
  if (status !== 0) throw new Error(`bench/message-cost.ts ended with ${status}`);
  return costs;
}

export interface TheirMessages {
  /** Who takes all from Mosquitto: Telegraf with its InfluxDB, or a subscriber whose CPU is not counted. */
  of: 'Mosquitto + Telegraf' | 'Mosquitto alone';
  costs: Costs;
}

/** Null where this machine has no Mosquitto. */
export async function theirMessages(seconds: number): Promise<TheirMessages | null> {
  const broker = new Mosquitto();
  const program = await broker.find();
  if (!program) return null;
  await broker.start(program);
  owner.teardown(() => broker.stop());
  const behind = (await telegraf(broker)) ?? (await subscriber(broker));
  const devices = Array.from({ length: DEVICES }, (_, number) => ({ id: `bench-${number}`, secret: '' }));
  const load = await Load.connect(broker, devices);
  await load.pace(450, WARM_UP_S, 'right');
  const costs: Costs = new Map();
  let had = await behind.stored(450 * WARM_UP_S);
  for (const [perSecond, clocks] of PACES) {
    const before = broker.cpu() + behind.cpu();
    const startMs = performance.now();
    const result =
      perSecond === 'saturated'
        ? await load.saturate(seconds, WINDOW, clocks)
        : await load.pace(perSecond, seconds, clocks);
    const has = await behind.stored(had.count + result.acked);
    const storedPerS = Math.round(((has.count - had.count) * 1000) / (has.atMs - startMs));
    had = has;
    costs.set(paceName(perSecond, clocks), {
      cpuSPer100k: round(((broker.cpu() + behind.cpu() - before) * 100_000) / result.acked),
      p99AckMs: result.p99Ms,
      storedPerS: perSecond === 'saturated' ? storedPerS : null,
    });
  }
  await behind.stop();
  await broker.stop();
  return { of: behind.name, costs };
}

/** Who takes the messages from the broker. */
interface Behind {
  name: TheirMessages['of'];
  cpu(): number;
  /** Resolves when it has at least so many in all, or when no more come. */
  stored(count: number): Promise<Stored>;
  stop(): Promise<void>;
}

interface Stored {
  /** How many it has. */
  count: number;
  /** When it got the last one. */
  atMs: number;
}

async function telegraf({ mqttPort }: Mosquitto): Promise<Behind | null> {
  const peer = new Telegraf();
  const program = await peer.find();
  if (!program) return null;
  const influxd = await Influxd.start(owner);
  await peer.start(program, { mqttPort, influx: influxd });
  owner.teardown(() => peer.stop());
  const servers = descendantsOf(process.pid).filter((one) => one.program === 'influxd');
  const count = async (): Promise<number> => {
    const { results } = await influxd.query('SELECT count(values_weight_kg) FROM telemetry', 'peer');
    return Number(results[0]?.series?.[0]?.values[0]?.[1] ?? 0);
  };
  return {
    name: 'Mosquitto + Telegraf',
    cpu: () => peer.cpu() + servers.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0),
    stored: (wanted) => settled(count, wanted),
    stop: async () => {
      await peer.stop();
      await influxd.kill();
    },
  };
}

async function subscriber({ mqttPort }: Mosquitto): Promise<Behind> {
  const client = await connectAsync({ host: '127.0.0.1', port: mqttPort, protocolVersion: 5 });
  owner.teardown(() => client.endAsync(true));
  let taken = 0;
  client.on('message', () => {
    taken += 1;
  });
  await client.subscribeAsync('cw/v1/+/telemetry', { qos: 1 });
  return {
    name: 'Mosquitto alone',
    cpu: () => 0,
    stored: (wanted) => settled(async () => taken, wanted),
    stop: () => client.endAsync(true),
  };
}

const NO_MORE_MS = 3_000;

/**
 * Resolves when it has what was sent, or when none came for a while: who loses messages never has all. The time is that
 * of the last that came.
 */
async function settled(count: () => Promise<number>, wanted: number): Promise<Stored> {
  const last = { count: await count(), atMs: performance.now() };
  const over = async (): Promise<boolean> => {
    const now = await count();
    if (now > last.count) Object.assign(last, { count: now, atMs: performance.now() });
    return last.count >= wanted || performance.now() - last.atMs > NO_MORE_MS;
  };
  await until('the peer has what was sent', over, 600_000);
  return last;
}

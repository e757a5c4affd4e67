import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { secretFileIn, socketsOf } from '../../src/app/local-services/data-directory.ts';
import { findCluster } from '../../src/app/local-services/postgres/postgres.ts';
import type { Gateway } from '../../test/support/gateway/gateway.ts';
import { cpuOf, inOrder, metric, pssMiB, round } from './harness.ts';

/** What a gateway costs while nothing comes, and what its start takes. */

/** What a start leaves running; the others are short: shells, locks, ffmpeg that is asked for its version. */
const LASTING = ['gateway', 'influxd', 'postgres', 'redis-server'];

/** How long a start took, and the processor time of all its processes until then. */
export async function startFigures(gateway: Gateway): Promise<{ ms: number; cpuMs: Record<string, number> }> {
  const startMs = performance.now();
  await gateway.start();
  const ms = Math.round(performance.now() - startMs);
  const used = cpuOf(gateway);
  const inMs = (name: string): number => Math.round((used[name] ?? 0) * 1000);
  const others = Object.keys(used).filter((name) => !LASTING.includes(name));
  return {
    ms,
    cpuMs: {
      ...Object.fromEntries(LASTING.map((name) => [name, inMs(name)])),
      others: others.reduce((sum, name) => sum + inMs(name), 0),
    },
  };
}

/** Proportional memory (MiB) of the gateway's process and of its servers. */
export function memoryOf(gateway: Gateway): Record<string, number> {
  const used: Record<string, number> = { gateway: pssMiB(gateway.pid) };
  for (const { pid, program } of gateway.descendants()) {
    const name = program.startsWith('postgres') ? 'postgres' : program;
    used[name] = (used[name] ?? 0) + pssMiB(pid);
  }
  return inOrder(Object.fromEntries(Object.entries(used).map(([name, size]) => [name, Math.round(size)])));
}

/** What PostgreSQL needs for the few statements of an idle gateway, s, over {@link LOOK_S}. */
const IDLE_CPU_S = 0.05;
const LOOK_S = 15;
const LOOKS_MAX = 12;
/** Devices that the gateway itself is, with windows that wait to be rolled up. */
const OF_ITSELF = 1;

/**
 * Waits until what registering and connecting left to be done is done: a roll-up of the minutes in which devices came,
 * and PostgreSQL tidying up, whose autovacuum looks once a minute.
 */
export async function untilTidied(gateway: Gateway): Promise<void> {
  // What the gateway says of itself comes all the time.
  while ((await metric(gateway, 'citywatch_rollup_waiting')) > OF_ITSELF) await sleep(5_000);
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const before = cpuOf(gateway).postgres ?? 0;
    await sleep(LOOK_S * 1000);
    if (look * LOOK_S > 60 && (cpuOf(gateway).postgres ?? 0) - before < IDLE_CPU_S) return;
  }
}

/**
 * Watches for `seconds`: shares of a core in percent, and a second's transactions of PostgreSQL, commands of Redis, and
 * times a thread of the gateway went to sleep. What asks for the counts takes four transactions.
 */
export async function idleSince(gateway: Gateway, seconds: number) {
  const before = { cpu: cpuOf(gateway), counts: await countsOf(gateway), atMs: performance.now() };
  await sleep(seconds * 1000);
  const tookS = (performance.now() - before.atMs) / 1000;
  const cpu = cpuOf(gateway);
  const counts = await countsOf(gateway);
  const shares = Object.keys(cpu).map((name) => [name, (cpu[name]! - (before.cpu[name] ?? 0)) / tookS] as const);
  const rates = Object.keys(counts).map((name) => [name, ((counts[name] ?? 0) - (before.counts[name] ?? 0)) / tookS]);
  return {
    allPercent: round(shares.reduce((sum, [, share]) => sum + share * 100, 0)),
    percent: Object.fromEntries(shares.map(([name, share]) => [name, round(share * 100)])),
    rates: Object.fromEntries(rates) as Record<string, number>,
  };
}

async function countsOf(gateway: Gateway): Promise<Record<string, number>> {
  const [transactions, redisCommands] = await Promise.all([transactionsOf(gateway), redisCommandsOf(gateway)]);
  return {
    'transactions of PostgreSQL': transactions,
    'commands of Redis': redisCommands,
    'wakes of the gateway': wakesOf(gateway.pid),
  };
}

async function transactionsOf({ directory }: Gateway): Promise<number> {
  const { url } = await findCluster(directory);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query('select sum(xact_commit + xact_rollback) as count from pg_stat_database');
    return Number(rows[0].count);
  } finally {
    await client.end();
  }
}

async function redisCommandsOf({ directory }: Gateway): Promise<number> {
  const password = readFileSync(secretFileIn(directory, 'redis'), 'utf8');
  const redis = new Redis({ path: `${await socketsOf(directory)}/redis.sock`, password });
  try {
    return Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
  } finally {
    redis.disconnect();
  }
}

/** How often a thread of a process gave up its processor to wait for something. */
function wakesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
    return sum + Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
  }, 0);
}

import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { findCluster } from '../../src/app/local-services/postgres/postgres.ts';
import { askRedis } from '../../src/app/local-services/redis-probe.ts';
import type { Gateway } from '../../test/support/gateway/gateway.ts';

/** What the private servers of a gateway were asked, by statement and by command. */
export interface Asked {
  statements: Map<string, { calls: number; ms: number }>;
  commands: Map<string, number>;
}

const ANSWER_WITHIN_MS = 10_000;

/** Counts statements in the private PostgreSQL of a gateway that has not been started yet. */
export async function countInPostgres(gateway: Gateway): Promise<void> {
  const { cluster } = await findCluster(gateway.directory);
  const lines = ["shared_preload_libraries = 'pg_stat_statements'", 'pg_stat_statements.max = 10000', ''];
  await appendFile(join(cluster, 'postgresql.auto.conf'), lines.join('\n'));
}

/** All that was asked so far; what this look itself asks is left out. */
export async function askedOf(gateway: Gateway): Promise<Asked> {
  return { statements: await statementsOf(gateway), commands: await commandsOf(gateway) };
}

async function statementsOf(gateway: Gateway): Promise<Asked['statements']> {
  const { url } = await findCluster(gateway.directory);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('create extension if not exists pg_stat_statements');
    const { rows } = await client.query(
      `select query, sum(calls)::float as calls, sum(total_exec_time + total_plan_time) as ms from pg_stat_statements
       where query !~ 'pg_stat_statements' group by query`,
    );
    return new Map(rows.map(({ query, calls, ms }) => [query, { calls, ms }]));
  } finally {
    await client.end();
  }
}

async function commandsOf(gateway: Gateway): Promise<Asked['commands']> {
  const password = await readFile(join(gateway.directory, 'secrets', 'redis'), 'utf8');
  const url = `unix://:${password}@${encodeURI(join(gateway.directory, 'run', 'redis.sock'))}`;
  const [reply] = await askRedis(url, [['INFO', 'commandstats']], AbortSignal.timeout(ANSWER_WITHIN_MS));
  const found = [...String(reply).matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)];
  return new Map(found.filter(([, name]) => name !== 'info' && name !== 'auth').map(([, n, c]) => [n!, Number(c)]));
}

/** What was asked between two looks. */
export function between(before: Asked, after: Asked): { statements: number; commands: number } {
  let statements = 0;
  for (const [query, { calls }] of after.statements) statements += calls - (before.statements.get(query)?.calls ?? 0);
  let commands = 0;
  for (const [name, calls] of after.commands) commands += calls - (before.commands.get(name) ?? 0);
  return { statements, commands };
}

/** The statements that were run most often between two looks. */
export function mostAsked(before: Asked, after: Asked, count: number): { calls: number; ms: number; query: string }[] {
  const rows = [...after.statements].map(([query, { calls, ms }]) => {
    const was = before.statements.get(query) ?? { calls: 0, ms: 0 };
    return {
      calls: calls - was.calls,
      ms: Math.round(ms - was.ms),
      query: query.replaceAll(/\s+/g, ' ').slice(0, 150),
    };
  });
  return rows.sort((a, b) => b.calls - a.calls).slice(0, count);
}

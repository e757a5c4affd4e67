import { readdirSync, readFileSync } from 'node:fs';
import { type Database, sql } from '../../src/platform/database/database.ts';

const NS_PER_MS = 1e6;

/** The processes of PostgreSQL, those that answer its connections among them. */
export async function processesOf(database: Database<never>): Promise<string[]> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(database.tables());
  const postmaster = parentOf(String(rows[0]!.pid));
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && parentOf(pid) === postmaster);
}

/** Milliseconds of processor time of processes so far. */
export function spentMs(pids: readonly string[]): number {
  return pids.reduce((sum, pid) => sum + Number(read(`/proc/${pid}/schedstat`).split(' ')[0] ?? 0), 0) / NS_PER_MS;
}

/** Null for a process that has ended. */
function parentOf(pid: string): string | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? null;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

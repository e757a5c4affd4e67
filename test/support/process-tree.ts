import { readdirSync, readFileSync } from 'node:fs';
import { isRunning } from './processes.ts';

export interface Process {
  pid: number;
  parent: number;
  /** Name of the program file. */
  program: string;
  commandLine: string;
  /** Tells two processes apart that had the same id one after the other. */
  startedAt: string;
}

/** Those that still run; an id that another process has got since does not count, nor one that waits to be reaped. */
export function stillThere(before: Process[]): Process[] {
  return before.filter(({ pid, startedAt }) => startedAt === startOf(pid) && isRunning(pid));
}

export function allProcesses(): Process[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? describe(Number(name)) : []));
}

function describe(pid: number): Process[] {
  try {
    const { parent, startedAt } = statOf(pid);
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    // Redis writes its address behind its name.
    const program = (words[0] ?? '').split(' ')[0]?.split('/').at(-1) ?? '';
    return [{ pid, parent, program, commandLine: words.join(' '), startedAt }];
  } catch {
    return [];
  }
}

function statOf(pid: number): { parent: number; startedAt: string } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const columns = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(columns[1]), startedAt: columns[19] ?? '' };
}

function startOf(pid: number): string | null {
  try {
    return statOf(pid).startedAt;
  } catch {
    return null;
  }
}

/** Every process below `root`, and it too when asked for. */
export function descendantsOf(root: number, { itself = false } = {}): Process[] {
  const all = allProcesses();
  const family = new Set([root]);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  return all.filter(({ pid }) => (itself || pid !== root) && family.has(pid));
}

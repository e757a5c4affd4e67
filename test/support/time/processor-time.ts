import { readFileSync } from 'node:fs';

/** Milliseconds of a tick in which Linux tells processor times to everybody (USER_HZ). */
const TICK_MS = 10;

/**
 * Starts to count the processor time of this process, or of another one; what it returns stops, and answers
 * milliseconds. A busy machine makes everything take longer, but not cost more.
 */
export function countProcessorTime(pid?: number): () => number {
  const spentMs = (): number => (pid === undefined ? ownMs() : processMs(pid));
  const startMs = spentMs();
  return () => Math.round(spentMs() - startMs);
}

function ownMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function processMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return ((user ?? 0) + (system ?? 0)) * TICK_MS;
}

import { readFileSync } from 'node:fs';
import { treeOf } from '../report/processes.ts';

/** A process, and when it began: its number alone may be another one's by now. */
export interface ProcessId {
  pid: number;
  /** Ticks since the machine started. */
  startedTicks: number;
}

/** Processes with this name of a program below another one; that one is left out, and this one with all below it. */
export function processesBelow(root: number, name: string): ProcessId[] {
  const ours = new Set(treeOf(process.pid));
  if (ours.has(root)) ours.clear();
  return treeOf(root).flatMap((pid) => {
    const found = pid === root || ours.has(pid) ? null : lookAt(pid);
    return found?.name === name ? [{ pid, startedTicks: found.startedTicks }] : [];
  });
}

/** Whether it is stopped by a signal. */
export function isStopped(id: ProcessId): boolean {
  const found = lookAt(id.pid);
  return found?.startedTicks === id.startedTicks && found.state === 'T';
}

/** Sends a signal to exactly this process; false where it is gone. */
export function signal({ pid, startedTicks }: ProcessId, name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): boolean {
  if (lookAt(pid)?.startedTicks !== startedTicks) return false;
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

function lookAt(pid: number): { name: string; state: string; startedTicks: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const close = text.lastIndexOf(')');
    const name = text.slice(text.indexOf('(') + 1, close);
    // From the state on; when it began is the 20th of these (proc(5), field 22).
    const fields = text.slice(close + 2).split(' ');
    return { name, state: fields[0] ?? '', startedTicks: Number(fields[19]) };
  } catch {
    return null;
  }
}

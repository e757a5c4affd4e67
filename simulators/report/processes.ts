import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessLook } from '../fleet/ledger-lines.ts';

/** Ticks of the processor's clock in a second: USER_HZ, which Linux shows to programs as 100 everywhere. */
const TICKS_PER_S = 100;
const PAGE_MB = 4_096 / 2 ** 20;

/** Looks at what a process and all below it take, each time anew. */
export class ProcessTree {
  readonly #root: number;
  readonly #except: number | null;
  readonly #ticks = new Map<number, number>();
  #lookedMs = 0;

  /** @param except a process that is left out with all below it, such as the generator that a gateway started */
  constructor(root: number, except: number | null = null) {
    this.#root = root;
    this.#except = except;
  }

  /** One row for each name of a program: `node`, `postgres`. Empty when the process is gone. */
  look(nowMs: number): ProcessLook[] {
    const sinceS = (nowMs - this.#lookedMs) / 1_000;
    const isFirst = this.#lookedMs === 0;
    this.#lookedMs = nowMs;
    const rows = new Map<string, ProcessLook>();
    for (const pid of treeOf(this.#root, this.#except)) {
      const found = statOf(pid);
      if (!found) continue;
      const before = this.#ticks.get(pid) ?? (isFirst ? found.ticks : 0);
      this.#ticks.set(pid, found.ticks);
      const row = rows.get(found.name) ?? { atMs: nowMs, name: found.name, rssMb: 0, cpuShare: 0 };
      row.rssMb += found.rssMb;
      row.cpuShare += isFirst ? 0 : Math.max(0, found.ticks - before) / TICKS_PER_S / sinceS;
      rows.set(found.name, row);
    }
    return [...rows.values()].map(rounded);
  }
}

function rounded({ rssMb, cpuShare, ...rest }: ProcessLook): ProcessLook {
  return { ...rest, rssMb: Math.round(rssMb), cpuShare: Math.round(cpuShare * 1_000) / 1_000 };
}

/** A process and all below it but `except` and what is below that, itself first. */
export function treeOf(root: number, except: number | null = null): number[] {
  const found = [root];
  for (let at = 0; at < found.length; at += 1) found.push(...childrenOf(found[at]!).filter((pid) => pid !== except));
  return found;
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
      const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim();
      return text === '' ? [] : text.split(' ').map(Number);
    });
  } catch {
    return [];
  }
}

function statOf(pid: number): { name: string; ticks: number; rssMb: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const close = text.lastIndexOf(')');
    const name = text.slice(text.indexOf('(') + 1, close);
    // From the state on: utime and stime are the 12th and 13th, resident pages the 22nd.
    const fields = text.slice(close + 2).split(' ');
    return { name, ticks: Number(fields[11]) + Number(fields[12]), rssMb: Number(fields[21]) * PAGE_MB };
  } catch {
    return null;
  }
}

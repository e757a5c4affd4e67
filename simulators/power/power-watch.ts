import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { type PowerFound, powerFound } from '../fleet/ledger-lines.ts';

const PROGRAM = join(import.meta.dirname, 'main.ts');
const WATCHING = 'watching';

/** Looks whether a process answers messages of a run only when they are on the disk. */
export class PowerWatch {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #found: Promise<PowerFound>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>, found: Promise<PowerFound>) {
    this.#child = child;
    this.#found = found;
  }

  /** Resolves when it watches, or knows that it cannot: then {@link finish} says why. */
  static async start(pid: number, run: string): Promise<PowerWatch> {
    const child = spawn(process.execPath, [PROGRAM, `${pid}`, run], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.on('error', () => {});
    const lines = createInterface({ input: child.stdout });
    let found: PowerFound = { why: 'strace, or who reads it, ended before the run did' };
    const ended = new Promise<PowerFound>((resolve) => lines.once('close', () => resolve(found)));
    const watching = new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        if (line !== WATCHING) found = powerFound.parse(JSON.parse(line));
        resolve();
      });
      lines.once('close', resolve);
    });
    await watching;
    return new PowerWatch(child, ended);
  }

  /** Lets the process go on unwatched. */
  finish(): Promise<PowerFound> {
    this.#child.stdin.end();
    return this.#found;
  }
}

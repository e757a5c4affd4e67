import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** How much was under way: a whole batch, a small piece of a suspect one, or a single message. */
export type Care = 'batch' | 'piece' | 'single';

/** What was being worked on: from the first byte of the journal to the one behind the last. */
export interface Stretch {
  from: number;
  to: number;
  care: Care;
  /** Timers and answers had their turn since it began, so that it may have died of anything else. */
  waits: boolean;
}

const BYTES = 64;
const FORM = /^(\d{1,16}) (\d{1,16}) (batch|piece|single) (at|after) *\n/;
const NOTHING = Buffer.from(`${'-'.padEnd(BYTES - 1)}\n`);

/**
 * One line of 64 bytes that is overwritten in place, without fsync: what it says must outlive this process, which the
 * page cache does, not a power cut, which is no message's fault. A write takes a few microseconds.
 */
export class MarkFile {
  readonly #file: number;
  readonly #line = Buffer.alloc(BYTES);
  #set = false;
  #closed = false;

  /** The file stays as it was found until the first `set` or `clear`. */
  constructor(path: string) {
    this.#file = openSync(path, openFlags(path), 0o600);
  }

  set({ from, to, care, waits }: Stretch): void {
    if (this.#closed) return;
    this.#line.fill(0x20);
    this.#line.write(`${from} ${to} ${care} ${waits ? 'after' : 'at'}`);
    this.#line[BYTES - 1] = 0x0a;
    writeSync(this.#file, this.#line, 0, BYTES, 0);
    this.#set = true;
  }

  clear(): void {
    if (this.#set) writeSync(this.#file, NOTHING, 0, BYTES, 0);
    this.#set = false;
  }

  /** As `clear`, also of what was found. */
  wipe(): void {
    writeSync(this.#file, NOTHING, 0, BYTES, 0);
    this.#set = false;
  }

  close(): void {
    this.wipe();
    this.#closed = true;
    closeSync(this.#file);
  }
}

function openFlags(path: string): string {
  try {
    closeSync(openSync(path, 'r'));
    return 'r+';
  } catch {
    return 'w+';
  }
}

/** What the process was at when it died; null when it was at nothing, or the file is not to be read. */
export function readMark(path: string): Stretch | null {
  const [, from, to, care, when] = FORM.exec(readFileSync(path, 'latin1')) ?? [];
  return care === undefined
    ? null
    : { from: Number(from), to: Number(to), care: care as Care, waits: when === 'after' };
}

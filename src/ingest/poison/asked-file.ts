import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { hashOf } from './poison-list.ts';

const FORM = /^(\S{43}) (\d{1,9})\n/;
const LINE_BYTES = 64;

/** As a mark of a reader, for bytes that are judged before they are in the journal: known by their hash alone. */
export class AskedFile {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'w', 0o600);
  }

  /** What was being judged when the process died. */
  static read(path: string): { hash: string; bytes: number } | null {
    try {
      const [, hash, bytes] = FORM.exec(readFileSync(path, 'latin1')) ?? [];
      return hash === undefined ? null : { hash, bytes: Number(bytes) };
    } catch {
      return null;
    }
  }

  set(raw: Buffer): void {
    writeSync(this.#file, `${hashOf(raw)} ${raw.length}\n`.padEnd(LINE_BYTES), 0);
  }

  clear(): void {
    writeSync(this.#file, '-'.padEnd(LINE_BYTES), 0);
  }

  close(): void {
    this.clear();
    closeSync(this.#file);
  }
}

import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { type Entry, readLine } from './ledger-lines.ts';

/** How often what came together is written, and how often the disk is told to keep it. */
const WRITE_MS = 200;
const SYNC_EVERY = 5;

/**
 * What a run sent and what became of it, line by line, in a file that a killed run leaves behind: nothing in it is ever
 * changed, and at most the last part of a second is missing.
 */
export class Ledger {
  readonly #file: FileHandle;
  readonly #timer: NodeJS.Timeout;
  #lines: string[] = [];
  #writing: Promise<void> = Promise.resolve();
  #writes = 0;
  #failure: unknown = null;

  private constructor(file: FileHandle) {
    this.#file = file;
    this.#timer = setInterval(() => this.#flush(), WRITE_MS);
  }

  /** Throws where the file is there already: a ledger is of one run. */
  static async create(path: string): Promise<Ledger> {
    return new Ledger(await open(path, 'ax', 0o600));
  }

  add(line: string): void {
    this.#lines.push(line);
  }

  /** Writes the rest. Throws when a line could not be written, at any time: such a ledger proves nothing. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#flush();
    await this.#writing;
    await this.#file.datasync();
    await this.#file.close();
    if (this.#failure !== null) throw this.#failure;
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    const text = `${this.#lines.join('\n')}\n`;
    this.#lines = [];
    this.#writing = this.#writing
      .then(() => this.#write(text))
      .catch((error) => {
        this.#failure ??= error;
      });
  }

  async #write(text: string): Promise<void> {
    await this.#file.write(text);
    this.#writes += 1;
    if (this.#writes % SYNC_EVERY === 0) await this.#file.datasync();
  }
}

/** All lines of a ledger that are whole. */
export async function* readLedger(path: string): AsyncGenerator<Entry> {
  for await (const text of createInterface({ input: createReadStream(path) })) {
    const entry = readLine(text);
    if (entry) yield entry;
  }
}

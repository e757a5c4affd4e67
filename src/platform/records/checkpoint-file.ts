import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isThere, syncDirectory, writeFileDurable } from '../files/files.ts';
import { linesOf } from '../files/lines.ts';
import { type Checkpoint, checkpointLine, LINE_BYTES_MAX, lineHash, parseCheckpoint } from './checkpoint.ts';
import { type PublicKey, PublicKeys, type Signer } from './signing.ts';

/** Where the public key of a file of checkpoints is published. */
export function keyFileOf(path: string): string {
  return `${path}.pub`;
}

/** The last whole line of the file, and whether something without an end stands behind it. */
interface Tail {
  line: string | null;
  isTorn: boolean;
  isNew: boolean;
}

const TAIL_BYTES = 4 * LINE_BYTES_MAX;

/**
 * A file to which one signed line is added at a time; nothing in it is ever changed. It is opened anew for each line,
 * so that it may be moved away, or its disk come back, at any time.
 */
export class CheckpointFile {
  readonly #path: string;
  readonly #signer: Signer;

  constructor(path: string, signer: Signer) {
    this.#path = path;
    this.#signer = signer;
  }

  /** Writes the public key beside the file, behind the keys of before, whose lines it may hold. */
  async publishKey(): Promise<void> {
    const path = keyFileOf(this.#path);
    const there = await readFile(path, 'utf8').catch(absentAsEmpty);
    const { publicPem } = this.#signer;
    if (!there.includes(publicPem)) await writeFileDurable(path, `${there}${publicPem}`, { mode: 0o644 });
  }

  /** The keys that stand beside the file, the present one last, also where the file cannot be read. */
  async keys(): Promise<PublicKey[]> {
    const { keyId: id, publicPem: pem } = this.#signer;
    const text = await readFile(keyFileOf(this.#path), 'utf8').catch(() => '');
    const before = PublicKeys.parse(text)?.all ?? [];
    return [...before.filter((key) => key.id !== id), { id, pem }];
  }

  /** Every line, the oldest first; none where there is no file. */
  async *lines(): AsyncGenerator<string> {
    if (await isThere(this.#path)) yield* linesOf(this.#path, LINE_BYTES_MAX);
  }

  /** What the last whole line says, signed by whom it may be; null where there is none. */
  async last(): Promise<Checkpoint | null> {
    const { line } = await this.#tail();
    const parsed = line === null ? null : parseCheckpoint(line);
    if (!parsed) return null;
    const { key: _, signature: __, ...body } = parsed;
    return body;
  }

  /** Adds a line; durable when it resolves. One that a kill cut short stays, and the next begins on its own. */
  async append(said: Omit<Checkpoint, 'previous'>): Promise<void> {
    const { line: before, isTorn, isNew } = await this.#tail();
    const line = checkpointLine({ ...said, previous: before === null ? null : lineHash(before) }, this.#signer);
    const file = await open(this.#path, 'a', 0o600);
    try {
      await file.writeFile(`${isTorn ? '\n' : ''}${line}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    if (isNew) await syncDirectory(dirname(this.#path));
  }

  async #tail(): Promise<Tail> {
    const file = await open(this.#path, 'r').catch(absentAsNull);
    if (file === null) return { line: null, isTorn: false, isNew: true };
    try {
      const { size } = await file.stat();
      const from = Math.max(0, size - TAIL_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
      const text = buffer.toString('utf8', 0, bytesRead);
      const line = text.split('\n').findLast((one) => parseCheckpoint(one) !== null) ?? null;
      return { line, isTorn: text !== '' && !text.endsWith('\n'), isNew: false };
    } finally {
      await file.close();
    }
  }
}

function absentAsNull(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

function absentAsEmpty(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}

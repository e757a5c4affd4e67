import { type Clock, MINUTE_MS } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import { Turns } from '../../../core/mechanisms/turns.ts';
import { FrameReader } from '../disk/disk-protocol.ts';
import { spawnReader, type WriterChild } from '../disk/writer-child.ts';
import { type FragmentIndex, fragmentIndex } from './fragment-index.ts';
import {
  type Answer,
  answer,
  type Inspected,
  type Listed,
  listed,
  type Question,
  READ_BYTES_MAX,
} from './reader-protocol.ts';

export interface DiskReaderDeps {
  clock: Clock;
  directory: string;
}

/** Questions that are under way at a time. */
const AT_ONCE = 4;
const TURN_WITHIN_MS = 5_000;
/** A disk that takes longer to read a second of video shows nobody anything. */
const ANSWER_MS = 10_000;
/** Of a whole file, with its hash. */
const INSPECT_MS = 2 * MINUTE_MS;
/** It is ended when nobody asked for so long. */
const IDLE_MS = MINUTE_MS;

type Asked = Question extends infer One ? (One extends Question ? Omit<One, 'id'> : never) : never;

interface Pending {
  resolve(found: { head: Answer; payload: Buffer }): void;
  reject(error: Error): void;
}

/**
 * Reads one disk by a process that is there while somebody asks. Nobody waits for a disk longer than some seconds, and
 * no thread of the gateway does. Errors of all: `store.unavailable` where the disk does not answer or cannot be read,
 * `stream.full` while as many ask as may.
 */
export class DiskReader {
  readonly #deps: DiskReaderDeps;
  readonly #turns: Turns;
  readonly #pending = new Map<number, Pending>();
  #child: WriterChild | null = null;
  /** It was killed, and the disk holds it fast. */
  #isStuck = false;
  #nextId = 1;
  #cancelIdle: () => void = () => {};

  constructor(deps: DiskReaderDeps) {
    this.#deps = deps;
    this.#turns = new Turns(deps.clock, AT_ONCE);
  }

  /** Process id while it runs. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Length of a file; null where there is none. */
  async size(path: string): Promise<number | null> {
    return (await this.#ask({ type: 'size', path })).head.bytes;
  }

  /** Bytes of a file, fewer where it ends. */
  async read(path: string, start: number, bytes: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let done = 0; done < bytes; ) {
      const asked = Math.min(READ_BYTES_MAX, bytes - done);
      const { payload } = await this.#ask({ type: 'read', path, start: start + done, bytes: asked });
      parts.push(payload);
      done += payload.length;
      if (payload.length < asked) break;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** What lies in a folder; nothing where there is none. */
  async list(path: string): Promise<Listed> {
    const { head, payload } = await this.#ask({ type: 'list', path });
    return head.bytes === null ? [] : listed.parse(JSON.parse(payload.toString('utf8')));
  }

  /** Where the fragments of a file are, whose lead is so long; null where it is gone, or not as its row says. */
  async fragments(path: string, leadBytes: number): Promise<FragmentIndex | null> {
    const { head, payload } = await this.#ask({ type: 'fragments', path, leadBytes });
    return head.bytes === null ? null : fragmentIndex.parse(JSON.parse(payload.toString('utf8')));
  }

  /** What a file says of itself; null where it is gone, or not all of it is whole. */
  async inspect(path: string): Promise<Inspected | null> {
    return (await this.#ask({ type: 'inspect', path })).head.inspected;
  }

  stop(): void {
    this.#cancelIdle();
    this.#child?.kill('SIGKILL');
  }

  async #ask(asked: Asked): Promise<{ head: Answer; payload: Buffer }> {
    if (!(await this.#turns.enter(TURN_WITHIN_MS))) throw new CitywatchError('stream.full', { retryAfterS: 1 });
    try {
      if (this.#isStuck) throw unavailable('the disk does not answer');
      const found = await this.#answer({ ...asked, id: this.#nextId++ } as Question);
      if (found.head.code !== null) throw unavailable(`the disk cannot be read (${found.head.code})`);
      return found;
    } finally {
      this.#turns.leave();
    }
  }

  async #answer(asked: Question): Promise<{ head: Answer; payload: Buffer }> {
    const { clock } = this.#deps;
    const child = this.#running();
    this.#cancelIdle();
    const cancel = clock.after(asked.type === 'inspect' ? INSPECT_MS : ANSWER_MS, () => this.#giveUp(child));
    try {
      return await new Promise((resolve, reject) => {
        this.#pending.set(asked.id, { resolve, reject });
        child.stdin!.write(`${JSON.stringify(asked)}\n`);
      });
    } finally {
      cancel();
      this.#pending.delete(asked.id);
      this.#cancelIdle();
      this.#cancelIdle = clock.after(IDLE_MS, () => child.stdin!.end());
    }
  }

  #running(): WriterChild {
    if (this.#child) return this.#child;
    const child = spawnReader(this.#deps.directory);
    this.#child = child;
    const frames = new FrameReader((value) => answer.parse(value));
    child.stdin!.on('error', () => {});
    child.stdout!.on('data', (chunk: Buffer) => {
      for (const { said, payload } of frames.push(chunk)) {
        // Its bytes are part of a larger piece, which would be held as long as they are.
        this.#pending.get(said.id)?.resolve({ head: said, payload: Buffer.from(payload) });
      }
    });
    const ended = (): void => {
      if (this.#child === child) this.#child = null;
      this.#isStuck = false;
      this.#rejectAll();
    };
    child.once('error', ended);
    child.once('close', ended);
    return child;
  }

  #giveUp(child: WriterChild): void {
    if (this.#child !== child) return;
    this.#isStuck = true;
    child.kill('SIGKILL');
    this.#rejectAll();
  }

  #rejectAll(): void {
    for (const { reject } of this.#pending.values()) reject(unavailable('the disk does not answer'));
    this.#pending.clear();
  }
}

function unavailable(what: string): CitywatchError {
  return new CitywatchError('store.unavailable', {
    detail: `Recordings cannot be read now: ${what}.`,
    retryAfterS: 30,
  });
}

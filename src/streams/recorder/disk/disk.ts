import { type Clock, deadline } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import { supervise } from '../../../core/mechanisms/supervise.ts';
import { Counter, Gauge, type Observer } from '../../../core/observe.ts';
import type { RecordedFile } from '../../recordings/recordings.ts';
import { type DiskOrder, type DiskReport, type DiskRoom, frameOf } from './disk-protocol.ts';
import { onReport, spawnWriter, type WriterChild } from './writer-child.ts';

/** How a file ended. */
export type FileEnd =
  | { how: 'whole'; bytes: number; sha256: string }
  /** The process that wrote it is gone, or the disk refused; what of it is whole is found later. */
  | { how: 'failed'; code: string };

/** A file that is being written. */
export interface DiskFile {
  /** False where the queue of the disk is full: then the file is given up, and {@link ended} says so. */
  write(data: Buffer): boolean;
  close(): void;
  ended: Promise<FileEnd>;
}

export interface DiskOptions {
  directory: string;
  /** Bytes that may wait for the disk, of all cameras. */
  queueBytesMax: number;
  /** Free bytes that are left to what matters more. */
  reserveBytes: number;
  /** After this long without an answer while something waits, the process is ended, ms. */
  hungMs: number;
}

export const DISK_OPTIONS: Omit<DiskOptions, 'directory'> = {
  queueBytesMax: 96 * 1024 * 1024,
  reserveBytes: 2 * 1024 * 1024 * 1024,
  hungMs: 20_000,
};

const READY_MS = 15_000;
const LOOK_MS = 1_000;

export interface DiskDeps {
  clock: Clock;
  observer: Observer;
  /** Why the directory is not to be written, one sentence; null where it is ours. Asked before each start. */
  problem(): Promise<string | null>;
  /** A file is whole that was not closed, or was closed by an earlier process: it has no row yet. */
  found(file: RecordedFile): void;
}

interface Pending {
  end(how: FileEnd): void;
}

/**
 * The gateway's end of one disk of recordings: keeps the process that writes it, hands it what is to be written, and
 * holds no more than a limit for it. Nothing here waits for the disk.
 */
export class Disk {
  readonly #deps: DiskDeps;
  readonly #options: DiskOptions;
  readonly #files = new Map<number, Pending>();
  readonly #removals = new Map<number, { resolve(): void; reject(error: Error): void }>();
  #child: WriterChild | null = null;
  #isReady = false;
  #waitingBytes = 0;
  #heardAtMs = 0;
  #room: DiskRoom | null = null;
  #problem: string | null = null;
  #nextId = 1;
  #supervised: { stop(): Promise<void> } | null = null;
  #onReady: () => void = () => {};

  constructor(deps: DiskDeps, options: DiskOptions) {
    this.#deps = deps;
    this.#options = options;
    const waiting = (): number => this.#waitingBytes;
    new Gauge({
      name: 'citywatch_recording_queue_bytes',
      help: 'Bytes of recordings that wait for the disk.',
      registers: [deps.observer.metrics],
      collect() {
        this.set(waiting());
      },
    });
    this.#restarts = new Counter({
      name: 'citywatch_recording_writer_restarts_total',
      help: 'How often the process that writes recordings had to be started again.',
      registers: [deps.observer.metrics],
    });
  }

  readonly #restarts: Counter;

  get directory(): string {
    return this.#options.directory;
  }

  /** Whether files can be begun. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Why nothing is written, one sentence; null while the disk is written, or is about to be. */
  get problem(): string | null {
    return this.#problem;
  }

  /** What it said of its room last; null before it said anything. */
  get room(): DiskRoom | null {
    return this.#room;
  }

  /** Whether there is room for what is recorded now. */
  get hasRoom(): boolean {
    return this.#room === null || this.#room.freeBytes >= this.#options.reserveBytes;
  }

  /** Why nothing is recorded, one sentence with its remedy; null where it is. */
  get refusal(): string | null {
    if (this.#problem !== null || this.hasRoom) return this.#problem;
    return `${this.directory} has too little room: nothing is recorded. Make room, or use a larger disk.`;
  }

  /** Process id of the writer while it runs. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** `onReady` is called each time the disk can be written: at first, and after the process was lost. */
  start(onReady: () => void): void {
    this.#onReady = onReady;
    this.#supervised ??= supervise((signal, healthy) => this.#work(signal, healthy), {
      name: 'recording writer',
      clock: this.#deps.clock,
      maxBackoffMs: 5_000,
      onEnd: (reason, pauseMs) => {
        this.#restarts.inc();
        this.#deps.observer.log.error(
          { part: 'recorder', reason: String(reason), pauseMs },
          'the process that writes recordings ended',
        );
      },
    });
  }

  /** Lets the process finish what waits, as long as it answers. */
  async stop(): Promise<void> {
    await this.#supervised?.stop();
    this.#supervised = null;
  }

  /** Begins a file; null where the disk takes none now. */
  open(name: string, lead: Buffer): DiskFile | null {
    if (!this.#isReady || this.#isFull(lead.length)) return null;
    const id = this.#nextId++;
    const ended = new Promise<FileEnd>((resolve) => {
      this.#files.set(id, {
        end: (how) => {
          this.#files.delete(id);
          resolve(how);
        },
      });
    });
    this.#send({ type: 'open', id, name }, lead);
    return {
      ended,
      write: (data) => this.#write(id, data),
      close: () => {
        if (this.#files.has(id)) this.#send({ type: 'close', id });
      },
    };
  }

  /** The row of a file is there. */
  keep(name: string, path: string): void {
    if (this.#isReady) this.#send({ type: 'keep', name, path });
  }

  /** Asks for the files that have no row: some were not taken when they were told. */
  look(): void {
    if (this.#isReady) this.#send({ type: 'look' });
  }

  /** Resolves when none of these is there any more; rejects where that is not known. */
  remove(paths: string[]): Promise<void> {
    if (!this.#isReady) return Promise.reject(new Error('the disk is not ready'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#removals.set(id, { resolve, reject });
      this.#send({ type: 'remove', id, paths });
    });
  }

  #isFull(bytes: number): boolean {
    return this.#waitingBytes + bytes > this.#options.queueBytesMax;
  }

  #write(id: number, data: Buffer): boolean {
    const file = this.#files.get(id);
    if (!file) return false;
    if (this.#isFull(data.length)) {
      // What is whole of it is kept; the room is for those files that still can be.
      this.#send({ type: 'close', id });
      return false;
    }
    this.#send({ type: 'write', id }, data);
    return true;
  }

  #send(said: DiskOrder, payload?: Buffer): void {
    const stdin = this.#child?.stdin;
    if (!stdin?.writable) return;
    if (this.#waitingBytes === 0) this.#heardAtMs = this.#deps.clock.monotonicMs();
    for (const part of frameOf(said, payload)) {
      this.#waitingBytes += part.length;
      stdin.write(part);
    }
  }

  async #work(signal: AbortSignal, healthy: () => void): Promise<unknown> {
    const { clock } = this.#deps;
    this.#problem = await this.#deps.problem().catch(messageOf);
    if (this.#problem) return this.#problem;
    const child = spawnWriter(this.#options.directory);
    this.#child = child;
    this.#heardAtMs = clock.monotonicMs();
    const ready = deadline(clock, READY_MS);
    ready.signal.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
    child.stdin!.on('error', () => {});
    onReport(child, (said) => {
      this.#receive(said);
      if (said.type !== 'ready') return;
      ready.cancel();
      healthy();
      this.#isReady = true;
      this.#onReady();
    });
    const stopLooking = clock.every(LOOK_MS, () => {
      const isOwed = this.#waitingBytes > 0 && clock.monotonicMs() - this.#heardAtMs > this.#options.hungMs;
      if (isOwed) child.kill('SIGKILL');
    });
    const leave = (): void => {
      this.#isReady = false;
      child.stdin?.end();
      const cancel = clock.after(5_000, () => child.kill('SIGKILL'));
      child.once('exit', cancel);
    };
    signal.addEventListener('abort', leave, { once: true });
    const reason = await new Promise<unknown>((resolve) => {
      child.once('error', (error) =>
        resolve(new Error(`setpriv (Debian: util-linux) did not start: ${error.message}`)),
      );
      // What it said before it ended has been read when its output is closed.
      child.once('close', (code, by) => resolve(by ?? `exit status ${code}`));
    });
    signal.removeEventListener('abort', leave);
    stopLooking();
    ready.cancel();
    this.#lost();
    return reason;
  }

  #receive(said: DiskReport): void {
    this.#heardAtMs = this.#deps.clock.monotonicMs();
    switch (said.type) {
      case 'taken':
        this.#waitingBytes = Math.max(0, this.#waitingBytes - said.bytes);
        return;
      case 'closed':
        this.#files.get(said.id)?.end({ how: 'whole', bytes: said.bytes, sha256: said.sha256 });
        return;
      case 'room':
        this.#room = { freeBytes: said.freeBytes, totalBytes: said.totalBytes, atMs: this.#heardAtMs };
        return;
      case 'found': {
        const { type: _, ...file } = said;
        this.#deps.found(file);
        return;
      }
      case 'removed':
        this.#removals.get(said.id)?.resolve();
        this.#removals.delete(said.id);
        return;
      case 'failed':
        this.#files.get(said.id)?.end({ how: 'failed', code: said.code });
        this.#removals.get(said.id)?.reject(new Error(said.code));
        this.#removals.delete(said.id);
    }
  }

  #lost(): void {
    this.#isReady = false;
    this.#child = null;
    this.#waitingBytes = 0;
    for (const file of [...this.#files.values()]) file.end({ how: 'failed', code: 'LOST' });
    for (const { reject } of this.#removals.values()) reject(new Error('the process that writes the disk was lost'));
    this.#removals.clear();
  }
}

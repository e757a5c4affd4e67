import type { Clock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import { supervise } from '../../../core/mechanisms/supervise.ts';
import type { Logger } from '../../../core/observe.ts';
import type { RecordedFile } from '../../recordings/recordings.ts';
import type { GapReason } from '../camera/gaps.ts';
import { DiskReader } from '../reader/disk-reader.ts';
import { AWAY, DiskHealth, HUNG, LOST, reasonOf, SLOW } from './disk-health.ts';
import type { DiskMetrics } from './disk-metrics.ts';
import type { DiskOptions } from './disk-options.ts';
import type { DiskReport } from './disk-protocol.ts';
import { WriterLink } from './writer-link.ts';

/** How a file ended. */
export type FileEnd =
  | { how: 'whole'; bytes: number; sha256: string }
  /** The process that wrote it is gone, or the disk refused; what of it is whole is found later. */
  | { how: 'failed'; reason: GapReason };

/** A file that is to be begun. */
export interface NewFile {
  name: string;
  lead: Buffer;
  /** How much of the queue may be full when this is still taken, 0 to 1: the less it matters the less. */
  share: number;
}

/** A file that is being written. */
export interface DiskFile {
  readonly disk: Disk;
  /** False where the queue of the disk is full: then the file is given up, and {@link ended} says so. */
  write(data: Buffer): boolean;
  close(): void;
  ended: Promise<FileEnd>;
}

const STOP_MS = 7_000;

/** Whose a directory is: its identity, or why nothing is to be written there. */
export type Ownership = { identity: string } | { problem: string };

export interface DiskDeps {
  name: string;
  directory: string;
  clock: Clock;
  log: Logger;
  metrics: Pick<DiskMetrics, 'restarts' | 'dropped'>;
  /** Asked before each start. */
  identity(): Promise<Ownership>;
  /** Why the directory does not have that identity, one sentence with its remedy; null where it does again. */
  notOurs(): Promise<string | null>;
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
  readonly health: DiskHealth;
  readonly reader: DiskReader;
  readonly #deps: DiskDeps;
  readonly #options: DiskOptions;
  readonly #files = new Map<number, Pending>();
  readonly #removals = new Map<number, { resolve(): void; reject(error: Error): void }>();
  #link: WriterLink | null = null;
  #isRefused = false;
  #nextId = 1;
  #supervised: { stop(): Promise<void> } | null = null;
  #onReady: () => void = () => {};

  constructor(deps: DiskDeps, options: DiskOptions) {
    this.#deps = deps;
    this.#options = options;
    this.health = new DiskHealth(deps.clock, { directory: deps.directory, reserveBytes: options.reserveBytes });
    this.reader = new DiskReader({ clock: deps.clock, directory: deps.directory });
  }

  get name(): string {
    return this.#deps.name;
  }

  get directory(): string {
    return this.#deps.directory;
  }

  /** Whether files can be begun. */
  get isReady(): boolean {
    return this.health.isReady;
  }

  /** Whether it takes files, and nothing speaks against giving it more. */
  get isSound(): boolean {
    return this.health.isSound && (this.#link?.quietMs ?? 0) <= this.#options.slowMs;
  }

  get freeBytes(): number | null {
    return this.health.room?.freeBytes ?? null;
  }

  get waitingBytes(): number {
    return this.#link?.waitingBytes ?? 0;
  }

  /** Process id of the writer while it runs. */
  get pid(): number | null {
    return this.#link?.pid ?? null;
  }

  /** `onReady` is called each time the disk can be written: at first, and after the process was lost. */
  start(onReady: () => void): void {
    this.#onReady = onReady;
    const { clock, log, name, metrics } = this.#deps;
    this.#supervised ??= supervise((signal, healthy) => this.#work(signal, healthy), {
      name: 'recording writer',
      clock,
      maxBackoffMs: 5_000,
      onEnd: (reason, pauseMs) => {
        metrics.restarts.inc({ disk: name });
        log.error({ disk: name, reason: String(reason), pauseMs }, 'the process that writes recordings ended');
      },
    });
  }

  /** Lets the process finish what waits, as long as it answers; one that the disk holds fast is left behind. */
  async stop(): Promise<void> {
    const over = new AbortController();
    const leftBehind = this.#deps.clock.sleep(STOP_MS, over.signal);
    await Promise.race([this.#supervised?.stop(), leftBehind]);
    over.abort();
    this.reader.stop();
    this.#supervised = null;
  }

  /** Begins a file; null where the disk takes none now. */
  open({ name, lead, share }: NewFile): DiskFile | null {
    // Half of it must be free again first: else each file would be given up after its first picture.
    if (!this.health.isOpen || this.#isFull(lead.length, share / 2)) return null;
    const id = this.#nextId++;
    const ended = new Promise<FileEnd>((resolve) => {
      this.#files.set(id, {
        end: (how) => {
          this.#files.delete(id);
          resolve(how);
        },
      });
    });
    this.#link?.send({ type: 'open', id, name }, lead);
    return {
      disk: this,
      ended,
      write: (data) => this.#write(id, data, share),
      close: () => {
        if (this.#files.has(id)) this.#link?.send({ type: 'close', id });
      },
    };
  }

  /** The row of a file is there. */
  keep(name: string, path: string): void {
    if (this.isReady) this.#link?.send({ type: 'keep', name, path });
  }

  /** Asks for the files that have no row: some were not taken when they were told. */
  look(): void {
    if (this.isReady) this.#link?.send({ type: 'look' });
  }

  /** Resolves when none of these is there any more; rejects where that is not known. */
  remove(paths: string[]): Promise<void> {
    if (!this.isReady) return Promise.reject(new Error('the disk is not ready'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#removals.set(id, { resolve, reject });
      this.#link?.send({ type: 'remove', id, paths });
    });
  }

  #isFull(bytes: number, share: number): boolean {
    return this.waitingBytes + bytes > this.#options.queueBytesMax * share;
  }

  #write(id: number, data: Buffer, share: number): boolean {
    const file = this.#files.get(id);
    if (!file) return false;
    if (this.#isFull(data.length, share)) {
      // What is whole of it is kept; the room is for those files that still can be.
      this.#link?.send({ type: 'close', id });
      this.#deps.metrics.dropped.inc({ disk: this.name });
      this.health.failed(SLOW);
      return false;
    }
    this.#link?.send({ type: 'write', id }, data);
    return true;
  }

  async #work(signal: AbortSignal, healthy: () => void): Promise<unknown> {
    const { clock, directory } = this.#deps;
    const owned = await this.#deps.identity().catch((error: unknown) => ({ problem: messageOf(error) }));
    if ('problem' in owned) return await this.#away(owned.problem, signal);
    this.#isRefused = false;
    const link = new WriterLink({
      clock,
      directory,
      identity: owned.identity,
      hungMs: this.#options.hungMs,
      told: (said) => this.#receive(said, healthy),
      hung: () => this.#hung(),
    });
    this.#link = link;
    const leave = (): void => {
      this.health.ended();
      link.leave();
    };
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    const reason = await link.ended;
    signal.removeEventListener('abort', leave);
    this.#lost(LOST);
    return this.#isRefused && !signal.aborted ? await this.#refused(signal) : reason;
  }

  async #refused(signal: AbortSignal): Promise<unknown> {
    const { directory } = this.#deps;
    const { failure } = this.health;
    if (failure !== AWAY) {
      return await this.#away(`${directory} cannot be read (${failure}): look at the disk.`, signal, failure!);
    }
    const problem = await this.#deps.notOurs().catch(messageOf);
    return problem === null ? 'another disk was there' : await this.#away(problem, signal);
  }

  /** Not looked at again at once: each look starts a process. */
  async #away(problem: string, signal: AbortSignal, code = AWAY): Promise<unknown> {
    this.health.failed(code);
    this.health.problem = problem;
    await this.#deps.clock.sleep(this.#options.againMs, signal);
    return problem;
  }

  #receive(said: DiskReport, healthy: () => void): void {
    switch (said.type) {
      case 'taken':
        return;
      case 'ready':
        healthy();
        this.health.ready();
        this.#onReady();
        return;
      case 'refused':
        this.#isRefused = true;
        this.health.failed(said.code ?? AWAY);
        return;
      case 'closed':
        this.health.worked();
        this.#files.get(said.id)?.end({ how: 'whole', bytes: said.bytes, sha256: said.sha256 });
        return;
      case 'room':
        this.health.room = { ...said, atMs: this.#deps.clock.monotonicMs() };
        return;
      case 'found': {
        const { type: _, ...file } = said;
        // Behind the end of the same file, which may have been told in one breath with this.
        queueMicrotask(() => this.#deps.found({ ...file, disk: this.name }));
        return;
      }
      case 'removed':
        this.#removals.get(said.id)?.resolve();
        this.#removals.delete(said.id);
        return;
      case 'failed':
        if (this.#files.has(said.id)) this.health.refused(said.code);
        this.#files.get(said.id)?.end({ how: 'failed', reason: reasonOf(said.code) });
        this.#removals.get(said.id)?.reject(new Error(said.code));
        this.#removals.delete(said.id);
    }
  }

  /** Whatever was given to it counts as lost: it may be held by the disk for as long as that likes. */
  #hung(): void {
    this.health.failed(HUNG);
    this.#lost(HUNG);
    this.health.problem = `${this.directory} does not answer: look at the disk.`;
  }

  #lost(code: string): void {
    if (this.isReady && this.#files.size > 0 && !this.#isRefused) this.health.failed(code);
    this.health.ended();
    if (code !== HUNG) this.#link = null;
    const reason = reasonOf(this.#isRefused ? (this.health.failure ?? code) : code);
    for (const file of [...this.#files.values()]) file.end({ how: 'failed', reason });
    for (const { reject } of this.#removals.values()) reject(new Error('the process that writes the disk was lost'));
    this.#removals.clear();
  }
}

import type { Clock } from '../../../core/clock.ts';
import { type DiskOrder, type DiskReport, frameOf } from './disk-protocol.ts';
import { onReport, spawnWriter, type WriterChild } from './writer-child.ts';

export interface WriterLinkDeps {
  clock: Clock;
  directory: string;
  identity: string;
  /** After this long without an answer while something waits, it is given up, ms. */
  hungMs: number;
  told(said: DiskReport): void;
  /** It is given up: it was killed, and is gone only when the disk lets it. */
  hung(): void;
}

/** From one word to the next before it is ready: what an earlier process left is many files at times. */
const READY_MS = 15_000;
const LOOK_MS = 1_000;
const LEAVE_MS = 5_000;

/** One life of the process that writes a disk: what waits for it, and how long it has owed an answer. */
export class WriterLink {
  readonly #clock: Clock;
  readonly #child: WriterChild;
  #waitingBytes = 0;
  #heardAtMs: number;
  #isGivenUp = false;
  /** Why it ended, once it did and all that it said was read. */
  readonly ended: Promise<unknown>;

  constructor({ clock, directory, identity, hungMs, told, hung }: WriterLinkDeps) {
    this.#clock = clock;
    this.#heardAtMs = clock.monotonicMs();
    const child = spawnWriter(directory, identity);
    this.#child = child;
    child.stdin!.on('error', () => {});
    const giveUp = (): void => {
      if (this.#isGivenUp) return;
      this.#isGivenUp = true;
      child.kill('SIGKILL');
      hung();
    };
    let isReady = false;
    onReport(child, (said) => {
      this.#heardAtMs = clock.monotonicMs();
      if (said.type === 'ready') isReady = true;
      if (said.type === 'taken') this.#waitingBytes = Math.max(0, this.#waitingBytes - said.bytes);
      if (!this.#isGivenUp) told(said);
    });
    const stopLooking = clock.every(LOOK_MS, () => {
      const silentMs = clock.monotonicMs() - this.#heardAtMs;
      if (isReady ? this.quietMs > hungMs : silentMs > READY_MS) giveUp();
    });
    this.ended = new Promise<unknown>((resolve) => {
      child.once('error', (error) => {
        resolve(new Error(`setpriv (Debian: util-linux) did not start: ${error.message}`));
      });
      child.once('close', (code, by) => resolve(by ?? `exit status ${code}`));
    }).finally(stopLooking);
  }

  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** How long it has owed an answer, ms; 0 where it owes none. */
  get quietMs(): number {
    return this.#waitingBytes > 0 ? this.#clock.monotonicMs() - this.#heardAtMs : 0;
  }

  send(said: DiskOrder, payload?: Buffer): void {
    const stdin = this.#child.stdin;
    if (!stdin?.writable) return;
    if (this.#waitingBytes === 0) this.#heardAtMs = this.#clock.monotonicMs();
    for (const part of frameOf(said, payload)) {
      this.#waitingBytes += part.length;
      stdin.write(part);
    }
  }

  /** Lets it finish what waits, as long as it answers. */
  leave(): void {
    this.#child.stdin?.end();
    const cancel = this.#clock.after(LEAVE_MS, () => this.#child.kill('SIGKILL'));
    this.#child.once('exit', cancel);
  }
}

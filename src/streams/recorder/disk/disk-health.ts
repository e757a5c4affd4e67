import type { Clock } from '../../../core/clock.ts';
import { backoffMs, jittered } from '../../../core/mechanisms/backoff.ts';
import { type Random, systemRandom } from '../../../core/random.ts';
import type { GapReason } from '../camera/gaps.ts';
import type { DiskRoom } from './disk-protocol.ts';

/** Codes of what goes wrong, beside those of the system. */
export const HUNG = 'HUNG';
export const LOST = 'LOST';
export const SLOW = 'SLOW';
export const AWAY = 'AWAY';

/**
 * After a write was refused nothing is begun for so long, longer each time until a file is whole again: else every
 * camera would begin a file at each key frame, and each hole between two of them would be too short for a row.
 */
const PAUSES = { minMs: 2_000, maxMs: 30_000 };

/** After a failure other disks are taken first for so long, ms. */
const ASIDE_MS = 30_000;

/** The cause of a hole, by the code of what went wrong. */
export function reasonOf(code: string): GapReason {
  if (code === HUNG) return { cause: 'disk-slow', detail: code };
  if (code === AWAY) return { cause: 'disk-away', detail: null };
  return { cause: 'disk-failed', detail: code };
}

interface DiskHealthOptions {
  directory: string;
  reserveBytes: number;
  random?: Random;
}

/** How one disk of recordings is, by what it did. */
export class DiskHealth {
  readonly #clock: Clock;
  readonly #directory: string;
  readonly #reserveBytes: number;
  readonly #random: Random;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  #refusals = 0;
  #pausedToMs = Number.NEGATIVE_INFINITY;
  #isReady = false;
  /** Code of the last failure. */
  failure: string | null = null;
  /** What it said of its room last; null before it said anything. */
  room: DiskRoom | null = null;
  /** Why nothing is written, one sentence; null while the disk is written, or is about to be. */
  problem: string | null = null;

  constructor(clock: Clock, { directory, reserveBytes, random = systemRandom }: DiskHealthOptions) {
    this.#clock = clock;
    this.#directory = directory;
    this.#reserveBytes = reserveBytes;
    this.#random = random;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get hasRoom(): boolean {
    return this.room === null || this.room.freeBytes >= this.#reserveBytes;
  }

  /** Whether files may be begun. */
  get isOpen(): boolean {
    return this.#isReady && this.hasRoom && !this.isPaused;
  }

  /** Whether it refused a write a moment ago. */
  get isPaused(): boolean {
    return this.#clock.monotonicMs() < this.#pausedToMs;
  }

  /** It refused a write. What several files tell of one moment counts once. */
  refused(code: string): void {
    this.failed(code);
    if (this.isPaused) return;
    this.#pausedToMs = this.#clock.monotonicMs() + jittered(backoffMs(PAUSES, this.#refusals), this.#random, [1, 1.25]);
    this.#refusals += 1;
  }

  /** A file is whole. */
  worked(): void {
    this.#refusals = 0;
  }

  /** Whether nothing speaks against giving it more. */
  get isSound(): boolean {
    return this.#isReady && this.hasRoom && this.#clock.monotonicMs() - this.#failedAtMs >= ASIDE_MS;
  }

  ready(): void {
    this.problem = null;
    this.#isReady = true;
  }

  ended(): void {
    this.#isReady = false;
  }

  failed(code: string): void {
    this.#failedAtMs = this.#clock.monotonicMs();
    this.failure = code;
  }

  /** What is wrong with it, one sentence with its remedy; null where nothing is. */
  get refusal(): string | null {
    if (this.problem !== null) return this.problem;
    if (!this.hasRoom)
      return `${this.#directory} has too little room: nothing is recorded there. Make room, or add a disk.`;
    if (this.isSound || (!this.#isReady && this.failure === null)) return null;
    return `${this.#directory} fails (${this.failure}): look at the disk.`;
  }

  /** Why a file cannot be begun. */
  whyNot(): GapReason {
    if (!this.#isReady) {
      const reason = reasonOf(this.failure ?? LOST);
      return reason.cause === 'disk-away' ? { ...reason, detail: this.problem } : reason;
    }
    if (this.isPaused) return reasonOf(this.failure!);
    return this.hasRoom ? { cause: 'disk-slow', detail: null } : { cause: 'disk-failed', detail: 'ENOSPC' };
  }
}

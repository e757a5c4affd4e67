/** Why nothing was recorded of a camera that should be. */
export type GapCause =
  /** The camera gave nothing; the detail says why. */
  | 'camera'
  /** The gateway was not running. */
  | 'gateway'
  /** The disk could not keep up, or hung. */
  | 'disk-slow'
  /** The disk is full, or refuses to be written. */
  | 'disk-failed'
  /** The disk is nearly full, and all that is on it must be kept: the class of the camera gives way. */
  | 'disk-full'
  /** A directory of recordings is not the disk it should be. */
  | 'disk-away'
  /** The camera is recorded by events, and nothing happened. */
  | 'not-planned'
  /** It was recorded, and its file is gone. */
  | 'file-lost'
  /** Pictures came, and none that could be kept: the pool had no room, or no key frame came. */
  | 'stream';

export interface GapReason {
  cause: GapCause;
  detail: string | null;
}

/** What is to be written about holes. */
export type GapStep =
  | { type: 'begin'; fromMs: number; reason: GapReason }
  /** Another cause than the one told before: it is the one that lasts. */
  | { type: 'because'; reason: GapReason }
  | { type: 'end'; toMs: number }
  /** One that began and ended before anybody looked. */
  | { type: 'whole'; fromMs: number; toMs: number; reason: GapReason };

/** Holes shorter than this have no row (promise P5), ms. */
export const GAP_MIN_MS = 2_000;

/** So long a file that was lost may be looked for, ms. */
const UNSURE_MS = 15_000;

/** Files of one camera that may be looked for at once; of more the oldest count as lost. */
const LOST_MAX = 8;

const UNKNOWN: GapReason = { cause: 'stream', detail: null };

/** A file that is not found yet. */
interface LostFile {
  /** Where it began: it is known again by that. */
  startsAtMs: number;
  /** Where pictures were kept again; null while they are not. */
  toMs: number | null;
  reason: GapReason;
  /** Looked for until then. */
  untilMs: number;
}

/**
 * Follows what is kept of one camera, and tells each hole of {@link GAP_MIN_MS} or more once: while it lasts, so that
 * it is known before pictures return, and when it ends. Times are Unix ms by the gateway's clock, in whole ones as in
 * the rows of files: else a hole between two rows could be a hair too short for a row of its own.
 */
export class Gaps {
  /** End of what is kept. */
  #keptToMs: number;
  #reason: GapReason | null;
  readonly #lost: LostFile[] = [];
  #open: GapReason | null;

  /** `sinceMs` is when it was to be recorded from; `open` the reason of a hole that was told before and lasts. */
  constructor(sinceMs: number, { reason, open }: { reason: GapReason | null; open: GapReason | null }) {
    this.#keptToMs = Math.round(sinceMs);
    this.#reason = reason;
    this.#open = open;
  }

  /** Pictures from `fromMs` to `toMs` are kept. */
  kept(fromMs: number, toMs: number): GapStep[] {
    const last = this.#lost.at(-1);
    const steps = last?.toMs === null ? [] : this.#until(Math.round(fromMs));
    if (last) last.toMs ??= Math.round(fromMs);
    this.#keptToMs = Math.max(this.#keptToMs, Math.round(toMs));
    this.#reason = null;
    return steps;
  }

  /** A file that may have been {@link lost} is found to be whole up to `toMs`; why it ends there is known already. */
  found(startsAtMs: number, toMs: number): GapStep[] {
    const at = this.#lost.findIndex((one) => one.startsAtMs === Math.round(startsAtMs));
    const [file] = at < 0 ? [] : this.#lost.splice(at, 1);
    if (file && file.toMs !== null) return wholeOf(Math.round(toMs), file.toMs, file.reason);
    this.#keptToMs = Math.max(this.#keptToMs, Math.round(toMs));
    return [];
  }

  /** Nothing is kept from now on, because of this. */
  trouble(reason: GapReason): GapStep[] {
    this.#reason = reason;
    if (!this.#open || isSame(this.#open, reason)) return [];
    this.#open = reason;
    return [{ type: 'because', reason }];
  }

  /**
   * A file with pictures from `fromMs` to `toMs` is lost: how much of it was kept is told soon, by {@link found}. Until
   * then, or for {@link UNSURE_MS}, it makes no hole. Others may have been begun since, on another disk.
   */
  lost({ fromMs, toMs }: { fromMs: number; toMs: number }, reason: GapReason): GapStep[] {
    const startsAtMs = Math.round(fromMs);
    // A hole that was told goes on behind it.
    const isLast = this.#open === null && this.#keptToMs <= Math.round(toMs);
    const steps = this.#lost.length < LOST_MAX ? [] : this.#giveUp(this.#lost.shift()!);
    const before = this.#lost.at(-1);
    if (before) before.toMs ??= startsAtMs;
    const untilMs = Math.max(this.#keptToMs, Math.round(toMs)) + UNSURE_MS;
    this.#lost.push({ startsAtMs, toMs: isLast ? null : Math.round(toMs), reason, untilMs });
    if (!isLast) return steps;
    this.#keptToMs = Math.min(this.#keptToMs, startsAtMs);
    return [...steps, ...this.trouble(reason)];
  }

  /** Time has passed. */
  tick(nowMs: number): GapStep[] {
    const steps: GapStep[] = [];
    while (this.#lost.length > 0 && nowMs >= this.#lost[0]!.untilMs) steps.push(...this.#giveUp(this.#lost.shift()!));
    if (this.#open || nowMs - this.#keptToMs < GAP_MIN_MS || this.#lost.at(-1)?.toMs === null) return steps;
    this.#open = this.#reason ?? UNKNOWN;
    return [...steps, { type: 'begin', fromMs: this.#keptToMs, reason: this.#open }];
  }

  /** Nothing more is to be recorded from `atMs` on: no hole goes on beyond it. */
  ended(atMs: number): GapStep[] {
    const steps = this.#lost.splice(0).flatMap((file) => this.#giveUp(file));
    return [...steps, ...this.#until(atMs)];
  }

  /** It is not found: all of it is missing. */
  #giveUp({ startsAtMs, toMs, reason }: LostFile): GapStep[] {
    return toMs === null ? [] : wholeOf(startsAtMs, toMs, reason);
  }

  #until(atMs: number): GapStep[] {
    const fromMs = this.#keptToMs;
    if (this.#open) {
      this.#open = null;
      return [{ type: 'end', toMs: Math.max(atMs, fromMs) }];
    }
    return wholeOf(fromMs, atMs, this.#reason ?? UNKNOWN);
  }
}

function wholeOf(fromMs: number, toMs: number, reason: GapReason): GapStep[] {
  return toMs - fromMs < GAP_MIN_MS ? [] : [{ type: 'whole', fromMs, toMs, reason }];
}

function isSame(one: GapReason, other: GapReason): boolean {
  return one.cause === other.cause && one.detail === other.detail;
}

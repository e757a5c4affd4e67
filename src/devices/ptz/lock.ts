import { CitywatchError } from '../../core/errors.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';

/** Whoever moves a camera. */
export interface Mover {
  /** Tells movers apart. */
  key: string;
  name: string;
  /** The higher one takes a camera over. */
  rank: number;
}

/** Who has the camera. */
export interface Holder extends Mover {
  sinceMs: number;
  /** Without another order it is free from then on. */
  untilMs: number;
}

/** Who took a camera over from somebody. */
export interface TakenOver {
  by: string;
  atMs: number;
}

/** A camera is free so long after the last order. */
const LOCK_IDLE_MS = 15_000;
const LOSERS_MAX = 16;

/** Who may move one camera: one at a time, and the higher rank before the lower one. */
export class PtzLock {
  readonly #losers = new BoundedMap<string, TakenOver>(LOSERS_MAX);
  #holder: Holder | null = null;

  holder(nowMs: number): Holder | null {
    return this.#holder && this.#holder.untilMs > nowMs ? this.#holder : null;
  }

  /** Who took it over from this mover, while that one has it. */
  takenFrom(key: string, nowMs: number): TakenOver | null {
    const loss = this.#losers.get(key);
    return loss && this.holder(nowMs)?.name === loss.by ? loss : null;
  }

  /**
   * Takes the camera, or goes on with it. Errors: `conflict.state`, saying who has it. Resolves with whether the mover
   * did not have it before.
   */
  take(mover: Mover, nowMs: number): boolean {
    const holder = this.holder(nowMs);
    if (holder?.key === mover.key) {
      holder.untilMs = nowMs + LOCK_IDLE_MS;
      return false;
    }
    if (holder && holder.rank >= mover.rank) throw this.#refused(holder, mover, nowMs);
    if (holder) this.#losers.set(holder.key, { by: mover.name, atMs: nowMs });
    this.#losers.delete(mover.key);
    this.#holder = { ...mover, sinceMs: nowMs, untilMs: nowMs + LOCK_IDLE_MS };
    return true;
  }

  /** Gives the camera free, where this mover has it. */
  leave(key: string): void {
    if (this.#holder?.key === key) this.#holder = null;
  }

  #refused(holder: Holder, mover: Mover, nowMs: number): CitywatchError {
    const loss = this.takenFrom(mover.key, nowMs);
    const what = loss ? 'has taken this camera over from you' : 'moves this camera';
    const detail = `${holder.name} ${what}; it is free ${LOCK_IDLE_MS / 1_000} s after the last order.`;
    return new CitywatchError('conflict.state', { detail });
  }
}

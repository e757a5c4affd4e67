/** Readings that count: the fragments of about two seconds. */
const READINGS = 4;
/** Video that should be left when the next fragment comes, seconds, where all comes in time. */
const SLACK_S = 0.15;
/** The same where fragments came too late; each time that adds a step, and a quiet while takes one away. */
const SLACK_MAX_S = 0.6;
const SLACK_STEP_S = 0.1;
const QUIET_MS = 20_000;
/** Beyond what should be left by so much, it goes a little faster, until that is gone. */
const TOO_MUCH_S = 0.15;
const FASTER = 1.05;
/** Beyond this, what lies between is left out. */
const JUMP_ABOVE_S = 2;
/** The same right after the beginning, where what came first was gathered before anybody looked. */
const FIRST_JUMP_ABOVE_S = 0.8;

/** What is to be done about the distance to the present. */
export interface Correction {
  /** Playback rate: 1, or a little more. */
  rate: number;
  /** Seconds to leave out, or 0. */
  jumpS: number;
}

/**
 * Keeps a live picture close to the present. It goes by what is left to play when a fragment arrives, of the last few
 * the least: that is what it could do without. Nothing is left out before something was shown, as a decoder that is
 * sent elsewhere before its first picture shows none for long.
 */
export class Drift {
  #readings: number[] = [];
  #slackS = SLACK_S;
  #rate = 1;
  #begun = false;
  #changedAtMs = Number.NEGATIVE_INFINITY;

  /** A fragment arrived while `aheadS` seconds were left. `shown`: whether there was a picture yet. */
  arrived(aheadS: number, shown: boolean, nowMs: number): Correction {
    if (!shown) return { rate: 1, jumpS: 0 };
    if (this.#slackS > SLACK_S && nowMs - this.#changedAtMs > QUIET_MS) this.#change(-SLACK_STEP_S, nowMs);
    if (!this.#begun) {
      this.#begun = true;
      if (aheadS > FIRST_JUMP_ABOVE_S) return this.#jump(aheadS);
    }
    this.#readings = [...this.#readings, aheadS].slice(-READINGS);
    const spareS = Math.min(...this.#readings) - this.#slackS;
    if (this.#readings.length < READINGS) return { rate: this.#rate, jumpS: 0 };
    if (spareS > JUMP_ABOVE_S) return this.#jump(aheadS);
    if (spareS > TOO_MUCH_S) this.#rate = FASTER;
    else if (spareS <= 0) this.#rate = 1;
    return { rate: this.#rate, jumpS: 0 };
  }

  /** Nothing was left to play. */
  ranOut(nowMs: number): void {
    this.#readings = [];
    this.#rate = 1;
    if (this.#begun) this.#change(SLACK_STEP_S, nowMs);
  }

  #jump(aheadS: number): Correction {
    this.#readings = [];
    this.#rate = 1;
    return { rate: 1, jumpS: aheadS - this.#slackS };
  }

  #change(byS: number, nowMs: number): void {
    this.#slackS = Math.min(SLACK_MAX_S, Math.max(SLACK_S, this.#slackS + byS));
    this.#changedAtMs = nowMs;
  }
}

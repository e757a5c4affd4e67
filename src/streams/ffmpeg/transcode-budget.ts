import { type Clock, deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import { Counter, Gauge, type Observer } from '../../core/observe.ts';

/** What pictures are decoded or coded anew for, the most urgent first: that is the order of the line. */
export const TRANSCODE_PURPOSES = ['thumbnail', 'playback', 'audio', 'mosaic', 'recode', 'watermark'] as const;

export type TranscodePurpose = (typeof TRANSCODE_PURPOSES)[number];

/** What one purpose may take. */
export interface TranscodeShare {
  /** What one run takes unless it says otherwise, percent of one core. */
  costPct: number;
  /** Runs at the same time. */
  atOnceMax: number;
  /** Who waits for one of them; one more is refused. */
  waitingMax: number;
  /** Whether a run lasts as long as somebody looks, and not for seconds. */
  lasting: boolean;
}

export interface TranscodeLimits {
  /** For all runs together, percent of one core. One that takes more than that runs alone. */
  corePct: number;
  /** The most that runs that last take of it, so that the short ones have their turn. */
  lastingPct: number;
  shares: Record<TranscodePurpose, TranscodeShare>;
}

export interface TranscodeBudgetDeps {
  clock: Clock;
  observer: Observer;
}

export interface TranscodeAsk {
  /** How long the caller waits for its turn, ms. */
  withinMs: number;
  /** Percent of one core, where a run takes another amount than its purpose says. */
  costPct?: number;
  signal?: AbortSignal;
}

interface Waiting {
  purpose: TranscodePurpose;
  costPct: number;
  begin(leave: () => void): void;
}

/** Shares out the processor to everything that decodes or codes pictures and sound anew, whoever asks for it. */
export class TranscodeBudget {
  readonly #clock: Clock;
  readonly #limits: TranscodeLimits;
  readonly #line: Waiting[] = [];
  readonly #running = new Map<TranscodePurpose, number>();
  #usedPct = 0;
  #lastingPct = 0;
  readonly #refused: Counter<'purpose'>;

  constructor({ clock, observer }: TranscodeBudgetDeps, limits: TranscodeLimits) {
    this.#clock = clock;
    this.#limits = limits;
    const registers = [observer.metrics];
    const [running, line] = [this.#running, this.#line];
    this.#refused = new Counter({
      name: 'citywatch_transcodes_refused_total',
      help: 'Runs of ffmpeg that decode or code anew and had no turn in time.',
      labelNames: ['purpose'],
      registers,
    });
    new Gauge({
      name: 'citywatch_transcodes',
      help: 'Runs of ffmpeg that decode or code anew: under way, and those that wait for their turn.',
      labelNames: ['purpose', 'state'],
      registers,
      collect() {
        for (const purpose of TRANSCODE_PURPOSES) {
          this.set({ purpose, state: 'running' }, running.get(purpose) ?? 0);
          this.set({ purpose, state: 'waiting' }, line.filter((one) => one.purpose === purpose).length);
        }
      },
    });
  }

  /** What is taken now, percent of one core. */
  get usedPct(): number {
    return this.#usedPct;
  }

  /**
   * Waits for a turn, and resolves with how to give it back, once or more often. Errors: `stream.full` where too many
   * wait already or none came in time; rejects with the reason of `signal`.
   */
  async enter(purpose: TranscodePurpose, { withinMs, costPct, signal }: TranscodeAsk): Promise<() => void> {
    signal?.throwIfAborted();
    const share = this.#limits.shares[purpose];
    const asked = { purpose, costPct: costPct ?? share.costPct };
    if (this.#isNext(asked)) return this.#begin(asked);
    const ahead = this.#line.filter((one) => one.purpose === purpose).length;
    if (ahead >= share.waitingMax) throw this.#full(purpose);
    const limit = deadline(this.#clock, withinMs, signal);
    let waiting: Waiting | null = null;
    const turn = new Promise<() => void>((begin) => {
      waiting = { ...asked, begin };
      this.#line.push(waiting);
    });
    try {
      return await orAborted(turn, limit.signal);
    } catch (error) {
      const at = this.#line.indexOf(waiting!);
      // Its turn may have come together with the end of its patience.
      if (at >= 0) this.#line.splice(at, 1);
      else void turn.then((leave) => leave());
      this.#pump();
      if (signal?.aborted) throw error;
      throw this.#full(purpose);
    } finally {
      limit.cancel();
    }
  }

  /** Takes a place at once, or null. */
  tryEnter(purpose: TranscodePurpose, costPct = this.#limits.shares[purpose].costPct): (() => void) | null {
    const asked = { purpose, costPct };
    if (this.#isNext(asked)) return this.#begin(asked);
    this.#refused.inc({ purpose });
    return null;
  }

  /** Runs `work` in its turn. Errors as {@link enter}, and those of `work`. */
  async run<Result>(purpose: TranscodePurpose, ask: TranscodeAsk, work: () => Promise<Result>): Promise<Result> {
    const leave = await this.enter(purpose, ask);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Whether there is room, and nobody as urgent has waited longer who could take it. */
  #isNext(asked: Omit<Waiting, 'begin'>): boolean {
    const rank = rankOf(asked.purpose);
    return this.#fits(asked) && !this.#line.some((one) => rankOf(one.purpose) <= rank && this.#hasPlace(one.purpose));
  }

  #hasPlace(purpose: TranscodePurpose): boolean {
    return (this.#running.get(purpose) ?? 0) < this.#limits.shares[purpose].atOnceMax;
  }

  #fits({ purpose, costPct }: Omit<Waiting, 'begin'>): boolean {
    const { corePct, lastingPct, shares } = this.#limits;
    if (!this.#hasPlace(purpose)) return false;
    if (this.#usedPct > 0 && this.#usedPct + costPct > corePct) return false;
    return !shares[purpose].lasting || this.#lastingPct === 0 || this.#lastingPct + costPct <= lastingPct;
  }

  #begin({ purpose, costPct }: Omit<Waiting, 'begin'>): () => void {
    this.#count(purpose, costPct, 1);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#count(purpose, costPct, -1);
      this.#pump();
    };
  }

  #count(purpose: TranscodePurpose, costPct: number, change: 1 | -1): void {
    this.#usedPct += change * costPct;
    if (this.#limits.shares[purpose].lasting) this.#lastingPct += change * costPct;
    this.#running.set(purpose, (this.#running.get(purpose) ?? 0) + change);
  }

  /** The most urgent first. One that does not fit holds up those behind it, or a dear one would never have its turn. */
  #pump(): void {
    this.#line.sort((one, other) => rankOf(one.purpose) - rankOf(other.purpose));
    for (const one of [...this.#line]) {
      if (!this.#hasPlace(one.purpose)) continue;
      if (!this.#fits(one)) {
        if (this.#limits.shares[one.purpose].lasting) continue;
        return;
      }
      this.#line.splice(this.#line.indexOf(one), 1);
      one.begin(this.#begin(one));
    }
  }

  #full(purpose: TranscodePurpose): CitywatchError {
    this.#refused.inc({ purpose });
    return new CitywatchError('stream.full', {
      detail: `As many runs of ffmpeg as may be for "${purpose}" are under way.`,
      retryAfterS: 5,
    });
  }
}

function rankOf(purpose: TranscodePurpose): number {
  return TRANSCODE_PURPOSES.indexOf(purpose);
}

const PCT_OF_A_CORE = 100;

/** The limits of a gateway with so many cores, of which `corePct` percent of one may be taken. */
export function transcodeLimits(corePct: number): TranscodeLimits {
  return {
    corePct,
    // Where there is one core for all, a lasting one that is light still leaves a short one its half.
    lastingPct: Math.max(Math.floor(corePct / 2), corePct - PCT_OF_A_CORE),
    shares: {
      thumbnail: { costPct: 50, atOnceMax: 2, waitingMax: 32, lasting: false },
      playback: { costPct: 100, atOnceMax: 2, waitingMax: 16, lasting: false },
      audio: { costPct: 2, atOnceMax: 64, waitingMax: 16, lasting: true },
      mosaic: { costPct: 50, atOnceMax: 4, waitingMax: 4, lasting: true },
      recode: { costPct: 50, atOnceMax: 4, waitingMax: 4, lasting: true },
      watermark: { costPct: 50, atOnceMax: 2, waitingMax: 16, lasting: false },
    },
  };
}

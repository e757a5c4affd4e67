import { type Clock, DeadlineExceeded, deadline } from '../../core/clock.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';

/** `not-tried`: a step before it says why it would tell nothing. */
export type Grade = 'ok' | 'warning' | 'failed' | 'not-tried';

/** What one step found. */
export interface Finding {
  grade: Grade;
  /** What was seen, in one sentence; null where nothing was. */
  seen: string | null;
  /** A word for programs, such as `auth` or `clock-skew`; null where all is well. */
  problem: string | null;
  /** What to do about it, for who stands under the pole; null where all is well. */
  hint: string | null;
}

export interface CheckStep<Name extends string = string> extends Finding {
  name: Name;
  /** How long it took, in ms. */
  tookMs: number;
}

export function ok(seen: string): Finding {
  return { grade: 'ok', seen, problem: null, hint: null };
}

export function bad(grade: 'warning' | 'failed', problem: string, hint: string, seen: string | null = null): Finding {
  return { grade, seen, problem, hint };
}

export function notTried(why: string): Finding {
  return { grade: 'not-tried', seen: why, problem: null, hint: null };
}

/** The worst of some grades; what was not tried says nothing of its own. */
export function worst(steps: readonly Pick<Finding, 'grade'>[]): Exclude<Grade, 'not-tried'> {
  if (steps.some(({ grade }) => grade === 'failed')) return 'failed';
  return steps.some(({ grade }) => grade === 'warning') ? 'warning' : 'ok';
}

export interface StepsDeps {
  clock: Clock;
  /** Of the whole check: when it is aborted, no step goes on. */
  signal: AbortSignal;
  /** What an error of a step means. */
  explain(error: unknown): Finding;
}

/** One step: ends with the signal, which comes after so many ms. */
export type Work = (signal: AbortSignal, ms: number) => Promise<Finding>;

/** A step begun with less than this would only tell that the time was over. */
const WORTH_MS = 250;
const SLOW: Finding = bad(
  'failed',
  'timeout',
  'It does not answer in time: look at the network to it (radio, length of the cable, other traffic), and restart it.',
);

/** Runs the steps of one check, each within its own time and that of all, and keeps what they found in their order. */
export class Steps<Name extends string> {
  readonly #deps: StepsDeps;
  readonly #endMs: number;
  readonly done: CheckStep<Name>[] = [];

  /** `totalMs`: time for all steps together, from now on. */
  constructor(deps: StepsDeps, totalMs: number) {
    this.#deps = deps;
    this.#endMs = deps.clock.monotonicMs() + totalMs;
  }

  /** Time that is left, in ms. */
  get leftMs(): number {
    return Math.max(0, this.#endMs - this.#deps.clock.monotonicMs());
  }

  /** Runs one step; never rejects. */
  async run(name: Name, budgetMs: number, work: Work): Promise<Finding> {
    const { clock } = this.#deps;
    const beganMs = clock.monotonicMs();
    const stepMs = Math.min(budgetMs, this.leftMs);
    const finding =
      stepMs < WORTH_MS
        ? notTried('The steps before took all of the time.')
        : await this.#within(stepMs, work).catch((error: unknown) => this.#explain(error));
    return this.#add(name, finding, clock.monotonicMs() - beganMs);
  }

  /** Ends a step that was left open: what is found now stands in place of what was, and the time is added. */
  async resume(name: Name, budgetMs: number, work: Work): Promise<void> {
    const { clock } = this.#deps;
    const at = this.done.findIndex((step) => step.name === name);
    const open = this.done[at];
    if (!open) return;
    const beganMs = clock.monotonicMs();
    const stepMs = Math.min(budgetMs, this.leftMs);
    const finding = await this.#within(stepMs, work).catch((error: unknown) => this.#explain(error));
    this.done[at] = { name, ...finding, tookMs: open.tookMs + Math.round(clock.monotonicMs() - beganMs) };
  }

  /** Notes that a step was not tried, and why. */
  skip(name: Name, why: string): void {
    this.#add(name, notTried(why), 0);
  }

  /** What a step warned of turned out to be why a later one failed. */
  worsen(name: Name): void {
    const at = this.done.findIndex((step) => step.name === name);
    const step = this.done[at];
    if (step?.grade === 'warning') this.done[at] = { ...step, grade: 'failed' };
  }

  async #within(stepMs: number, work: Work): Promise<Finding> {
    const limit = deadline(this.#deps.clock, stepMs, this.#deps.signal);
    try {
      return await orAborted(work(limit.signal, stepMs), limit.signal);
    } finally {
      limit.cancel();
    }
  }

  #explain(error: unknown): Finding {
    return error instanceof DeadlineExceeded ? SLOW : this.#deps.explain(error);
  }

  #add(name: Name, finding: Finding, tookMs: number): Finding {
    this.done.push({ name, ...finding, tookMs: Math.round(tookMs) });
    return finding;
  }
}

import type { WorkDays } from '../../../core/calendar/work-days.ts';
import {
  type Condition,
  type ConditionSettings,
  type ConditionState,
  type Judgement,
  type Step,
  settled,
  unchanged,
} from '../conditions/condition.ts';
import { isOpen, nextOpening, type Schedule } from './schedule.ts';

interface Waiting {
  /** Where it became true, while it is; null else. */
  raised: Judgement | null;
  /** Whether that was told. */
  isTold: boolean;
}

/** What is remembered of a condition that may raise something only at some times. */
interface ScheduledState extends ConditionState, Waiting {
  /** The state of the condition itself. */
  inner: ConditionState | null;
}

/** A condition with its hours. */
class Hours {
  readonly #by: Condition;
  readonly #schedule: Schedule;
  readonly #workDays: WorkDays;

  constructor(by: Condition, schedule: Schedule, workDays: WorkDays) {
    this.#by = by;
    this.#schedule = schedule;
    this.#workDays = workDays;
  }

  /** What of a step of the condition is told at `atMs`. */
  passed(
    settings: ConditionSettings,
    before: ScheduledState | null,
    step: Step<ConditionState>,
    atMs: number,
  ): Step<ScheduledState> {
    // Asked only where something depends on it: most of what is judged raises nothing.
    const isOpenNow = (): boolean => isOpen(this.#schedule, this.#workDays, atMs);
    if (!this.#by.lasts(settings)) {
      const state = step.state && this.around(step.state, { raised: null, isTold: false }, null);
      return { state, judgements: step.judgements.length > 0 && isOpenNow() ? step.judgements : [] };
    }
    const judgements: Judgement[] = [];
    let { raised, isTold } = before ?? { raised: null, isTold: false };
    for (const judgement of step.judgements) {
      raised = judgement.transition === 'fired' ? judgement : null;
      if (raised) continue;
      if (isTold) judgements.push(judgement);
      isTold = false;
    }
    if (raised && !isTold && isOpenNow()) {
      judgements.push(raised);
      isTold = true;
    }
    return { state: this.around(step.state, { raised, isTold }, atMs), judgements };
  }

  /** The state around that of the condition; at `atMs` it begins to wait for the next opening, if it has to. */
  around(inner: ConditionState | null, { raised, isTold }: Waiting, atMs: number | null): ScheduledState {
    const waits = atMs !== null && raised !== null && !isTold;
    const opensAtMs = waits ? nextOpening(this.#schedule, this.#workDays, atMs) : null;
    const clocks = [inner?.dueAtMs ?? null, opensAtMs].filter((one) => one !== null);
    return {
      type: this.#by.type,
      phase: [inner?.phase ?? '', raised ? 'raised' : '', isTold ? 'told' : ''].join(' ').trim(),
      since: inner?.since ?? raised?.position ?? null,
      dueAtMs: clocks.length > 0 ? Math.min(...clocks) : null,
      inner,
      raised,
      isTold,
    };
  }
}

/**
 * The condition `by`, which raises what lasts only while the schedule is open: what is true when it opens is told then.
 * What was told is cleared whenever it is over. What is over as soon as it is told counts only while it is open.
 */
export function scheduled(by: Condition, schedule: Schedule, workDays: WorkDays): Condition {
  const hours = new Hours(by, schedule, workDays);
  return {
    ...by,
    initial: (settings) => {
      const inner = by.initial(settings);
      return inner && hours.around(inner, { raised: null, isTold: false }, null);
    },
    judge(settings, state, input) {
      const before = state as ScheduledState | null;
      const inner = before?.inner ?? null;
      const step = settled(by.judge(settings, inner, input));
      if (step.state === inner && step.judgements.length === 0) return unchanged(state);
      return hours.passed(settings, before, step, input.message.receivedAtMs);
    },
    timer(settings, state) {
      const before = state as ScheduledState;
      const { inner, dueAtMs } = before;
      const isInner = inner !== null && inner.dueAtMs !== null && inner.dueAtMs <= dueAtMs!;
      return hours.passed(settings, before, isInner ? by.timer(settings, inner) : unchanged(inner), dueAtMs!);
    },
    restart(settings, state, restart) {
      const before = state as ScheduledState;
      const inner = before.inner && by.restart(settings, before.inner, restart);
      if (inner === before.inner && (before.raised === null || before.isTold)) return state;
      return hours.around(inner, before, restart.receivedAtMs);
    },
    evidence: (settings, state, from) => by.evidence(settings, (state as ScheduledState | null)?.inner ?? null, from),
  };
}

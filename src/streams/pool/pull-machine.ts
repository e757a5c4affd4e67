import { backoffMs } from '../../core/mechanisms/backoff.ts';
import type { FailureReason, StreamFailure } from './types.ts';

/**
 * The life of one pull (one camera in one quality) as data. It is opened when the first viewer comes, shared by all,
 * and closed some time after the last one went. What ends by itself is tried again, slower each time.
 */
export type PullState =
  | { name: 'idle' }
  | { name: 'starting'; failures: number }
  | { name: 'live'; failures: number }
  /** Ending; `again` when it is to be opened once more after that. */
  | { name: 'closing'; failures: number; again: boolean }
  | { name: 'backoff'; failures: number; failure: StreamFailure };

export type PullTimer = 'first' | 'watchdog' | 'steady' | 'grace' | 'backoff';

export type PullInput =
  /** The first viewer came. */
  | { type: 'wanted' }
  /** The last viewer went. */
  | { type: 'unwanted' }
  /** It is its turn: the camera is being connected. */
  | { type: 'begun' }
  | { type: 'fragment' }
  /** The camera answers again after it did not. */
  | { type: 'back' }
  /** The run is over and everything of it is gone. */
  | { type: 'ended'; failure: StreamFailure }
  | { type: 'timer'; timer: PullTimer };

/** Why a run is called off; the run itself knows what the camera was doing meanwhile. */
export type CloseCause = 'unwanted' | 'overdue' | 'stalled';

export type PullEffect =
  /** After so many failures in a row. */
  | { type: 'open'; failures: number }
  | { type: 'close'; cause: CloseCause }
  | { type: 'set'; timer: PullTimer; ms: number }
  /** As `set`, with a random part of `ms` taken away. */
  | { type: 'set-jittered'; timer: PullTimer; ms: number }
  | { type: 'clear'; timer: PullTimer }
  /** Whoever waits for a picture is told why there is none. */
  | { type: 'failed'; failure: StreamFailure };

export interface PullTimes {
  /** From the turn of the camera to the first fragment. */
  firstMs: number;
  /** Longest time between two fragments. */
  stallMs: number;
  /** After this long without trouble the next failure counts as the first. */
  steadyMs: number;
  /** From the last viewer to closing. */
  graceMs: number;
  backoffMinMs: number;
  backoffMaxMs: number;
  /** Longest pause where the camera was not asked, because the lease is another gateway's or nobody knows whose. */
  leaseMaxMs: number;
}

export const PULL_TIMES: PullTimes = {
  firstMs: 12_000,
  stallMs: 8_000,
  steadyMs: 10_000,
  graceMs: 10_000,
  backoffMinMs: 250,
  backoffMaxMs: 30_000,
  leaseMaxMs: 5_000,
};

/** Reasons that say nothing of the camera. */
const UNASKED: ReadonlySet<FailureReason> = new Set(['elsewhere', 'no-lease']);

type Next = { state: PullState; effects: PullEffect[] };

/** The step of the machine for the given times. */
export function pullStep(times: PullTimes): (state: PullState, input: PullInput) => Next {
  return (state, input) => {
    switch (input.type) {
      case 'wanted':
        return wanted(state);
      case 'unwanted':
        return unwanted(state, times);
      case 'begun':
        return { state, effects: state.name === 'starting' ? [set('first', times.firstMs)] : [] };
      case 'fragment':
        return fragment(state, times);
      case 'back':
        return back(state);
      case 'ended':
        return ended(state, input.failure, times);
      case 'timer':
        return timer(state, input.timer);
    }
  };
}

function wanted(state: PullState): Next {
  if (state.name === 'idle') return opening(0);
  const effects: PullEffect[] = [clear('grace')];
  return { state: state.name === 'closing' ? { ...state, again: true } : state, effects };
}

function unwanted(state: PullState, times: PullTimes): Next {
  if (state.name === 'idle') return { state, effects: [] };
  if (state.name === 'closing') return { state: { ...state, again: false }, effects: [] };
  return { state, effects: [set('grace', times.graceMs)] };
}

function fragment(state: PullState, times: PullTimes): Next {
  if (state.name === 'live') return { state, effects: [set('watchdog', times.stallMs)] };
  if (state.name !== 'starting') return { state, effects: [] };
  const effects = [clear('first'), set('watchdog', times.stallMs), set('steady', times.steadyMs)];
  return { state: { name: 'live', failures: state.failures }, effects };
}

/** What it failed at before says nothing of it any more, but it does not go before those that never failed. */
function back(state: PullState): Next {
  if (state.name !== 'backoff') return { state, effects: [] };
  const next = opening(Math.min(state.failures, 1));
  return { ...next, effects: [clear('backoff'), ...next.effects] };
}

function ended(state: PullState, failure: StreamFailure, times: PullTimes): Next {
  const quiet = [clear('first'), clear('watchdog'), clear('steady')];
  if (state.name === 'closing') {
    if (!state.again) return { state: { name: 'idle' }, effects: [...quiet, clear('grace')] };
    const next = opening(state.failures);
    return { ...next, effects: [...quiet, clear('grace'), ...next.effects] };
  }
  if (state.name !== 'starting' && state.name !== 'live') return { state, effects: [] };
  const maxMs = UNASKED.has(failure.reason) ? times.leaseMaxMs : times.backoffMaxMs;
  const ms = backoffMs({ minMs: times.backoffMinMs, maxMs }, state.failures);
  return {
    state: { name: 'backoff', failures: state.failures + 1, failure },
    effects: [...quiet, { type: 'failed', failure }, { type: 'set-jittered', timer: 'backoff', ms }],
  };
}

function timer(state: PullState, name: PullTimer): Next {
  switch (name) {
    case 'first':
      // The run ends with its own diagnosis; `ended` then decides what follows, so the state stays.
      return { state, effects: state.name === 'starting' ? [{ type: 'close', cause: 'overdue' }] : [] };
    case 'watchdog':
      return { state, effects: state.name === 'live' ? [{ type: 'close', cause: 'stalled' }] : [] };
    case 'steady':
      return { state: state.name === 'live' ? { ...state, failures: 0 } : state, effects: [] };
    case 'backoff':
      return state.name === 'backoff' ? opening(state.failures) : { state, effects: [] };
    case 'grace':
      return graceOver(state);
  }
}

function graceOver(state: PullState): Next {
  if (state.name === 'backoff') return { state: { name: 'idle' }, effects: [clear('backoff')] };
  if (state.name !== 'starting' && state.name !== 'live') return { state, effects: [] };
  const effects: PullEffect[] = [clear('first'), clear('watchdog'), clear('steady')];
  effects.push({ type: 'close', cause: 'unwanted' });
  return { state: { name: 'closing', failures: state.failures, again: false }, effects };
}

function opening(failures: number): Next {
  return { state: { name: 'starting', failures }, effects: [{ type: 'open', failures }] };
}

function set(timerName: PullTimer, ms: number): PullEffect {
  return { type: 'set', timer: timerName, ms };
}

function clear(timerName: PullTimer): PullEffect {
  return { type: 'clear', timer: timerName };
}

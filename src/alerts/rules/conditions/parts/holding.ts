import type { Message } from '../../../../core/types.ts';
import { type ConditionState, positionOf, type Step, type Transition, unchanged } from '../condition.ts';

/** How long something must last before it counts, both ways; seconds. */
export interface HoldSettings {
  hold_s: number;
  clear_hold_s: number;
}

/** What is remembered of something that is true or not, and counts only once it has lasted. */
export interface HoldState extends ConditionState {
  phase: 'clear' | 'pending' | 'active' | 'clearing';
}

/** Where and when something is judged: by the message that said it. */
export type Now = Pick<Message, 'lane' | 'offset' | 'receivedAtMs'>;

/** Goes on from `state`, now that it is true (`over`) or not. Returns the same state where that changes nothing. */
export function move<State extends HoldState>(
  settings: HoldSettings,
  state: State,
  over: boolean,
  now: Now,
): Step<State> {
  switch (state.phase) {
    case 'clear':
      if (!over) return unchanged(state);
      return settings.hold_s > 0
        ? begun(state, 'pending', settings.hold_s, now)
        : settled(state, 'active', 'fired', now);
    case 'pending':
      return over ? unchanged(state) : settled(state, 'clear', null, now);
    case 'active':
      if (over) return unchanged(state);
      if (settings.clear_hold_s > 0) return begun(state, 'clearing', settings.clear_hold_s, now);
      return settled(state, 'clear', 'cleared', now);
    case 'clearing':
      return over ? settled(state, 'active', null, now) : unchanged(state);
  }
}

/** Its clock has run out: it has lasted. */
export function lasted<State extends HoldState>(state: State): Step<State> {
  if (state.since === null || (state.phase !== 'pending' && state.phase !== 'clearing')) return unchanged(state);
  const fired = state.phase === 'pending';
  return {
    state: { ...state, phase: fired ? 'active' : 'clear', since: null, dueAtMs: null },
    judgements: [{ transition: fired ? 'fired' : 'cleared', position: state.since }],
  };
}

/**
 * When its clock runs out after the wall clock was set: the whole time from then, because how long it has lasted cannot
 * be told. Null while none runs.
 */
export function anew(settings: HoldSettings, state: HoldState, receivedAtMs: number): number | null {
  const holdS = state.phase === 'pending' ? settings.hold_s : settings.clear_hold_s;
  return state.dueAtMs === null ? null : receivedAtMs + holdS * 1000;
}

function begun<State extends HoldState>(state: State, phase: HoldState['phase'], holdS: number, now: Now): Step<State> {
  return {
    state: { ...state, phase, since: positionOf(now), dueAtMs: now.receivedAtMs + holdS * 1000 },
    judgements: [],
  };
}

function settled<State extends HoldState>(
  state: State,
  phase: HoldState['phase'],
  transition: Transition | null,
  now: Now,
): Step<State> {
  return {
    state: { ...state, phase, since: null, dueAtMs: null },
    judgements: transition ? [{ transition, position: positionOf(now) }] : [],
  };
}

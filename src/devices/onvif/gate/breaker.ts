import type { Step } from '../../../core/mechanisms/machine.ts';

/**
 * Whether an address that fails is spoken to. `closed`: as ever. `open`: not before `untilMs`. `trying`: one request is
 * on its way and tells what follows; the others wait for their own next try. Times are of the monotonic clock.
 */
export type BreakerState =
  | { type: 'closed'; failures: number }
  | { type: 'open'; failures: number; untilMs: number }
  | { type: 'trying'; failures: number };

export type BreakerInput =
  /** Somebody wants to send; `forced` where a person waits for it. */
  | { type: 'asked'; atMs: number; forced: boolean }
  /** The other side said something, whatever it was. */
  | { type: 'answered' }
  | { type: 'failed'; atMs: number }
  /** The request ended without telling anything of the other side. */
  | { type: 'dropped'; atMs: number };

export type BreakerEffect = { type: 'go' } | { type: 'refuse'; forMs: number };

export interface BreakerLimits {
  /** Failures in a row after which nothing more is sent for a while. */
  failuresMax: number;
  /** How long for, by how many more there were. */
  pauseMs(more: number): number;
}

/** How long one waits who is refused because another one tries. */
const WHILE_TRYING_MS = 1_000;

export const CLOSED: BreakerState = { type: 'closed', failures: 0 };

/** The step of the machine; one success closes it. */
export function breakerStep(limits: BreakerLimits): Step<BreakerState, BreakerInput, BreakerEffect> {
  return (state, input) => {
    switch (input.type) {
      case 'asked':
        return asked(state, input);
      case 'answered':
        return { state: CLOSED, effects: [] };
      case 'failed':
        return { state: failed(state, input.atMs, limits), effects: [] };
      case 'dropped':
        if (state.type !== 'trying') return { state, effects: [] };
        return { state: { type: 'open', failures: state.failures, untilMs: input.atMs }, effects: [] };
    }
  };
}

function asked(state: BreakerState, { atMs, forced }: Extract<BreakerInput, { type: 'asked' }>) {
  const go: BreakerEffect[] = [{ type: 'go' }];
  if (state.type === 'closed') return { state, effects: go };
  const { failures } = state;
  const tries = { state: { type: 'trying', failures } as const, effects: go };
  if (state.type === 'open' && (forced || state.untilMs <= atMs)) return tries;
  const forMs = state.type === 'open' ? state.untilMs - atMs : WHILE_TRYING_MS;
  return { state, effects: [{ type: 'refuse' as const, forMs }] };
}

function failed(state: BreakerState, atMs: number, { failuresMax, pauseMs }: BreakerLimits): BreakerState {
  // Of those that were on their way when it opened, none prolongs it.
  if (state.type === 'open') return state;
  const failures = state.failures + 1;
  if (state.type === 'closed' && failures < failuresMax) return { type: 'closed', failures };
  return { type: 'open', failures, untilMs: atMs + pauseMs(failures - failuresMax) };
}

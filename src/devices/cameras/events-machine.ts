import type { Step } from '../../core/mechanisms/machine.ts';

/**
 * One subscription to a camera's events as data. Exactly one of the effects that ask or wait is under way at a time and
 * ends with one input; all times are of our own monotonic clock, because the camera's may jump.
 */
export interface SubscriptionState {
  /** Null before the camera has granted one. */
  granted: Granted | null;
  /** Events that were pulled and are not durable yet: nothing more is asked for while there are some. */
  owed: boolean;
  /** When the pull under way, or the last one, began. */
  pulledAtMs: number;
  /** No pull begins before. */
  turnAtMs: number;
  /** The messages of the camera so far are paid for by then. */
  paidAtMs: number;
  ended: boolean;
}

interface Granted {
  sinceMs: number;
  termMs: number;
  /** Infinity where the camera does not renew. */
  renewAtMs: number;
}

export type SubscriptionInput =
  | { type: 'subscribed'; grantedMs: number; atMs: number }
  /** The answer to a pull: how many messages, and whether there are events among them. */
  | { type: 'pulled'; messages: number; events: boolean; atMs: number }
  /** `grantedMs` null: the camera does not renew. */
  | { type: 'renewed'; grantedMs: number | null; atMs: number }
  | { type: 'stored'; atMs: number }
  /** The journal takes nothing now. */
  | { type: 'refused'; atMs: number }
  | { type: 'woke'; atMs: number }
  | { type: 'failed'; reason: unknown };

export type SubscriptionEffect =
  | { type: 'subscribe' }
  | { type: 'pull'; timeoutMs: number }
  | { type: 'renew' }
  | { type: 'store' }
  | { type: 'pause'; ms: number }
  /** It has worked for a while: the next trouble is a new one. Needs no input. */
  | { type: 'healthy' }
  | { type: 'end'; reason: unknown };

export interface SubscriptionTimes {
  /** Longest time the camera may keep a pull waiting. */
  pullMs: number;
  /** Shortest time from one pull that brought nothing to the next: some cameras answer at once. */
  idleGapMs: number;
  /** Shortest time from any pull to the next. */
  gapMs: number;
  /** What one message costs its camera in time, once it has used up `burstMs`. */
  messageMs: number;
  burstMs: number;
  /** From a refusal of the journal to the next try. */
  retryMs: number;
  /** A subscription that has worked this long was a success. */
  steadyMs: number;
}

type SubscriptionStep = Step<SubscriptionState, SubscriptionInput, SubscriptionEffect>;
type Next = ReturnType<SubscriptionStep>;

const PULL_MIN_MS = 1_000;

/** A start: what an earlier subscription left over is stored first. */
export function beginSubscription(owed: boolean, atMs: number): Next {
  const state = { granted: null, owed, pulledAtMs: atMs, turnAtMs: atMs, paidAtMs: atMs, ended: false };
  return { state, effects: [{ type: owed ? 'store' : 'subscribe' }] };
}

/** The step of the machine for the given times. */
export function subscriptionStep(times: SubscriptionTimes): SubscriptionStep {
  return (state, input) => {
    if (state.ended) return { state, effects: [] };
    switch (input.type) {
      case 'failed':
        return { state: { ...state, ended: true }, effects: [{ type: 'end', reason: input.reason }] };
      case 'subscribed':
        return next({ ...state, granted: grant(input.atMs, input) }, input.atMs, times);
      case 'renewed':
        return next({ ...state, granted: renew(state.granted, input) }, input.atMs, times);
      case 'pulled':
        return pulled(state, input, times);
      case 'stored':
        return next({ ...state, owed: false }, input.atMs, times);
      case 'refused':
        return { state, effects: [{ type: 'pause', ms: times.retryMs }] };
      case 'woke':
        return next(state, input.atMs, times);
    }
  };
}

function grant(atMs: number, { grantedMs }: { grantedMs: number }): Granted {
  return { sinceMs: atMs, termMs: grantedMs, renewAtMs: atMs + grantedMs / 2 };
}

function renew(granted: Granted | null, { grantedMs, atMs }: { grantedMs: number | null; atMs: number }) {
  if (!granted) return null;
  if (grantedMs === null) return { ...granted, renewAtMs: Number.POSITIVE_INFINITY };
  return { ...granted, termMs: grantedMs, renewAtMs: atMs + grantedMs / 2 };
}

function pulled(
  state: SubscriptionState,
  { messages, events, atMs }: SubscriptionInput & { type: 'pulled' },
  times: SubscriptionTimes,
): Next {
  const paidAtMs = Math.max(state.paidAtMs, atMs - times.burstMs) + messages * times.messageMs;
  const gapMs = messages === 0 ? times.idleGapMs : times.gapMs;
  const turnAtMs = Math.max(state.pulledAtMs + gapMs, paidAtMs);
  const { state: after, effects } = next({ ...state, owed: events, paidAtMs, turnAtMs }, atMs, times);
  const steady = after.granted !== null && atMs - after.granted.sinceMs >= times.steadyMs;
  return { state: after, effects: steady ? [{ type: 'healthy' }, ...effects] : effects };
}

/** What comes next: keep the subscription, store what is owed, wait for the camera's turn, pull. */
function next(state: SubscriptionState, atMs: number, times: SubscriptionTimes): Next {
  const { granted, owed, turnAtMs } = state;
  if (granted && granted.renewAtMs <= atMs) return { state, effects: [{ type: 'renew' }] };
  if (owed) return { state, effects: [{ type: 'store' }] };
  if (!granted) return { state, effects: [{ type: 'subscribe' }] };
  if (turnAtMs > atMs) return { state, effects: [{ type: 'pause', ms: Math.min(turnAtMs, granted.renewAtMs) - atMs }] };
  // A pull that begins just before renewal is due must end before the term does: a half and a third of it.
  const timeoutMs = Math.min(times.pullMs, Math.max(PULL_MIN_MS, granted.termMs / 3));
  return { state: { ...state, pulledAtMs: atMs }, effects: [{ type: 'pull', timeoutMs }] };
}

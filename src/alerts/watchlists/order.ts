import { HOUR_MS } from '../../core/clock.ts';

/** Somebody who took a step. */
export interface Person {
  id: string;
  name: string;
}

export type OrderState = 'draft' | 'requested' | 'active' | 'rejected' | 'withdrawn' | 'revoked' | 'expired';

/** What somebody has asked for of an order that is in force, until a second person decides it. */
export type Asked =
  | { what: 'renewal'; untilMs: number; by: Person; reason: string; atMs: number }
  | { what: 'revocation'; by: Person; reason: string; atMs: number };

/** Where a control order (布控) stands. What it is about stands beside it; times are Unix ms. */
export interface Order {
  state: OrderState;
  /** In force before anybody has approved it. */
  emergency: boolean;
  /** Who asked for it; null for a draft. */
  requestedBy: Person | null;
  requestedAtMs: number | null;
  /** Who approved it; null as long as nobody has, and of lists that are older than approval. */
  approvedBy: Person | null;
  approvedAtMs: number | null;
  /** Of an emergency that nobody has approved: when it ends by itself. */
  approveByMs: number | null;
  /** Nothing that passed before is a hit; null for no limit. */
  fromMs: number | null;
  /** It ends then; not included. */
  untilMs: number;
  asked: Asked | null;
  /** Why it ended, in the words of who ended it; null where nobody gave any. */
  ended: { by: Person | null; reason: string | null; atMs: number } | null;
}

export type Act =
  | { type: 'request'; by: Person }
  /** `alsoIs`: ids behind whom the same person stands. */
  | { type: 'approve'; by: Person; alsoIs?: ReadonlySet<string> }
  | { type: 'reject'; by: Person; alsoIs?: ReadonlySet<string>; reason: string }
  | { type: 'withdraw'; by: Person }
  | { type: 'ask-renewal'; by: Person; untilMs: number; reason: string }
  | { type: 'ask-revocation'; by: Person; reason: string }
  /** Time has passed: what has run out ends. */
  | { type: 'time' };

/** How an act ended: the order after it and what the audit calls it, or why it is refused. */
export type Step =
  | { order: Order; action: string }
  | { refused: 'state' | 'same-person' | 'until'; why: string }
  /** Nothing to say. */
  | null;

/** An emergency that nobody has approved by then ends. */
export const EMERGENCY_MS = 24 * HOUR_MS;

/** When the order ends if nobody does anything. */
export function endsAtMs({ untilMs, approveByMs }: Pick<Order, 'untilMs' | 'approveByMs'>): number {
  return Math.min(untilMs, approveByMs ?? untilMs);
}

/** Whether an order is no longer in force, also where nobody has written down that it ran out. */
export function orderIsOver(order: Order, nowMs: number): boolean {
  return order.state !== 'active' || endsAtMs(order) <= nowMs;
}

/** An order that is begun, for `untilMs`: a draft, or one that is in force at once and has to be approved in time. */
export function newOrder(
  by: Person,
  { fromMs, untilMs, emergency }: Pick<Order, 'fromMs' | 'untilMs' | 'emergency'>,
  nowMs: number,
): Order {
  const draft: Order = {
    state: 'draft',
    emergency,
    requestedBy: null,
    requestedAtMs: null,
    approvedBy: null,
    approvedAtMs: null,
    approveByMs: null,
    fromMs,
    untilMs,
    asked: null,
    ended: null,
  };
  if (!emergency) return draft;
  return { ...draft, state: 'active', requestedBy: by, requestedAtMs: nowMs, approveByMs: nowMs + EMERGENCY_MS };
}

/** What an act makes of an order. Pure. */
export function step(order: Order, act: Act, nowMs: number): Step {
  if (order.ended === null && nowMs >= endsAtMs(order) && order.state !== 'draft') return ranOut(order, act, nowMs);
  if (act.type === 'time') return null;
  return STEPS[act.type](order, act as never, nowMs);
}

/** Whatever comes later than the end: first it has ended. */
function ranOut(order: Order, act: Act, nowMs: number): Step {
  if (act.type !== 'time') return { refused: 'state', why: 'It has run out.' };
  const why = order.untilMs <= nowMs ? null : 'Nobody has approved the emergency in time.';
  return ending(order, 'expired', { by: null, reason: why, atMs: nowMs });
}

type Steps = { [Type in Exclude<Act['type'], 'time'>]: (order: Order, act: ActOf<Type>, nowMs: number) => Step };
type ActOf<Type> = Extract<Act, { type: Type }>;

const STEPS: Steps = {
  request(order, { by }, nowMs) {
    if (order.state !== 'draft') return wrongState(order);
    if (order.untilMs <= nowMs) return { refused: 'until', why: 'Its end lies in the past.' };
    return { order: { ...order, state: 'requested', requestedBy: by, requestedAtMs: nowMs }, action: 'request' };
  },

  approve(order, { by, alsoIs }, nowMs) {
    const { asked } = order;
    if (awaitsApproval(order)) {
      if (isOf(order.requestedBy, by, alsoIs)) return samePerson('asked for');
      return {
        order: { ...order, state: 'active', approvedBy: by, approvedAtMs: nowMs, approveByMs: null },
        action: 'approve',
      };
    }
    if (order.state !== 'active' || asked === null) return wrongState(order);
    if (isOf(asked.by, by, alsoIs)) return samePerson(`asked the ${asked.what} of`);
    if (asked.what === 'revocation') return ending(order, 'revoked', { by, reason: asked.reason, atMs: nowMs });
    if (asked.untilMs <= nowMs) return { refused: 'until', why: 'The end that was asked for lies in the past.' };
    return {
      order: { ...order, approvedBy: by, approvedAtMs: nowMs, untilMs: asked.untilMs, asked: null },
      action: 'renew',
    };
  },

  reject(order, { by, alsoIs, reason }, nowMs) {
    if (awaitsApproval(order)) {
      if (isOf(order.requestedBy, by, alsoIs)) return samePerson('asked for');
      return ending(order, 'rejected', { by, reason, atMs: nowMs });
    }
    if (order.state !== 'active' || order.asked === null) return wrongState(order);
    if (isOf(order.asked.by, by, alsoIs)) return samePerson(`asked the ${order.asked.what} of`);
    return { order: { ...order, asked: null }, action: `refuse-${order.asked.what}` };
  },

  /** What a second person has approved takes a second person to end. */
  withdraw(order, { by }, nowMs) {
    if (order.ended !== null) return wrongState(order);
    if (order.approvedBy !== null) {
      return { refused: 'state', why: 'A second person has approved it: ask for its revocation.' };
    }
    return ending(order, 'withdrawn', { by, reason: null, atMs: nowMs });
  },

  'ask-renewal'(order, { by, untilMs, reason }, nowMs) {
    const wrong = askable(order);
    if (wrong) return wrong;
    if (untilMs <= order.untilMs) return { refused: 'until', why: 'It ends no earlier already.' };
    const asked = { what: 'renewal' as const, untilMs, by, reason, atMs: nowMs };
    return { order: { ...order, asked }, action: 'ask-renewal' };
  },

  'ask-revocation'(order, { by, reason }, nowMs) {
    const wrong = askable(order);
    if (wrong) return wrong;
    const asked = { what: 'revocation' as const, by, reason, atMs: nowMs };
    return { order: { ...order, asked }, action: 'ask-revocation' };
  },
};

/** Whether an order is asked for that nobody has approved: also one that is in force meanwhile. */
export function awaitsApproval({ state, approveByMs }: Pick<Order, 'state' | 'approveByMs'>): boolean {
  return state === 'requested' || (state === 'active' && approveByMs !== null);
}

function askable(order: Order): Step {
  if (order.state !== 'active' || order.approveByMs !== null) return wrongState(order);
  if (order.asked === null) return null;
  return { refused: 'state', why: `${order.asked.by.name} has asked for its ${order.asked.what}: decide that first.` };
}

function ending(order: Order, state: OrderState, ended: NonNullable<Order['ended']>): Step {
  const action = { expired: 'expire', rejected: 'reject', withdrawn: 'withdraw', revoked: 'revoke' }[
    state as 'expired'
  ];
  return { order: { ...order, state, asked: null, ended }, action };
}

function wrongState({ state, approveByMs }: Order): Step {
  const is = state === 'active' && approveByMs !== null ? 'active and not approved' : state;
  return { refused: 'state', why: `It is ${is}.` };
}

function isOf(asked: Person | null, by: Person, alsoIs?: ReadonlySet<string>): boolean {
  return asked !== null && (asked.id === by.id || alsoIs?.has(asked.id) === true);
}

function samePerson(did: string): Step {
  return { refused: 'same-person', why: `It takes a second person: you ${did} it yourself, or by a token of yours.` };
}

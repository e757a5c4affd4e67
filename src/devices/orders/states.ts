/** `done`: who did it says so; `verified`: somebody else looked; nothing follows the last two. */
export const ORDER_STATES = ['open', 'taken', 'done', 'verified', 'cancelled'] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/** Who may make a step: those who do the work, or those who answer for it. */
export type OrderRight = 'orders.work' | 'orders.keep';

type Steps = Readonly<Partial<Record<OrderState, OrderRight>>>;

/** Which step may follow which, and who may make it. Back to `open` is given back (taken) or sent back (done). */
export const ORDER_STEPS: Readonly<Record<OrderState, Steps>> = {
  open: { taken: 'orders.work', cancelled: 'orders.keep' },
  taken: { done: 'orders.work', open: 'orders.work', cancelled: 'orders.keep' },
  done: { verified: 'orders.keep', open: 'orders.keep', cancelled: 'orders.keep' },
  verified: {},
  cancelled: {},
};

/** Whether something is still to be done or looked at: one order of a cause and device may be like that at a time. */
export function isUnclosed(state: OrderState): boolean {
  return Object.keys(ORDER_STEPS[state]).length > 0;
}

/** States in which somebody may be working on it. */
export const AT_WORK: readonly OrderState[] = ['open', 'taken'];

/** States of an order that is not closed. */
export const UNCLOSED: readonly OrderState[] = ORDER_STATES.filter(isUnclosed);

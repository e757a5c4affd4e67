import { z } from 'zod';
import { type Condition, type ConditionState, unchanged } from './condition.ts';
import { GATEWAY_SUBJECT } from './subject.ts';

const schema = z.strictObject({ type: z.literal('gateway') });

/** The gateway says so itself (desk/gateway-alerts.ts): no message is judged. */
export const gateway: Condition<z.infer<typeof schema>, ConditionState> = {
  type: 'gateway',
  hears: 'gateway',
  clock: 'duration',
  schema,

  lasts: () => true,
  check: () => [],
  subject: () => GATEWAY_SUBJECT,
  initial: () => null,
  judge: (_, state) => unchanged(state),
  timer: (_, state) => unchanged(state),
  restart: (_, state) => state,
  evidence: () => ({ deviceAtMs: null, data: {}, plates: null }),
};

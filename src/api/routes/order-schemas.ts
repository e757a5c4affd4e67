import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import type { WorkOrder } from '../../devices/orders/order.ts';
import { ORDER_STATES } from '../../devices/orders/states.ts';
import { deviceId, moment, momentOrNull } from '../schemas.ts';

export const state = z.enum(ORDER_STATES).meta({
  description:
    '`open`; `taken` by who does it; `done`, as that one says; `verified` by somebody who answers for it, or ' +
    '`cancelled`: then it is closed. Back to `open`: given back, sent back, or its cause came again',
});

export const orderFields = {
  number: z.string().meta({ description: 'What people say, such as `W-2026-17`' }),
  device: deviceId,
  title: z.string(),
  text: z.string().nullable(),
  cause: z.string().nullable(),
  state,
  version: z.int().meta({ description: 'Rises with each change of state, assignee or due date; not with notes' }),
  assignee: z.string().nullable(),
  due: moment.nullable(),
  opened: moment,
  openedBy: z.string(),
  occurrences: z.int().meta({ description: 'How often its cause came' }),
  last: moment.meta({ description: 'When its cause came last' }),
  closed: moment.nullable(),
  unitBefore: z.string().meta({ description: 'Id of the unit that hung there when it was opened' }),
  unitAfter: z.string().nullable().meta({ description: 'Id of the unit that hung there when it was done' }),
};

export const order = z.object(orderFields).meta({ id: 'WorkOrder' });

export const numberParams = z.strictObject({ number: z.string().regex(/^W-\d{4}-\d{1,9}$/, 'is such as W-2026-17') });

export function shown({ dueMs, openedMs, lastMs, closedMs, ...rest }: WorkOrder): z.output<typeof order> {
  const due = momentOrNull(dueMs);
  return { ...rest, due, opened: toRfc3339(openedMs), last: toRfc3339(lastMs), closed: momentOrNull(closedMs) };
}

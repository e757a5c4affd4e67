import { z } from 'zod';
import { remark, words } from '../file/words.ts';
import { deviceId } from '../registry/input.ts';
import { ORDER_STATES } from './states.ts';

const CAUSE = /^[a-z][a-z0-9-]{0,31}(:[A-Za-z0-9][A-Za-z0-9._-]{0,63}){0,2}$/;

/** Chosen by who asks, before it is sent: the same request again, after a lost answer, is known by it. */
const clientId = z.uuid().describe('A UUID of your own for this request; sent again it changes nothing');

const due = z.iso
  .datetime({ offset: true, error: 'use RFC 3339, such as 2026-11-21T08:00:00Z' })
  .transform((text) => Date.parse(text))
  .describe('RFC 3339');

const note = remark(2_000);
const assignee = words(128);

/** What a person opens an order with. */
export const orderInput = z.strictObject({
  id: clientId,
  device: deviceId,
  title: remark(128),
  text: note.nullable().default(null),
  cause: z
    .string()
    .regex(CAUSE, 'must be words with : between them, such as check:auth')
    .nullable()
    .default(null)
    .describe('A name for the cause, such as `check:auth`; where an order of it is open, this is added to that one'),
  due: due.nullable().default(null),
  assignee: assignee.nullable().default(null),
});

/** What is done with an order. A note alone needs no version: it takes nothing back that somebody else said. */
export const orderStepInput = z
  .strictObject({
    id: clientId,
    version: z.int().min(1).optional().describe('The version that you saw; needed unless it is only a note'),
    to: z.enum(ORDER_STATES).optional().describe('The state that it comes to'),
    assignee: assignee.nullable().optional(),
    due: due.nullable().optional(),
    note: note.optional(),
  })
  .refine(({ to, assignee, due, note }) => [to, assignee, due, note].some((field) => field !== undefined), {
    path: ['note'],
    message: 'is missing: send `to`, `assignee`, `due` or `note`',
  })
  .refine(({ version, to, assignee, due }) => version !== undefined || [to, assignee, due].every(isAbsent), {
    path: ['version'],
    message: 'is missing: send the version that you saw',
  });

function isAbsent(field: unknown): boolean {
  return field === undefined;
}

export type OrderInput = z.output<typeof orderInput>;
export type OrderStepInput = z.output<typeof orderStepInput>;

import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Deed } from '../../alerts/desk/life/deeds.ts';
import { VERDICTS } from '../../alerts/desk/life/life.ts';
import { ACK_FOR_MAX_MS, SHELVE_MAX_MS, SNOOZE_MAX_MS } from '../../alerts/desk/life/steps.ts';
import { MINUTE_MS } from '../../core/clock.ts';
import { ifMatchGiven, setEtag } from '../etag.ts';
import { ALERT_HANDLERS, handledDesk } from '../guards/alert-desks.ts';
import { callerOf } from '../guards/auth.ts';
import { label } from '../schemas.ts';
import { alertParams, alertView } from './alert-schemas.ts';
import type { ApiApp, RouteContext } from './route.ts';

const TEXT_MAX = 2_000;
const NAME_MAX = 128;

const minutesTo = (maxMs: number) =>
  z
    .int()
    .min(1)
    .max(maxMs / MINUTE_MS);
const text = label(TEXT_MAX);
const ofUnit = label(NAME_MAX).meta({ description: 'Call sign or name of who was sent' });

/** What may be done with an alert, and what is to be said with it. */
const DEEDS = {
  ack: {
    summary: 'Take note of an alert; it is new again when nothing is done with it for a time',
    body: z.strictObject({ minutes: minutesTo(ACK_FOR_MAX_MS).optional() }).nullish(),
    deed: (body): Deed => ({ does: 'ack', forMs: msOf(body?.minutes) }),
  },
  assign: {
    summary: 'Say who sees to it',
    body: z.strictObject({ to: label(NAME_MAX) }),
    deed: ({ to }): Deed => ({ does: 'assign', to }),
  },
  dispatch: {
    summary: 'Say who was sent',
    body: z.strictObject({ unit: ofUnit }),
    deed: ({ unit }): Deed => ({ does: 'dispatch', unit }),
  },
  arrive: {
    summary: 'Say that they are there',
    body: z.strictObject({ unit: ofUnit.optional() }).nullish(),
    deed: (body): Deed => ({ does: 'arrive', unit: body?.unit }),
  },
  feedback: {
    summary: 'Say what was found there',
    body: z.strictObject({ text }),
    deed: ({ text }): Deed => ({ does: 'feedback', text }),
  },
  comment: {
    summary: 'Add a remark',
    body: z.strictObject({ text }),
    deed: ({ text }): Deed => ({ does: 'comment', text }),
  },
  close: {
    summary: 'End the handling',
    body: z.strictObject({ verdict: z.enum(VERDICTS), text: text.optional() }),
    deed: ({ verdict, text }): Deed => ({ does: 'close', verdict, text }),
  },
  reopen: {
    summary: 'Take up the handling again, and say why',
    body: z.strictObject({ text }),
    deed: ({ text }): Deed => ({ does: 'reopen', text }),
  },
  shelve: {
    summary: 'Hide an alert for a time and tell nobody of it, whatever it does meanwhile',
    body: z.strictObject({ minutes: minutesTo(SHELVE_MAX_MS), reason: text }),
    deed: ({ minutes, reason }): Deed => ({ does: 'shelve', forMs: minutes * MINUTE_MS, reason }),
  },
  snooze: {
    summary: 'Hide an alert for a time, or until it fires again',
    body: z.strictObject({ minutes: minutesTo(SNOOZE_MAX_MS), reason: text.optional() }),
    deed: ({ minutes, reason = null }): Deed => ({ does: 'snooze', forMs: minutes * MINUTE_MS, reason }),
  },
  unshelve: {
    summary: 'Show what was shelved or snoozed',
    body: z.strictObject({}).nullish(),
    deed: (): Deed => ({ does: 'show' }),
  },
} satisfies Record<string, AnyKind>;

interface DeedKind<Body> {
  summary: string;
  body: z.ZodType<Body>;
  deed(body: Body): Deed;
}

// biome-ignore lint/suspicious/noExplicitAny: each kind has a body of its own, which its schema has checked.
type AnyKind = DeedKind<any>;

/** What may be done with many alerts at once. */
export const bulkDeed = z.discriminatedUnion('does', [
  z.strictObject({ does: z.literal('ack'), minutes: minutesTo(ACK_FOR_MAX_MS).optional() }),
  z.strictObject({ does: z.literal('assign'), to: label(NAME_MAX) }),
  z.strictObject({ does: z.literal('comment'), text }),
  z.strictObject({ does: z.literal('close'), verdict: z.enum(VERDICTS), text: text.optional() }),
  z.strictObject({ does: z.literal('shelve'), minutes: minutesTo(SHELVE_MAX_MS), reason: text }),
  z.strictObject({ does: z.literal('snooze'), minutes: minutesTo(SNOOZE_MAX_MS), reason: text.optional() }),
  z.strictObject({ does: z.literal('unshelve') }),
]);

/** What `said` asks for, as the schema of its route has checked it. */
export function deedOf(name: keyof typeof DEEDS, said: unknown): Deed {
  return (DEEDS[name] as AnyKind).deed(said);
}

/** One action route for each deed. */
export function alertActionRoutes(app: ApiApp, context: RouteContext): void {
  const { actions } = context.alerts;
  for (const [name, { summary, body, deed }] of Object.entries<AnyKind>(DEEDS)) {
    app.post(
      `/alerts/:id/${name}`,
      {
        config: { right: ALERT_HANDLERS, errors: ['conflict.state', 'precondition.stale'] },
        schema: { tags: ['alerts'], summary, params: alertParams, body, response: { 200: alertView } },
      },
      async (request, reply) => {
        const { id } = request.params;
        const does = deed(request.body);
        const caller = callerOf(request);
        const desk = handledDesk(context, caller);
        const alert = await ifMatchGiven(request as FastifyRequest, (version) => {
          return actions.do(caller, id, does, { version, desk });
        });
        setEtag(reply, alert.version);
        return alert;
      },
    );
  }
}

function msOf(minutes: number | undefined): number | undefined {
  return minutes === undefined ? undefined : minutes * MINUTE_MS;
}

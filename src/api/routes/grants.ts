import { z } from 'zod';
import { GRANT_DAYS_MAX, type GrantInfo } from '../../access/grants/grants.ts';
import { GRANTABLE } from '../../access/rights.ts';
import { toRfc3339 } from '../../core/clock.ts';
import { callerOf } from '../guards/auth.ts';
import { instant, jurisdiction, label, listOf, moment, momentOrNull, noContent } from '../schemas.ts';
import { defined, type RoutePart } from './route.ts';

const tags = ['people'];
const REASON_MAX = 500;

const newGrant = z.strictObject({
  jurisdiction,
  rights: z
    .array(z.enum(GRANTABLE))
    .min(1)
    .optional()
    .meta({ description: 'What you want to see there; without it, all that can be granted. Your role must have it' }),
  case: label(64).meta({ description: 'Number of the case' }),
  reason: label(REASON_MAX),
  until: instant.meta({ description: `At most ${GRANT_DAYS_MAX} days from now` }),
});

const grant = z
  .object({
    id: z.string(),
    state: z.enum(['asked', 'approved', 'ended']),
    holder: z.object({ type: z.string(), id: z.string(), name: z.string() }),
    jurisdiction: z.string(),
    rights: z.array(z.string()),
    case: z.string(),
    reason: z.string(),
    until: moment,
    askedAt: moment,
    approvedAt: moment.nullable(),
    approvedBy: z.string().nullable(),
    endedAt: moment.nullable(),
    endedBy: z.string().nullable(),
  })
  .meta({ id: 'Grant' });

const params = z.strictObject({ id: z.uuid() });

function answer({ untilMs, askedAtMs, approvedAtMs, endedAtMs, ...rest }: GrantInfo): z.output<typeof grant> {
  return {
    ...rest,
    until: toRfc3339(untilMs),
    askedAt: toRfc3339(askedAtMs),
    approvedAt: momentOrNull(approvedAtMs),
    endedAt: momentOrNull(endedAtMs),
  };
}

/** Leave to look beyond the own border. */
export const grantRoutes: RoutePart = (app, { grants }) => {
  app.get(
    '/grants',
    {
      config: { right: ['grants.approve', 'grants.ask'] },
      schema: {
        tags,
        summary: 'What you asked for, and what is asked for in your area',
        response: { 200: listOf(grant) },
      },
    },
    async (request) => ({ items: (await grants.list(callerOf(request))).map(answer) }),
  );

  app.post(
    '/grants',
    {
      config: { right: 'grants.ask' },
      schema: { tags, summary: 'Ask for leave to look elsewhere', body: newGrant, response: { 201: grant } },
    },
    async (request, reply) => {
      const { until: untilMs, ...rest } = request.body;
      const asked = await grants.ask(callerOf(request), { ...defined(rest), untilMs });
      return reply.code(201).send(answer(asked));
    },
  );

  app.post(
    '/grants/:id/approve',
    {
      config: { right: 'grants.approve', errors: ['conflict.state'] },
      schema: { tags, summary: 'Approve what somebody else asked for', params, response: { 200: grant } },
    },
    async (request) => answer(await grants.approve(callerOf(request), request.params.id)),
  );

  app.post(
    '/grants/:id/end',
    {
      config: { right: ['grants.approve', 'grants.ask'] },
      schema: { tags, summary: 'End a grant before its day', params, response: { 204: noContent } },
    },
    async (request, reply) => {
      await grants.end(callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
};

import { z } from 'zod';
import { GRANT_DAYS_MAX, type GrantInfo } from '../../access/grants/grants.ts';
import { GRANTABLE } from '../../access/rights.ts';
import { toRfc3339 } from '../../core/clock.ts';
import { callerOf } from '../guards/auth.ts';
import {
  instant,
  jurisdiction,
  label,
  listOf,
  moment,
  momentOrNull,
  noContent,
  pageQuery,
  policeLimit,
  policeLimited,
} from '../schemas.ts';
import { defined, type RoutePart } from './route.ts';

const tags = ['people'];
const REASON_MAX = 500;

const grantFields = {
  jurisdiction,
  police: policeLimit.optional(),
  rights: z
    .array(z.enum(GRANTABLE))
    .min(1)
    .optional()
    .meta({ description: 'What you want to see there; without it, all that can be granted. Your role must have it' }),
  case: label(64).optional().meta({ description: 'Number of the case; may be left out beside an alert' }),
  alert: z
    .uuid()
    .optional()
    .meta({ description: 'An open alert or incident that you may see; the grant ends when that is closed' }),
  reason: label(REASON_MAX),
  until: instant.optional().meta({
    description: `At most ${GRANT_DAYS_MAX} days from now, which is also what a grant of an alert has without it`,
  }),
};

const newGrant = z.strictObject(grantFields).check(({ value, issues }) => {
  if (value.alert !== undefined) return;
  const message = 'is needed, unless the grant is bound to an alert';
  for (const path of ['case', 'until'] as const) {
    if (value[path] === undefined) issues.push({ code: 'custom', path: [path], message, input: value });
  }
});

const query = z.strictObject(pageQuery);

const grant = z
  .object({
    id: z.string(),
    state: z.enum(['asked', 'approved', 'ended']),
    holder: z.object({ type: z.string(), id: z.string(), name: z.string() }),
    jurisdiction: z.string(),
    police: policeLimited,
    rights: z.array(z.string()),
    case: z.string().nullable(),
    alert: z.string().nullable(),
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
export const grantRoutes: RoutePart = (app, { grants, cursors }) => {
  app.get(
    '/grants',
    {
      config: { right: ['grants.approve', 'grants.ask'] },
      schema: {
        tags,
        summary: 'What you asked for, and what is asked for in your area, newest first',
        querystring: query,
        response: { 200: listOf(grant) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { limit, cursor } = request.query;
      const scope = { route: 'grants', filter: {}, caller };
      const after = cursors.open(scope, cursor);
      const { items, next } = await grants.list(caller, { limit, ...(after === undefined ? {} : { after }) });
      return { items: items.map(answer), ...(next === null ? {} : { next: cursors.seal(scope, next) }) };
    },
  );

  app.post(
    '/grants',
    {
      config: { right: 'grants.ask' },
      schema: { tags, summary: 'Ask for leave to look elsewhere', body: newGrant, response: { 201: grant } },
    },
    async (request, reply) => {
      const { until: untilMs, jurisdiction, reason, ...rest } = request.body;
      const asked = await grants.ask(callerOf(request), { jurisdiction, reason, ...defined({ ...rest, untilMs }) });
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

import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import type { CheckJob } from '../../devices/checks/district/jobs.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, jurisdiction, listOf, moment, momentOrNull, pageQuery } from '../schemas.ts';
import { report } from './checks.ts';
import { type ApiApp, defined, pageOf, type RouteContext, type RoutePart } from './route.ts';

const tags = ['registry'];
const grade = report.grade;

const job = z
  .object({
    id: z.string(),
    type: z.literal('checks'),
    by: z.string().meta({ description: 'Name of who began it' }),
    jurisdiction: z.string(),
    state: z.enum(['running', 'done', 'cancelled']),
    total: z.int(),
    done: z.int(),
    ok: z.int(),
    warning: z.int(),
    failed: z.int(),
    createdAt: moment,
    endedAt: moment.nullable(),
  })
  .meta({ id: 'Job', description: 'A check of a district, and how far it is' });

const row = z.object({
  device: deviceId,
  grade,
  steps: report.steps,
  unit: report.unit,
  at: moment,
  tookMs: z.int(),
});

const jobParams = z.strictObject({ id: z.string().min(1).max(64) });

const begin = z.strictObject({
  jurisdiction,
  kinds: z
    .array(z.string().min(1).max(64))
    .min(1)
    .max(32)
    .optional()
    .meta({ description: 'Without it, every kind with video' }),
});

function shown({ createdAtMs, endedAtMs, ...rest }: CheckJob): z.output<typeof job> {
  return { ...rest, type: 'checks', createdAt: toRfc3339(createdAtMs), endedAt: momentOrNull(endedAtMs) };
}

export const checkJobRoutes: RoutePart = (app, context) => {
  changingRoutes(app, context);
  readingRoutes(app, context);
};

function changingRoutes(app: ApiApp, { checkJobs }: RouteContext): void {
  app.post(
    '/checks',
    {
      config: { right: 'devices.check', errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'Check every camera of an area, as a job; GET /jobs/{id} tells how far it is',
        body: begin,
        response: { 202: job },
      },
    },
    async (request, reply) => {
      const { jurisdiction: area, kinds = null } = request.body;
      const begun = await checkJobs.create(callerOf(request), { jurisdiction: area, kinds });
      return reply.status(202).header('location', `/api/v1/jobs/${begun.id}`).send(shown(begun));
    },
  );

  app.post(
    '/checks/:id/cancel',
    {
      config: { right: 'devices.check' },
      schema: {
        tags,
        summary: 'Call a check of an area off; what was checked stays',
        params: jobParams,
        body: z.strictObject({}).nullish(),
        response: { 200: job },
      },
    },
    async (request) => shown(await checkJobs.cancel(callerOf(request), request.params.id)),
  );
}

function readingRoutes(app: ApiApp, context: RouteContext): void {
  const { checkJobs } = context;
  app.get(
    '/checks',
    {
      config: { right: 'devices.check' },
      schema: {
        tags,
        summary: 'Checks of areas, newest first; kept for 30 days',
        querystring: z.strictObject(pageQuery),
        response: { 200: listOf(job) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const page = pageOf(context, 'checks', caller, request.query);
      const { items, next } = await checkJobs.list(caller, page.request);
      return { items: items.map(shown), ...page.seal(next) };
    },
  );

  app.get(
    '/checks/:id/report',
    {
      config: { right: 'devices.check' },
      schema: {
        tags,
        summary: 'What a check of an area found of each device so far; never a picture',
        params: jobParams,
        querystring: z.strictObject({ grade: grade.optional(), ...pageQuery }),
        response: { 200: listOf(row) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { id } = request.params;
      const page = pageOf(context, `checks/${id}/report`, caller, request.query);
      const filter = defined({ grade: request.query.grade });
      const { items, next } = await checkJobs.report(caller, id, { ...filter, ...page.request });
      return { items: items.map(({ atMs, ...rest }) => ({ ...rest, at: toRfc3339(atMs) })), ...page.seal(next) };
    },
  );

  app.get(
    '/jobs/:id',
    {
      config: { right: 'devices.check' },
      schema: { tags, summary: 'How far a job is', params: jobParams, response: { 200: job } },
    },
    async (request) => shown(await checkJobs.get(callerOf(request), request.params.id)),
  );
}

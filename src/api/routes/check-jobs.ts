import { z } from 'zod';
import type { Right } from '../../access/rights.ts';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
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
    type: z.enum(['checks', 'rotations']),
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
  .meta({ id: 'Job', description: 'A check of a district or a change of its logins, and how far it is' });

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

const beginChecks = begin.extend({
  orders: z.boolean().default(false).meta({
    description: 'Open a work order for each that fails, one for each cause; needs `orders.work`',
  }),
});

function shown({ createdAtMs, endedAtMs, ...rest }: CheckJob): z.output<typeof job> {
  return { ...rest, createdAt: toRfc3339(createdAtMs), endedAt: momentOrNull(endedAtMs) };
}

/** What is said of jobs of one type. */
interface JobWords {
  /** Where they are; also the name of their lists for cursors. */
  path: 'checks' | 'rotations';
  right: Right;
  begin: string;
  cancel: string;
  list: string;
  report: string;
}

const CHECKS: JobWords = {
  path: 'checks',
  right: 'devices.check',
  begin: 'Check every camera of an area, as a job; GET /jobs/{id} tells how far it is',
  cancel: 'Call a check of an area off; what was checked stays',
  list: 'Checks of areas, newest first; kept for 30 days',
  report: 'What a check of an area found of each device so far; never a picture',
};

const ROTATIONS: JobWords = {
  path: 'rotations',
  right: 'credentials.change',
  begin: 'Give every camera of an area a new login, as a job; GET /jobs/{id} tells how far it is',
  cancel: 'Call a change of logins off; what was begun at a camera is brought to its end, and no further one is begun',
  list: 'Changes of the logins of areas, newest first; kept for 30 days',
  report: 'What became of each login of an area so far, with the reason where it was left as it is; never a login',
};

export const checkJobRoutes: RoutePart = (app, context) => {
  for (const words of [CHECKS, ROTATIONS]) {
    changingRoutes(app, context, words);
    readingRoutes(app, context, words);
  }
  app.get(
    '/jobs/:id',
    {
      config: { right: 'devices.check' },
      schema: { tags, summary: 'How far a job is', params: jobParams, response: { 200: job } },
    },
    async (request) => shown(await context.checkJobs.get(callerOf(request), request.params.id)),
  );
};

function jobsOf({ checkJobs, rotationJobs }: RouteContext, { path }: JobWords) {
  return path === 'checks' ? checkJobs : rotationJobs;
}

function changingRoutes(app: ApiApp, context: RouteContext, words: JobWords): void {
  const jobs = jobsOf(context, words);
  const { path, right } = words;
  app.post(
    `/${path}`,
    {
      config: { right, errors: ['conflict.state'] },
      schema: { tags, summary: words.begin, body: path === 'checks' ? beginChecks : begin, response: { 202: job } },
    },
    async (request, reply) => {
      const { jurisdiction: area, kinds = null } = request.body;
      const opensOrders = 'orders' in request.body && request.body.orders === true;
      const caller = callerOf(request);
      if (opensOrders && !context.authority.may(caller, 'orders.work')) throw new CitywatchError('auth.forbidden');
      const begun = await jobs.create(caller, { jurisdiction: area, kinds, opensOrders });
      return reply.status(202).header('location', `/api/v1/jobs/${begun.id}`).send(shown(begun));
    },
  );

  app.post(
    `/${path}/:id/cancel`,
    {
      config: { right },
      schema: {
        tags,
        summary: words.cancel,
        params: jobParams,
        body: z.strictObject({}).nullish(),
        response: { 200: job },
      },
    },
    async (request) => shown(await jobs.cancel(callerOf(request), request.params.id)),
  );
}

function readingRoutes(app: ApiApp, context: RouteContext, words: JobWords): void {
  const jobs = jobsOf(context, words);
  const { path, right } = words;
  app.get(
    `/${path}`,
    {
      config: { right },
      schema: { tags, summary: words.list, querystring: z.strictObject(pageQuery), response: { 200: listOf(job) } },
    },
    async (request) => {
      const caller = callerOf(request);
      const page = pageOf(context, path, caller, request.query);
      const { items, next } = await jobs.list(caller, page.request);
      return { items: items.map(shown), ...page.seal(next) };
    },
  );

  app.get(
    `/${path}/:id/report`,
    {
      config: { right },
      schema: {
        tags,
        summary: words.report,
        params: jobParams,
        querystring: z.strictObject({ grade: grade.optional(), ...pageQuery }),
        response: { 200: listOf(row) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { id } = request.params;
      const page = pageOf(context, `${path}/${id}/report`, caller, request.query);
      const filter = defined({ grade: request.query.grade });
      const { items, next } = await jobs.report(caller, id, { ...filter, ...page.request });
      return { items: items.map(({ atMs, ...rest }) => ({ ...rest, at: toRfc3339(atMs) })), ...page.seal(next) };
    },
  );
}

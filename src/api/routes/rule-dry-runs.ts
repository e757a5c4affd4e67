import { z } from 'zod';
import type { DryRun } from '../../alerts/rules/dry-run/dry-runs.ts';
import type { TriedAlert } from '../../alerts/rules/dry-run/trial.ts';
import { HOUR_MS, toRfc3339 } from '../../core/clock.ts';
import { callerOf } from '../guards/auth.ts';
import { instant, listOf, moment, momentOrNull, pageQuery } from '../schemas.ts';
import { type ApiApp, pageOf, type RouteContext, type RoutePart } from './route.ts';

const tags = ['alerts'];

const YAML_CHARACTERS_MAX = 64_000;
/** What is asked for where nobody says. */
const STRETCH_MS = 24 * HOUR_MS;

const count = z.int().nonnegative();

const tried = z.object({
  subject: z.object({ type: z.string(), id: z.string() }),
  jurisdiction: z.string(),
  firedAt: moment,
  clearedAt: moment.nullable(),
  times: count.meta({ description: 'How often it fired before it cleared' }),
});

const side = z.object({ version: z.int(), alerts: count, subjects: count });

const answer = z.object({
  from: moment.nullable().meta({ description: 'What the journal had of the stretch; null where it had nothing' }),
  to: moment.nullable(),
  messages: count.meta({ description: 'Messages of the kinds of the rule that were judged' }),
  devices: count,
  draft: side,
  inForce: side.nullable().meta({ description: 'Of the rule of this name that is in force' }),
  same: count.meta({ description: 'Alerts that both raise and clear at the same moments' }),
  onlyDraft: z.array(tried),
  onlyInForce: z.array(tried),
  clearedOtherwise: z.array(tried),
  leftOut: count.meta({ description: 'Alerts that the three lists have no room for' }),
  stopped: z.enum(['too-many-alerts']).nullable(),
  warnings: z.array(z.enum(['fires-for-nearly-every-device', 'raises-a-flood', 'too-many-alerts'])),
});

const dryRun = z
  .object({
    id: z.string(),
    rule: z.string(),
    version: z.int(),
    state: z.enum(['running', 'done', 'cancelled']),
    from: moment,
    to: moment,
    progress: z.number(),
    createdAt: moment,
    endedAt: moment.nullable(),
    answer: answer.nullable().meta({ description: 'Null until it is done, and in lists' }),
  })
  .meta({ id: 'RuleDryRun', description: 'What a draft of a rule would have raised' });

const params = z.strictObject({ id: z.string().min(1).max(64) });

const body = z.strictObject({
  yaml: z.string().min(1).max(YAML_CHARACTERS_MAX).meta({ description: 'Text of the rule file' }),
  from: instant.optional().meta({ description: 'Of receipt; a day before `to` where absent' }),
  to: instant.optional().meta({ description: 'Now where absent' }),
});

function shown({ fromMs, toMs, createdAtMs, endedAtMs, answer: found, ...rest }: DryRun): z.output<typeof dryRun> {
  return {
    ...rest,
    from: toRfc3339(fromMs),
    to: toRfc3339(toMs),
    createdAt: toRfc3339(createdAtMs),
    endedAt: momentOrNull(endedAtMs),
    answer: found && answerShown(found),
  };
}

function answerShown({ fromMs, toMs, ...found }: NonNullable<DryRun['answer']>): z.output<typeof answer> {
  return {
    ...found,
    from: momentOrNull(fromMs),
    to: momentOrNull(toMs),
    onlyDraft: found.onlyDraft.map(alertShown),
    onlyInForce: found.onlyInForce.map(alertShown),
    clearedOtherwise: found.clearedOtherwise.map(alertShown),
  };
}

function alertShown({ firedAtMs, clearedAtMs, ...rest }: TriedAlert): z.output<typeof tried> {
  return { ...rest, firedAt: toRfc3339(firedAtMs), clearedAt: momentOrNull(clearedAtMs) };
}

const config = { right: 'rules.try' } as const;

export const ruleDryRunRoutes: RoutePart = (app, context) => {
  changingRoutes(app, context);
  readingRoutes(app, context);
};

function changingRoutes(app: ApiApp, { clock, ruleDryRuns }: RouteContext): void {
  app.post(
    '/rules/dry-runs',
    {
      config: { ...config, errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'Try a draft of a rule on what was received, as a job; nothing of it is raised',
        body,
        response: { 202: dryRun },
      },
    },
    async (request, reply) => {
      const { yaml, from, to } = request.body;
      const toMs = to ?? clock.nowMs();
      const fromMs = from ?? toMs - STRETCH_MS;
      const begun = await ruleDryRuns.create(callerOf(request), { yaml, fromMs, toMs });
      return reply.status(202).header('location', `/api/v1/rules/dry-runs/${begun.id}`).send(shown(begun));
    },
  );

  app.post(
    '/rules/dry-runs/:id/cancel',
    {
      config,
      schema: {
        tags,
        summary: 'Call a dry run off',
        params,
        body: z.strictObject({}).nullish(),
        response: { 200: dryRun },
      },
    },
    async (request) => shown(await ruleDryRuns.cancel(callerOf(request), request.params.id)),
  );
}

function readingRoutes(app: ApiApp, context: RouteContext): void {
  const { ruleDryRuns } = context;
  app.get(
    '/rules/dry-runs',
    {
      config,
      schema: {
        tags,
        summary: 'Dry runs of the caller, newest first; kept for 7 days',
        querystring: z.strictObject(pageQuery),
        response: { 200: listOf(dryRun) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const page = pageOf(context, 'rules/dry-runs', caller, request.query);
      const { items, next } = await ruleDryRuns.list(caller, page.request);
      return { items: items.map(shown), ...page.seal(next) };
    },
  );

  app.get(
    '/rules/dry-runs/:id',
    { config, schema: { tags, summary: 'How far a dry run is, and what it found', params, response: { 200: dryRun } } },
    async (request) => shown(await ruleDryRuns.get(callerOf(request), request.params.id)),
  );
}

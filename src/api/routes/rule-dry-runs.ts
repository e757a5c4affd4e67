import { z } from 'zod';
import type { DryRun, DryRunInput } from '../../alerts/rules/dry-run/dry-runs.ts';
import { TRIAL_WARNINGS, type TriedAlert } from '../../alerts/rules/dry-run/trial.ts';
import { HOUR_MS, toRfc3339 } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
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
  from: moment.nullable().meta({ description: 'What there was of the stretch; null where it had nothing' }),
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
  warnings: z.array(z.enum(TRIAL_WARNINGS)),
  recording: z
    .object({
      id: z.string(),
      lines: count.meta({ description: 'Lines that were gone through' }),
      leftOut: count.meta({ description: 'Lines of devices that are not registered, or not in your area' }),
      refused: count.meta({ description: 'Messages, or records of one, that do not fit the kind of their device' }),
      refusals: z
        .array(z.object({ line: count, reason: z.string(), path: z.string() }))
        .meta({ description: 'The first of them' }),
    })
    .nullable()
    .meta({ description: 'Of a recorded file; null where what was received was judged' }),
});

const dryRun = z
  .object({
    id: z.string(),
    rule: z.string(),
    version: z.int(),
    state: z.enum(['running', 'done', 'cancelled']),
    from: moment,
    to: moment,
    recording: z.string().nullable().meta({ description: 'The recorded file that is judged' }),
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
  recording: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .meta({ description: 'Id of a recorded file, which is judged instead, whole: without `from` and `to`' }),
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
    recording: found.recording ?? null,
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
  beginRoute(app, context, '/rules/dry-runs');
  // By the name that the outside contract has.
  beginRoute(app, context, '/rules/dry-run');
  changingRoutes(app, context);
  readingRoutes(app, context);
};

function whatOf({ from, to, recording }: Omit<z.output<typeof body>, 'yaml'>, nowMs: number): DryRunInput['of'] {
  if (recording === undefined) {
    const toMs = to ?? nowMs;
    return { fromMs: from ?? toMs - STRETCH_MS, toMs };
  }
  const given = from === undefined ? to === undefined || 'to' : 'from';
  if (given !== true) throw invalid(given, 'is of what was received: a recorded file is judged whole');
  return { recording };
}

function beginRoute(app: ApiApp, { clock, ruleDryRuns }: RouteContext, path: string): void {
  app.post(
    path,
    {
      config: { ...config, errors: ['conflict.state', 'not-found'] },
      schema: {
        tags,
        summary: 'Try a draft of a rule on what was received or on a recorded file, as a job; nothing is raised',
        body,
        response: { 202: dryRun },
      },
    },
    async (request, reply) => {
      const { yaml, ...asked } = request.body;
      const begun = await ruleDryRuns.create(callerOf(request), { yaml, of: whatOf(asked, clock.nowMs()) });
      return reply.status(202).header('location', `/api/v1/rules/dry-runs/${begun.id}`).send(shown(begun));
    },
  );
}

function changingRoutes(app: ApiApp, { ruleDryRuns }: RouteContext): void {
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

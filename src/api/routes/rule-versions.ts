import { stringify } from 'yaml';
import { z } from 'zod';
import type { RuleActor, RuleVersion } from '../../alerts/rules/kept/rule-versions.ts';
import { RULE_VERSION_STATES } from '../../alerts/rules/kept/tables.ts';
import { fileOf } from '../../alerts/rules/rules.ts';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { callerOf } from '../guards/auth.ts';
import { label, listOf, moment, pageQuery } from '../schemas.ts';
import { type ApiApp, pageOf, type RouteContext, type RoutePart } from './route.ts';

const tags = ['alerts'];

const YAML_CHARACTERS_MAX = 64_000;

const name = label(64);
const reason = label(500);
const id = z.strictObject({ id: z.string().min(1).max(64) });

const actor = z.object({ id: z.string(), name: z.string(), at: moment });

const ruleVersion = z
  .object({
    id: z.string(),
    rule: z.string(),
    version: z.int(),
    yaml: z.string().nullable().meta({ description: 'Text of the rule file; null where this version ends the rule' }),
    state: z.enum(RULE_VERSION_STATES),
    reason: z.string(),
    asked: actor,
    decided: actor
      .extend({ why: z.string().nullable() })
      .nullable()
      .meta({ description: 'Null while nobody decided, and where nobody had to' }),
  })
  .meta({ id: 'RuleVersion', description: 'A version of a rule that came by the API' });

const query = z.strictObject({
  ...pageQuery,
  rule: name.optional(),
  state: z.enum(RULE_VERSION_STATES).optional(),
});

const body = z.strictObject({
  yaml: z.string().min(1).max(YAML_CHARACTERS_MAX).meta({ description: 'Text of the rule file' }),
  reason: reason.meta({ description: 'Why it is needed; it stays on record' }),
});

const KEEP = { right: 'rules.keep', errors: ['conflict.state'] } as const;
const APPROVE = { right: 'rules.approve', errors: ['conflict.state'] } as const;
/** Whoever keeps rules may take back what was asked for: nothing comes in force by it. */
const KEEP_OR_APPROVE = ['rules.keep', 'rules.approve'] as const;

function shown({ asked, decided, ...rest }: RuleVersion): z.output<typeof ruleVersion> {
  return { ...rest, asked: actorShown(asked), decided: decided && { ...actorShown(decided), why: decided.why } };
}

function actorShown({ id, name, atMs }: RuleActor): z.output<typeof actor> {
  return { id, name, at: toRfc3339(atMs) };
}

/** Rules that people keep by the API. */
export const ruleVersionRoutes: RoutePart = (app, context) => {
  textRoute(app, context);
  askingRoutes(app, context);
  decidingRoutes(app, context);
};

function textRoute(app: ApiApp, { alerts: { rules } }: RouteContext): void {
  app.get(
    '/rules/text',
    {
      config: { right: 'rules.read', errors: ['not-found'] },
      schema: {
        tags,
        summary: 'A rule in force as the text of a rule file, to begin a changed one with; comments are not kept',
        querystring: z.strictObject({ rule: name }),
        response: { 200: z.object({ rule: z.string(), version: z.int(), yaml: z.string() }) },
      },
    },
    async (request) => {
      const found = rules().find(({ rule }) => rule === request.query.rule);
      if (!found) throw new CitywatchError('not-found');
      return { rule: found.rule, version: found.version, yaml: stringify(fileOf(found), { lineWidth: 110 }) };
    },
  );
}

function askingRoutes(app: ApiApp, context: RouteContext): void {
  const { ruleVersions } = context;
  app.post(
    '/rules',
    {
      config: KEEP,
      schema: {
        tags,
        summary: 'Put a rule in force, or ask for it where another person has to approve',
        body,
        response: { 201: ruleVersion },
      },
    },
    async (request, reply) => {
      const made = await ruleVersions.ask(callerOf(request), request.body);
      return reply.status(201).send(shown(made));
    },
  );

  app.post(
    '/rules/:rule/end',
    {
      config: KEEP,
      schema: {
        tags,
        summary: 'End a rule, also one of a file, or ask for it; what is active of it ends as stale',
        params: z.strictObject({ rule: name }),
        body: z.strictObject({ reason }),
        response: { 201: ruleVersion },
      },
    },
    async (request, reply) => {
      const made = await ruleVersions.askEnd(callerOf(request), request.params.rule, request.body.reason);
      return reply.status(201).send(shown(made));
    },
  );

  app.get(
    '/rules/versions',
    {
      config: { right: KEEP_OR_APPROVE },
      schema: {
        tags,
        summary: 'Versions of rules that came by the API, newest first',
        querystring: query,
        response: { 200: listOf(ruleVersion) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { rule, state } = request.query;
      const page = pageOf(context, 'rules/versions', caller, request.query);
      const { items, next } = await ruleVersions.list(caller, { ...page.request, rule, state });
      return { items: items.map(shown), ...page.seal(next) };
    },
  );
}

function decidingRoutes(app: ApiApp, { ruleVersions }: RouteContext): void {
  app.post(
    '/rules/versions/:id/approve',
    {
      config: APPROVE,
      schema: {
        tags,
        summary: 'Put in force what another person asked for',
        params: id,
        body: z.strictObject({}).nullish(),
        response: { 200: ruleVersion },
      },
    },
    async (request) => shown(await ruleVersions.approve(callerOf(request), request.params.id)),
  );

  app.post(
    '/rules/versions/:id/reject',
    {
      config: { ...APPROVE, right: KEEP_OR_APPROVE },
      schema: {
        tags,
        summary: 'Reject what was asked for, or take it back',
        params: id,
        body: z.strictObject({ why: label(500) }),
        response: { 200: ruleVersion },
      },
    },
    async (request) => shown(await ruleVersions.reject(callerOf(request), request.params.id, request.body.why)),
  );
}

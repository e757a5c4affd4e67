import { z } from 'zod';
import { EVENT_TYPES } from '../../alerts/desk/alert.ts';
import { settingsFor } from '../../alerts/rules/reach.ts';
import type { Rule } from '../../alerts/rules/rules.ts';
import { CitywatchError } from '../../core/errors.ts';
import { covers, type Place } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { ALERT_READERS, requireSeen } from '../guards/alert-desks.ts';
import { callerOf } from '../guards/auth.ts';
import { moment } from '../schemas.ts';
import { alertParams, alertView } from './alert-schemas.ts';
import type { ApiApp, RouteContext } from './route.ts';

const WITHIN_M_MAX = 5_000;
const WITHIN_M = 500;

const word = z.string().nullable();
const line = z.object({
  id: z.string(),
  at: moment,
  actor: z.string(),
  type: z.enum(EVENT_TYPES),
  severity: z.string(),
  condition: word,
  handling: word,
  visibility: word,
  verdict: word,
  assignedTo: word,
  unit: word,
  level: word,
  occurrences: z.int(),
  text: word.meta({ description: 'What was said with it: a remark, or why it was hidden' }),
});

const near = z.object({
  distanceM: z.int().nullable().meta({ description: 'From its place, m; null where one of the two has none' }),
  alert: alertView,
});

const bothLanguages = z.object({ en: z.string(), zh: z.string() });

const ruleOfAlert = z.object({
  rule: z.string(),
  version: z.int().nullable().meta({
    description: 'The one in force, which may be later than that of the alert; null where none is any more',
  }),
  condition: z.record(z.string(), z.unknown()).nullable().meta({
    description: 'With the limits of this device, where `overrides` of the rule give it others',
  }),
  procedure: z.array(bothLanguages).meta({ description: 'What is to be done, step by step' }),
  contacts: z.array(z.object({ name: bothLanguages, phone: z.string() })).meta({
    description: 'Whom to call; of those that the rule names for some areas only, the ones of the place of the alert',
  }),
});

const tags = ['alerts'];
const config = { right: ALERT_READERS };

/** What stands around one alert for who works on it. */
export function alertCaseRoutes(app: ApiApp, context: RouteContext): void {
  historyRoute(app, context);
  nearRoute(app, context);
  ruleRoute(app, context);
}

function historyRoute(app: ApiApp, context: RouteContext): void {
  app.get(
    '/alerts/:id/history',
    {
      config,
      schema: {
        tags,
        summary: 'What happened to an alert and who did it, newest first, 500 at most',
        description: 'Reports that change nothing but how often it was reported are left out.',
        params: alertParams,
        response: { 200: z.object({ items: z.array(line) }) },
      },
    },
    async (request) => {
      const [caller, { id }] = [callerOf(request), request.params];
      await seen(context, caller, id);
      return { items: (await context.alerts.cases.history(caller, id)) as z.output<typeof line>[] };
    },
  );
}

function nearRoute(app: ApiApp, context: RouteContext): void {
  app.get(
    '/alerts/:id/near',
    {
      config,
      schema: {
        tags,
        summary: 'Other open alerts of the same device, then those near it, the nearest first, 20 at most',
        params: alertParams,
        querystring: z.strictObject({
          within: z.coerce.number().int().min(1).max(WITHIN_M_MAX).default(WITHIN_M).meta({ description: 'm' }),
        }),
        response: { 200: z.object({ items: z.array(near) }) },
      },
    },
    async (request) => {
      const [caller, { id }] = [callerOf(request), request.params];
      await seen(context, caller, id);
      const isOfBoth = context.authority.may(caller, 'alerts.read');
      const which = { withinM: request.query.within, ...(isOfBoth ? {} : { desk: 'maintenance' as const }) };
      return { items: await context.alerts.cases.near(caller, id, which) };
    },
  );
}

function ruleRoute(app: ApiApp, context: RouteContext): void {
  app.get(
    '/alerts/:id/rule',
    {
      config,
      schema: {
        tags,
        summary: 'The rule that raised an alert, with the limits of its device',
        params: alertParams,
        response: { 200: ruleOfAlert },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const alert = await seen(context, caller, request.params.id);
      const name = alert.rule.split('@')[0] ?? '';
      const rule = context.alerts.rules().find((one) => one.rule === name);
      if (!rule) return { rule: name, version: null, condition: null, procedure: [], contacts: [] };
      const condition = await conditionFor(context, caller, { rule, device: alert.device });
      const { procedure = [], contacts = [] } = rule;
      const near = contacts.filter(({ areas }) => isFor(context, areas, alert));
      return {
        rule: rule.rule,
        version: rule.version,
        condition: { ...condition },
        procedure,
        contacts: near.map(({ name: called, phone }) => ({ name: called, phone })),
      };
    },
  );
}

/** Whether somebody is to be called for an alert at this place. */
function isFor({ jurisdictions }: RouteContext, areas: readonly string[] | undefined, place: Place): boolean {
  return areas === undefined || areas.some((code) => covers(jurisdictions.area(code), place.jurisdiction));
}

/** Errors: `not-found` for an alert that is not the caller's to see. */
async function seen(context: RouteContext, caller: Caller, id: string) {
  const alert = await context.alerts.queries.get(caller, id);
  requireSeen(context, caller, alert);
  return alert;
}

/** A device that is not there any more is judged by nothing: what is told is the rule's own. */
async function conditionFor(
  { registry }: RouteContext,
  caller: Caller,
  { rule, device }: { rule: Rule; device: string | null },
): Promise<Rule['condition']> {
  if (device === null || rule.variants.length === 0) return rule.condition;
  const found = await registry.get(caller, device).catch((error: unknown) => {
    if (error instanceof CitywatchError && error.code === 'not-found') return null;
    throw error;
  });
  if (!found) return rule.condition;
  const { id, kind, jurisdiction, file } = found;
  const labels = { owner: file.owner ?? null, tags: file.tags ?? [] };
  return settingsFor(rule, { device: id, kind, jurisdiction, labels });
}

import { z } from 'zod';
import { VERDICTS } from '../../alerts/desk/actions.ts';
import { ALERT_ORDERS, type AlertPlace } from '../../alerts/desk/queries.ts';
import { EVIDENCE_PURPOSE } from '../../alerts/evidence/evidence.ts';
import { CLASSES } from '../../alerts/rules/classes.ts';
import { fileOf, SEVERITIES } from '../../alerts/rules/rules.ts';
import { CitywatchError } from '../../core/errors.ts';
import { policeCode } from '../../devices/police/input.ts';
import { ALERT_READERS, deskQuery, requireSeen, wantedOf } from '../guards/alert-desks.ts';
import { callerOf } from '../guards/auth.ts';
import { caseOf, lookQuery, purposeOf } from '../guards/look.ts';
import { bytesOf, deviceId, label, listOf, pageQuery } from '../schemas.ts';
import { sendRange } from '../server/byte-range.ts';
import { alertEventRoutes } from './alert-events.ts';
import { alertParams, alertView } from './alert-schemas.ts';
import { type ApiApp, defined, pageOf, type RouteContext, type RoutePart } from './route.ts';

const alertQuery = z.strictObject({
  handling: z.enum(['new', 'acked', 'assigned', 'in_progress', 'closed']).optional(),
  condition: z.enum(['active', 'recovering', 'cleared', 'stale']).optional(),
  severity: z.enum(SEVERITIES).optional(),
  ...deskQuery,
  rule: label(64).optional(),
  device: deviceId.optional(),
  police: policeCode.optional().meta({
    description: 'Of devices that belonged to this agency, or to one below it, when they were opened',
  }),
  order: z
    .enum(ALERT_ORDERS)
    .default('newest')
    .meta({ description: '`urgency`: open ones first, of these the gravest, of these the newest' }),
  ...pageQuery,
});

const placeForm = z.strictObject({
  firstAtMs: z.number(),
  id: z.string(),
  closed: z.boolean(),
  severity: z.enum(SEVERITIES),
});

const COMMENT_MAX = 2_000;
const commentBody = z.strictObject({ text: label(COMMENT_MAX) });
const assignBody = z.strictObject({ to: label(128) });
const closeBody = z.strictObject({ verdict: z.enum(VERDICTS), text: label(COMMENT_MAX).optional() });
const platesBody = z.strictObject({
  purpose: lookQuery.purpose,
  case: label(64).meta({ description: 'Number of the case you ask for' }),
});
const platesAnswer = z.object({
  plates: z
    .record(z.string(), z.union([z.string(), z.array(z.string())]))
    .meta({ description: 'By field of `data`, as they were read; `wanted_plate`: the one that the watchlist has' }),
});
const noBody = z.strictObject({}).nullish();

const rule = z.object({
  rule: z.string(),
  version: z.int(),
  title: z.object({ en: z.string(), zh: z.string() }),
  severity: z.enum(SEVERITIES),
  class: z.enum(CLASSES),
  police: z.boolean().optional().meta({ description: 'Whether its faults ring the police desk' }),
  kinds: z.array(z.string()),
  work_order: z
    .boolean()
    .optional()
    .meta({ description: 'Whether an alert of it opens a work order; where absent, those of faults do' }),
  clip: z.boolean().optional().meta({ description: 'Whether an alert of it gets a clip of a camera' }),
  condition: z.record(z.string(), z.unknown()),
});

const tags = ['alerts'];

export const alertRoutes: RoutePart = (app, context) => {
  readRoutes(app, context);
  evidenceRoute(app, context);
  platesRoute(app, context);
  actionRoutes(app, context);
  alertEventRoutes(app, context);
};

function readRoutes(app: ApiApp, context: RouteContext): void {
  const { queries, rules } = context.alerts;

  app.get(
    '/alerts',
    {
      config: { right: ALERT_READERS },
      schema: {
        tags,
        summary: 'Alerts, newest or most urgent first; those that ring the police desk, unless others are asked for',
        querystring: alertQuery,
        response: { 200: listOf(alertView) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { cursor: _cursor, limit, police: agency, class: of, desk, ...filter } = request.query;
      const isNamed = filter.rule !== undefined || filter.device !== undefined;
      const wanted = wantedOf(context, caller, { class: of, desk }, { isNamed });
      const police = agency === undefined ? undefined : context.police.below(agency);
      const page = pageOf(context, 'alerts', caller, request.query);
      const after = page.request.after === undefined ? {} : { after: readAfter(page.request.after) };
      const { items, next } = await queries.list(caller, {
        ...defined({ ...filter, police }),
        ...after,
        wanted,
        limit,
      });
      return { items, ...page.seal(next && JSON.stringify(next)) };
    },
  );

  app.get(
    '/alerts/:id',
    {
      config: { right: ALERT_READERS },
      schema: { tags, summary: 'One alert', params: alertParams, response: { 200: alertView } },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const alert = await queries.get(caller, request.params.id);
      requireSeen(context, caller, alert);
      reply.header('etag', `"${alert.version}"`);
      return alert;
    },
  );

  app.get(
    '/rules',
    {
      config: { right: 'rules.read' },
      schema: { tags, summary: 'The rules in force', response: { 200: listOf(rule) } },
    },
    async () => ({ items: rules().map((one) => ({ ...fileOf(one), condition: { ...one.condition } })) }),
  );
}

function evidenceRoute(app: ApiApp, context: RouteContext): void {
  app.get(
    '/alerts/:id/evidence/:evidence',
    {
      config: { right: 'alerts.look', errors: ['look.incident-missing'] },
      schema: {
        tags,
        summary: 'A picture or clip that belongs to an alert, or a part of it by Range; the look is registered',
        params: alertParams.extend({ evidence: z.string().max(64) }),
        querystring: z.strictObject({ case: lookQuery.case }),
        response: {
          200: bytesOf('image/jpeg', 'The picture; `video/mp4` of a clip'),
          206: bytesOf('video/mp4', 'The part that was asked for'),
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { id, evidence } = request.params;
      const { camera, type, data } = await context.alerts.evidence.shown(caller, id, evidence);
      const named = caseOf(context, camera, request.query);
      await context.alerts.looks.add({ caller, camera, purpose: EVIDENCE_PURPOSE, alert: id, case: named });
      const read = async (start: number, end: number) => data.subarray(start, end + 1);
      reply.type(type).header('cache-control', 'private, no-store');
      return await sendRange(request, reply as never, { bytes: data.length, read });
    },
  );
}

function platesRoute(app: ApiApp, context: RouteContext): void {
  app.post(
    '/alerts/:id/plates',
    {
      config: { right: 'alerts.plates', asksOnly: true, errors: ['not-found', 'service.failed'] },
      schema: {
        tags,
        summary: 'The plates of an alert, whole; leaves an entry in the access register first',
        params: alertParams,
        body: platesBody,
        response: { 200: platesAnswer },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const why = { purpose: purposeOf(context, caller, request.body), case: request.body.case };
      const plates = await context.alerts.plates.show(caller, request.params.id, why);
      reply.header('cache-control', 'no-store');
      return { plates };
    },
  );
}

/** Only what this server sealed comes here; a cursor sealed by an earlier version may have another form. */
function readAfter(text: string): AlertPlace {
  const place = placeForm.safeParse(parsedOrNull(text));
  if (!place.success) throw new CitywatchError('request.cursor');
  return place.data;
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function actionRoutes(app: ApiApp, { alerts: { actions } }: RouteContext): void {
  const config = { right: 'alerts.handle' as const, errors: ['conflict.state'] as const };
  const response = { 200: alertView };

  app.post(
    '/alerts/:id/ack',
    { config, schema: { tags, summary: 'Take note of an alert', params: alertParams, body: noBody, response } },
    async (request) => actions.ack(callerOf(request), request.params.id),
  );

  app.post(
    '/alerts/:id/assign',
    { config, schema: { tags, summary: 'Say who sees to it', params: alertParams, body: assignBody, response } },
    async (request) => actions.assign(callerOf(request), request.params.id, request.body.to),
  );

  app.post(
    '/alerts/:id/comment',
    { config, schema: { tags, summary: 'Add a remark', params: alertParams, body: commentBody, response } },
    async (request) => actions.comment(callerOf(request), request.params.id, request.body.text),
  );

  app.post(
    '/alerts/:id/close',
    { config, schema: { tags, summary: 'End the handling', params: alertParams, body: closeBody, response } },
    async (request) => {
      const { verdict, text } = request.body;
      return actions.close(callerOf(request), request.params.id, { verdict, ...(text ? { text } : {}) });
    },
  );
}

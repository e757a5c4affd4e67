import { z } from 'zod';
import { ALERT_ORDERS, type AlertPlace } from '../../alerts/desk/queries.ts';
import { EVIDENCE_PURPOSE } from '../../alerts/evidence/evidence.ts';
import { CLASSES } from '../../alerts/rules/classes.ts';
import { fileOf, SEVERITIES } from '../../alerts/rules/rules.ts';
import type { Permit } from '../../alerts/watchlists/permits/permits.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Place } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { ALERT_READERS, requireSeen } from '../guards/alert-desks.ts';
import { alertFilter, filterFor } from '../guards/alert-filter.ts';
import { callerOf } from '../guards/auth.ts';
import { caseOf, lookQuery, purposeOf } from '../guards/look.ts';
import { askedOf, platesQuery, plateWish } from '../guards/whole-plates.ts';
import { bytesOf, label, listOf, moment, pageQuery } from '../schemas.ts';
import { sendRange } from '../server/byte-range.ts';
import { alertActionRoutes } from './alert-actions.ts';
import { alertBulkRoutes } from './alert-bulk.ts';
import { alertBundleRoute } from './alert-bundle.ts';
import { alertCaseRoutes } from './alert-case.ts';
import { alertEventRoutes } from './alert-events.ts';
import { alertParams, alertView } from './alert-schemas.ts';
import { type ApiApp, pageOf, type RouteContext, type RoutePart } from './route.ts';

const alertQuery = z.strictObject({
  ...alertFilter,
  order: z
    .enum(ALERT_ORDERS)
    .default('newest')
    .meta({ description: '`urgency`: open ones first, of these the gravest, of these the newest' }),
  ...platesQuery,
  ...pageQuery,
});

const countOf = z.record(z.string(), z.int());
const counts = z.object({
  all: z.int(),
  severity: countOf,
  handling: countOf,
  condition: countOf,
  visibility: countOf,
});

const reached = moment.nullable();
const stageTimes = z.object({
  event: reached.meta({ description: 'By the clock of the device' }),
  received: moment,
  decided: moment,
  committed: moment,
  sent: reached.meta({ description: 'The first receiver had taken it' }),
  acked: reached,
  dispatched: reached,
  arrived: reached,
  closed: reached,
});

const placeForm = z.strictObject({
  firstAtMs: z.number(),
  id: z.string(),
  closed: z.boolean(),
  severity: z.enum(SEVERITIES),
});

const platesBody = z.strictObject({
  purpose: lookQuery.purpose,
  case: label(64).meta({ description: 'Number of the case you ask for' }),
});
const platesAnswer = z.object({
  plates: z
    .record(z.string(), z.union([z.string(), z.array(z.string())]))
    .meta({ description: 'By field of `data`, as they were read; `wanted_plate`: the one that the watchlist has' }),
});

const both = z.object({ en: z.string(), zh: z.string() });

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
  procedure: z.array(both).optional().meta({ description: 'What is to be done, step by step' }),
  contacts: z
    .array(z.object({ name: both, phone: z.string(), areas: z.array(z.string()).optional() }))
    .optional()
    .meta({ description: 'Whom to call; of one with `areas` only for alerts there' }),
  condition: z.record(z.string(), z.unknown()),
});

/** Number of the entry in the access register that a look has left. */
const REGISTER_HEADER = 'x-register-entry';

const tags = ['alerts'];

export const alertRoutes: RoutePart = (app, context) => {
  readRoutes(app, context);
  oneRoute(app, context);
  oneRoutes(app, context);
  evidenceRoute(app, context);
  platesRoute(app, context);
  alertBundleRoute(app, context);
  alertCaseRoutes(app, context);
  alertActionRoutes(app, context);
  alertBulkRoutes(app, context);
  alertEventRoutes(app, context);
};

function readRoutes(app: ApiApp, context: RouteContext): void {
  const { queries, whole } = context.alerts;

  app.get(
    '/alerts',
    {
      config: { right: ALERT_READERS, displays: ['desk'] },
      schema: {
        tags,
        summary: 'Alerts, newest or most urgent first; those that ring the police desk, unless others are asked for',
        querystring: alertQuery,
        response: { 200: listOf(alertView) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { cursor: _cursor, limit, order, plates, purpose, case: named, ...asked } = request.query;
      const wish = plateWish(context, request, { plates, purpose, case: named });
      const page = pageOf(context, 'alerts', caller, request.query);
      const after = page.request.after === undefined ? {} : { after: readAfter(page.request.after) };
      const which = { ...filterFor(context, request, asked), ...after, order, limit };
      if (wish) reply.header('cache-control', 'no-store');
      const { items, next } = wish
        ? await whole.list(caller, which, { wish, asked: { list: askedOf(request.query) } })
        : await queries.list(caller, which);
      return { items, ...page.seal(next && JSON.stringify(next)) };
    },
  );

  app.get(
    '/alerts/counts',
    {
      config: { right: ALERT_READERS },
      schema: {
        tags,
        summary: 'How many alerts `GET /alerts` has with the same filter, together and by value',
        querystring: z.strictObject(alertFilter),
        response: { 200: counts },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      return await queries.counts(caller, filterFor(context, request, request.query));
    },
  );
}

function oneRoutes(app: ApiApp, context: RouteContext): void {
  const { queries, rules } = context.alerts;

  app.get(
    '/alerts/:id/stages',
    {
      config: { right: 'alerts.read' },
      schema: {
        tags,
        summary: 'When an alert reached each stage: the first time of each, and the last of its closing',
        params: alertParams,
        response: { 200: stageTimes },
      },
    },
    async (request) => queries.stages(callerOf(request), request.params.id),
  );

  app.get(
    '/rules',
    {
      config: { right: 'rules.read', displays: ['desk'] },
      schema: { tags, summary: 'The rules in force', response: { 200: listOf(rule) } },
    },
    async () => ({ items: rules().map((one) => ({ ...fileOf(one), condition: { ...one.condition } })) }),
  );
}

function oneRoute(app: ApiApp, context: RouteContext): void {
  const { queries } = context.alerts;

  app.get(
    '/alerts/:id',
    {
      config: { right: ALERT_READERS },
      schema: {
        tags,
        summary: 'One alert',
        params: alertParams,
        querystring: z.strictObject(platesQuery),
        response: { 200: alertView },
      },
    },
    async (request, reply) => {
      const [caller, { id }] = [callerOf(request), request.params];
      const masked = await queries.get(caller, id);
      requireSeen(context, caller, masked);
      const wish = plateWish(context, request, request.query);
      const alert = wish ? await context.alerts.whole.get(caller, id, wish) : masked;
      if (wish) reply.header('cache-control', 'no-store');
      reply.header('etag', `"${alert.version}"`);
      return alert;
    },
  );
}

function evidenceRoute(app: ApiApp, context: RouteContext): void {
  app.get(
    '/alerts/:id/evidence/:evidence',
    {
      config: { right: 'alerts.look', large: true, errors: ['look.incident-missing'] },
      schema: {
        tags,
        summary: 'A picture or clip that belongs to an alert, or a part of it by Range; the look is registered',
        description: '`X-Register-Entry` of the answer is the number of the entry in the access register.',
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
      const { camera, type, data, platesOf } = await context.alerts.evidence.shown(caller, id, evidence);
      const permit = requirePlates(context, caller, platesOf);
      const named = caseOf(context, camera, request.query);
      const entry = await context.alerts.looks.add({
        caller,
        camera,
        purpose: permit?.purpose ?? EVIDENCE_PURPOSE,
        alert: id,
        case: named ?? permit?.case_number ?? null,
      });
      const read = async (start: number, end: number) => data.subarray(start, end + 1);
      reply.type(type).header('cache-control', 'private, no-store').header(REGISTER_HEADER, entry);
      return await sendRange(request, reply as never, { bytes: data.length, read });
    },
  );
}

/** A picture that shows a plate is for who may see that plate whole: by their role, or by the permit in the answer. */
function requirePlates({ authority, alerts }: RouteContext, caller: Caller, place: Place | null): Permit | null {
  if (place === null || authority.may(caller, 'alerts.plates', place)) return null;
  const permit = alerts.permits.of(caller.id, place);
  if (permit) return permit;
  const detail = 'This picture shows a plate: it takes the right alerts.plates, or a permit.';
  throw new CitywatchError('auth.forbidden', { detail });
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

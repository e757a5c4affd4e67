import { z } from 'zod';
import { VERDICTS } from '../../alerts/desk/life/life.ts';
import { INCIDENT_ALERTS_MAX } from '../../alerts/incidents/incidents.ts';
import { ifMatch, ifMatchGiven, setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, label, listOf, moment, noContent, policeLimited } from '../schemas.ts';
import { type ApiApp, defined, type RouteContext, type RoutePart } from './route.ts';

const NAME_MAX = 64;
const TITLE_MAX = 200;
const TEXT_MAX = 2_000;

const alerts = z.array(z.uuid()).min(1).max(INCIDENT_ALERTS_MAX);
const limit = label(NAME_MAX).optional();
const takes = z
  .strictObject({ rule: limit, kind: limit, device: deviceId.optional() })
  .refine((given) => Object.values(given).some((one) => one !== undefined), 'names nothing: leave it out')
  .meta({ description: 'Alerts of your area that open later and are like this join by themselves' });
const newIncident = z.strictObject({ title: label(TITLE_MAX), alerts, takes: takes.optional() });

const incident = z
  .object({
    id: z.string(),
    title: z.string(),
    state: z.enum(['open', 'closed']),
    jurisdiction: z.string(),
    police: policeLimited,
    takes: z
      .object({ rule: z.string().nullable(), kind: z.string().nullable(), device: z.string().nullable() })
      .nullable(),
    openedBy: z.string(),
    openedAt: moment,
    closedBy: z.string().nullable(),
    closedAt: moment.nullable(),
    alerts: z.int().meta({ description: 'How many of its alerts you may see: `GET /alerts?incident=`' }),
    version: z.int(),
  })
  .meta({ id: 'Incident' });

const line = z.object({
  at: moment,
  actor: z.string(),
  type: z.string().meta({ description: '`incident.merged` and such, or the type of an entry of the log of alerts' }),
  alert: z.string().nullable(),
  text: z.string().nullable(),
});

const params = z.strictObject({ id: z.string().max(NAME_MAX) });
const tags = ['alerts'];
const response = { 200: incident };
const config = { right: 'alerts.handle', errors: ['conflict.state'] } as const;

/** Alerts that are one happening. */
export const incidentRoutes: RoutePart = (app, context) => {
  readRoutes(app, context);
  editRoutes(app, context);
};

function readRoutes(app: ApiApp, { alerts: { incidentReads: reads } }: RouteContext): void {
  const config = { right: 'alerts.read' } as const;

  app.get(
    '/incidents',
    {
      config,
      schema: {
        tags,
        summary: 'Incidents of your area, and those with an alert that you may see; newest first, 200 at most',
        querystring: z.strictObject({ state: z.enum(['open', 'closed']).optional() }),
        response: { 200: listOf(incident) },
      },
    },
    async (request) => ({ items: await reads.list(callerOf(request), request.query.state ?? null) }),
  );

  app.get(
    '/incidents/:id',
    { config, schema: { tags, summary: 'One incident', params, response } },
    async (request, reply) => {
      const one = await reads.get(callerOf(request), request.params.id);
      setEtag(reply, one.version);
      return one;
    },
  );

  app.get(
    '/incidents/:id/history',
    {
      config,
      schema: {
        tags,
        summary: 'What was done with it and what became of its alerts, newest first, 500 at most',
        params,
        response: { 200: z.object({ items: z.array(line) }) },
      },
    },
    async (request) => ({ items: await reads.history(callerOf(request), request.params.id) }),
  );
}

function editRoutes(app: ApiApp, { alerts: { incidents } }: RouteContext): void {
  app.post(
    '/incidents',
    { config, schema: { tags, summary: 'Put alerts together', body: newIncident, response: { 201: incident } } },
    async (request, reply) => {
      const { takes: like, ...rest } = request.body;
      const takes = like ? { rule: like.rule ?? null, kind: like.kind ?? null, device: like.device ?? null } : null;
      const made = await incidents.open(callerOf(request), { ...rest, takes });
      setEtag(reply.status(201), made.version);
      return made;
    },
  );

  for (const [what, summary] of [
    ['merge', 'Put more alerts into it'],
    ['split', 'Take alerts out of it again'],
  ] as const) {
    app.post(
      `/incidents/:id/${what}`,
      { config, schema: { tags, summary, params, body: z.strictObject({ alerts }), response } },
      async (request) => incidents[what](callerOf(request), request.params.id, request.body.alerts),
    );
  }

  app.post(
    '/incidents/:id/close',
    {
      config: { ...config, errors: ['conflict.state', 'precondition.stale'] },
      schema: {
        tags,
        summary: 'Close it with all of its alerts; grants bound to it end. With If-Match only those that you have read',
        params,
        body: z.strictObject({ verdict: z.enum(VERDICTS), text: label(TEXT_MAX).optional() }),
        response,
      },
    },
    async (request) => {
      const { verdict, text } = request.body;
      return await ifMatchGiven(request as never, (version) => {
        return incidents.close(callerOf(request), request.params.id, { verdict, ...defined({ text, version }) });
      });
    },
  );

  app.delete(
    '/incidents/:id',
    {
      config,
      schema: { tags, summary: 'Take it apart: its alerts go on alone', params, response: { 204: noContent } },
    },
    async (request, reply) => {
      await ifMatch(request as never, (version) => {
        return incidents.dissolve(callerOf(request), request.params.id, version);
      });
      return reply.status(204).send(null);
    },
  );
}

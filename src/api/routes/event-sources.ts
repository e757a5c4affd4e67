import { z } from 'zod';
import { SEVERITIES, type Severity } from '../../alerts/rules/rules.ts';
import type { OutsideEvent } from '../../alerts/said/outside-events.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { ONLY_VERSION, requireOnlyVersion, setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import { jurisdiction, label, listOf, moment, noContent } from '../schemas.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const SOURCE_ID = /^[a-z0-9][a-z0-9-]{0,31}$/;
const KEY_MAX = 255;
const SUMMARY_MAX = 1_024;
/** What PagerDuty takes is larger; what is kept of it here is shown with an alert. */
const EVENT_BYTES_MAX = 64 * 1024;
const DETAILS_BYTES_MAX = 8 * 1024;

const sourceInput = z.strictObject({
  id: z
    .string()
    .regex(SOURCE_ID, 'use 1 to 32 lower-case letters, digits and dashes')
    .meta({ description: 'Names the subject of its alerts: `source` and this' }),
  name: label(128),
  jurisdiction,
  severityMax: z.enum(SEVERITIES).default('severe').meta({ description: 'What it calls graver is taken for this' }),
});

const source = z.object({
  id: z.string(),
  name: z.string(),
  jurisdiction: z.string(),
  severityMax: z.enum(SEVERITIES),
  createdBy: z.string(),
  createdAt: moment,
  version: z.int(),
});

const createdSource = source.extend({
  routingKey: z.string().optional().meta({ description: 'Shown this once and never again' }),
  secretWithheld: z.boolean().optional().meta({ description: 'An answer from memory, which keeps no secret' }),
});

/** Their words for how grave it is, and ours. */
const SEVERITY_OF: Readonly<Record<'critical' | 'error' | 'warning' | 'info', Severity>> = {
  critical: 'extreme',
  error: 'severe',
  warning: 'moderate',
  info: 'minor',
};

const short = z.string().max(KEY_MAX).nullish();

const payload = z.object({
  summary: z.string().trim().min(1).max(SUMMARY_MAX),
  source: z.string().trim().min(1).max(KEY_MAX),
  severity: z.enum(['critical', 'error', 'warning', 'info']),
  timestamp: z.string().max(64).nullish(),
  component: short,
  group: short,
  class: short,
  custom_details: z.unknown().optional(),
});

const event = z.object({
  routing_key: z.string().min(1).max(64),
  event_action: z.enum(['trigger', 'acknowledge', 'resolve']),
  dedup_key: z.string().min(1).max(KEY_MAX).nullish(),
  payload: payload.nullish(),
});

const taken = z.object({ status: z.literal('success'), message: z.string(), dedup_key: z.string() });

const tags = ['alerts'];

export const eventSourceRoutes: RoutePart = (app, context) => {
  keepingRoutes(app, context);
  enqueueRoute(app, context);
};

function keepingRoutes(app: ApiApp, { alerts: { eventSources } }: RouteContext): void {
  const shown = <Source extends object>(one: Source) => ({ ...one, version: ONLY_VERSION });

  app.get(
    '/event-sources',
    {
      config: { right: 'subscriptions.keep' },
      schema: { tags, summary: 'Systems of others that report events here', response: { 200: listOf(source) } },
    },
    async (request) => ({ items: (await eventSources.list(callerOf(request))).map(shown) }),
  );

  app.post(
    '/event-sources',
    {
      config: { right: 'subscriptions.keep', oneTimeSecret: 'routingKey', errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'Let another system report events; the answer carries its routing key once',
        body: sourceInput,
        response: { 201: createdSource },
      },
    },
    async (request, reply) => {
      const made = await eventSources.create(callerOf(request), request.body);
      setEtag(reply.code(201), ONLY_VERSION);
      return { ...shown(made.source), routingKey: made.routingKey };
    },
  );

  app.delete(
    '/event-sources/:id',
    {
      config: { right: 'subscriptions.keep' },
      schema: {
        tags,
        summary: 'Take no more events of a system; its alerts stay',
        params: z.strictObject({ id: z.string().max(64) }),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      requireOnlyVersion(request);
      await eventSources.remove(callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function enqueueRoute(app: ApiApp, { alerts: { outsideEvents }, clock, rates }: RouteContext): void {
  app.post(
    '/events/v2/enqueue',
    {
      bodyLimit: EVENT_BYTES_MAX,
      config: { public: true, errors: ['auth.required', 'conflict.state', 'request.rate'] },
      schema: {
        tags,
        summary: 'Take an event of another system in the form of PagerDuty Events v2; durable when the answer is 202',
        security: [],
        body: event,
        response: { 202: taken },
      },
    },
    async (request, reply) => {
      const { routing_key: key, ...sent } = request.body;
      const from = await outsideEvents.admit(key).catch(async (error: unknown) => {
        if (error instanceof CitywatchError && error.code === 'auth.required') await rates.failedAuth(request);
        throw error;
      });
      const dedupKey = await outsideEvents.take(from, eventOf(sent, clock.nowMs()));
      return reply.code(202).send({ status: 'success' as const, message: 'Event processed', dedup_key: dedupKey });
    },
  );
}

function eventOf(sent: Omit<z.output<typeof event>, 'routing_key'>, nowMs: number): OutsideEvent {
  const { event_action: action, dedup_key: dedupKey = null, payload: told } = sent;
  if (action === 'trigger' && !told) throw invalid('payload', 'is needed to trigger');
  if (action !== 'trigger' && dedupKey === null) throw invalid('dedup_key', `is needed to ${action}`);
  if (!told) return { action, dedupKey, severity: 'minor', atMs: null, data: {} };
  const { severity, timestamp, summary, source: where, component, group, class: sort, custom_details: details } = told;
  const named = Object.entries({ summary, source: where, component, group, class: sort });
  const data = Object.fromEntries(named.filter(([, value]) => value !== undefined && value !== null));
  const atMs = timestamp ? timeOf(timestamp, nowMs) : null;
  return { action, dedupKey, severity: SEVERITY_OF[severity], atMs, data: { ...data, ...detailsOf(details) } };
}

/** A time that nobody can believe is none; the event is taken all the same. */
function timeOf(text: string, nowMs: number): number | null {
  const atMs = Date.parse(text);
  return Number.isSafeInteger(atMs) && atMs > 0 && atMs <= nowMs ? atMs : null;
}

function detailsOf(details: unknown): Record<string, unknown> {
  if (details === undefined || details === null) return {};
  return Buffer.byteLength(JSON.stringify(details)) <= DETAILS_BYTES_MAX ? { details } : { detailsTooLong: true };
}

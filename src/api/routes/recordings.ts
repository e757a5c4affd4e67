import { z } from 'zod';
import { SEVERITIES, type Severity } from '../../alerts/rules/rules.ts';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Caller, DeviceIdentity } from '../../core/types.ts';
import { recordingPlan } from '../../streams/recorder/plan/plans.ts';
import type { StoredEvent } from '../../telemetry/history/stored-events.ts';
import { callerOf } from '../guards/auth.ts';
import { cameraOf, recordedCameraOf } from '../guards/views.ts';
import { deviceParams, inOrder, moment, momentOrNull, noContent, rangeQuery } from '../schemas.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const tags = ['streams'];
const quality = z.enum(['main', 'sub']).default('main');
const GAP_CAUSES = [
  'camera',
  'gateway',
  'disk-slow',
  'disk-failed',
  'disk-full',
  'disk-away',
  'file-lost',
  'not-planned',
  'stream',
] as const;

const spanQuery = z.strictObject({ quality, ...rangeQuery }).check(inOrder());

const timeline = z
  .object({
    stretches: z.array(
      z.object({
        from: moment,
        to: moment,
        bytes: z.int(),
        files: z.int().meta({ description: 'About one a minute' }),
        source: z
          .enum(['gateway', 'edge'])
          .meta({ description: "`edge`: fetched later from the camera's own storage" }),
      }),
    ),
    gaps: z.array(
      z.object({
        from: moment,
        to: moment.nullable().meta({ description: 'Null while it lasts' }),
        cause: z.enum(GAP_CAUSES),
        detail: z.string().nullable(),
        edge: z
          .object({ state: z.enum(['nothing', 'no-storage', 'failed']), detail: z.string().nullable() })
          .nullable()
          .meta({ description: "What the camera's own storage had of it; null where it was not asked" }),
      }),
    ),
    alerts: z
      .array(
        z.object({
          id: z.string(),
          at: moment,
          lastAt: moment,
          rule: z.string(),
          title: z.object({ en: z.string(), zh: z.string() }),
          severity: z.enum(SEVERITIES),
          condition: z.string(),
          handling: z.string(),
        }),
      )
      .meta({ description: 'Alerts about the camera, or with evidence of it; none where the role reads no alerts' }),
    events: z
      .array(
        z.object({ id: z.string().nullable(), at: moment, type: z.string(), data: z.record(z.string(), z.unknown()) }),
      )
      .nullable()
      .meta({
        description:
          'What the camera reported; none where the role reads no telemetry, null where it cannot be known now',
      }),
    more: z.boolean().meta({ description: 'There is more in this time: ask for a shorter one' }),
  })
  .meta({ id: 'RecordingTimeline' });

export const recordingRoutes: RoutePart = (app, context) => {
  planRoutes(app, context);
  timelineRoute(app, context);
};

function planRoutes(app: ApiApp, context: RouteContext): void {
  const { plans } = context.recordings;
  app.get(
    '/devices/:id/recording',
    {
      config: { right: 'registry.read' },
      schema: { tags, summary: 'When a camera is recorded', params: deviceParams, response: { 200: recordingPlan } },
    },
    async (request) => plans.of(cameraOf(context, callerOf(request), request.params.id).id),
  );

  app.post(
    '/devices/:id/recording',
    {
      config: { right: 'registry.edit' },
      schema: {
        tags,
        summary: 'Say when a camera is recorded',
        description:
          '`off`, `always`, `schedule` with hours of the week in Beijing time, or `event`: while an alert at or near ' +
          'the camera is active. It counts within a second.',
        params: deviceParams,
        body: recordingPlan,
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      await plans.set(callerOf(request), cameraOf(context, callerOf(request), request.params.id), request.body);
      return reply.code(204).send(null);
    },
  );
}

function timelineRoute(app: ApiApp, context: RouteContext): void {
  app.get(
    '/streams/:id/recordings',
    {
      config: { right: 'video.look' },
      schema: {
        tags,
        summary: 'What was recorded in a time, what is missing and why, and which alerts and events there were',
        params: deviceParams,
        querystring: spanQuery,
        response: { 200: timeline },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const camera = recordedCameraOf(context, caller, request.params.id);
      const device = camera.id;
      const { quality: asked, from: fromMs, to: toMs } = request.query;
      const [found, alerts, events] = await Promise.all([
        context.recordings.playback.timeline({ device, quality: asked, fromMs, toMs }),
        alertsOn(context, caller, { device, fromMs, toMs }),
        eventsOn(context, caller, { camera, fromMs, toMs, signal: request.signal }),
      ]);
      return {
        stretches: found.stretches.map(({ fromMs: from, toMs: to, ...rest }) => ({
          from: toRfc3339(from),
          to: toRfc3339(to),
          ...rest,
        })),
        gaps: found.gaps.map(({ fromMs: from, toMs: to, ...rest }) => ({
          from: toRfc3339(from),
          to: momentOrNull(to),
          ...rest,
        })),
        alerts: alerts.slice(0, ALERTS_MAX).map(({ atMs, lastAtMs, severity, ...rest }) => ({
          ...rest,
          severity: severity as Severity,
          at: toRfc3339(atMs),
          lastAt: toRfc3339(lastAtMs),
        })),
        events:
          events?.items.map(({ id, type, atMs, data }) => ({ id, type, at: toRfc3339(atMs), data })).reverse() ?? null,
        more: found.more || alerts.length > ALERTS_MAX || (events?.more ?? false),
      };
    },
  );
}

const ALERTS_MAX = 500;
const EVENTS_MAX = 500;

interface Line {
  device: string;
  fromMs: number;
  toMs: number;
}

/** Alerts on the line of a camera, those of the caller's own; who reads no alerts is shown none. */
async function alertsOn({ alerts, authority }: RouteContext, caller: Caller, { device, ...span }: Line) {
  if (!authority.may(caller, 'alerts.read')) return [];
  return await alerts.queries.ofCamera(caller, device, { ...span, max: ALERTS_MAX + 1 });
}

interface EventLine {
  camera: DeviceIdentity;
  fromMs: number;
  toMs: number;
  signal: AbortSignal;
}

/** What the camera reported, the newest first; the line is shown also where that is not known. */
async function eventsOn(
  { authority, history, heavy }: RouteContext,
  caller: Caller,
  { camera, signal, ...span }: EventLine,
): Promise<{ items: StoredEvent[]; more: boolean } | null> {
  if (!authority.may(caller, 'telemetry.read')) return { items: [], more: false };
  try {
    const asked = () => history.events(camera, { ...span, limit: EVENTS_MAX }, signal);
    const { items, next } = await heavy.run(caller, asked);
    return { items, more: next !== null };
  } catch (error) {
    if (error instanceof CitywatchError) return null;
    throw error;
  }
}

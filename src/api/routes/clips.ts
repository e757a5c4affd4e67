import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { CLIP_SOURCES, type Clip } from '../../streams/clips/clip.ts';
import { CLIP_KEPT_MS } from '../../streams/clips/clips.ts';
import { PART_TYPE } from '../../streams/live/hls.ts';
import { callerOf } from '../guards/auth.ts';
import { lookQuery } from '../guards/look.ts';
import { recordedCameraOf, recordedViewOf } from '../guards/views.ts';
import { bytesOf, deviceParams, inOrder, instant, label, moment, rangeQuery } from '../schemas.ts';
import { sendRange } from '../server/byte-range.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const tags = ['streams'];
const quality = z.enum(['main', 'sub']);

const hole = z.object({
  from: moment,
  to: moment,
  cause: z.enum([
    'camera',
    'gateway',
    'disk-slow',
    'disk-failed',
    'disk-full',
    'disk-away',
    'file-lost',
    'not-planned',
    'stream',
    'not-pulled',
    'memory',
    'format',
    'too-large',
  ]),
  detail: z.string().nullable(),
});

const clipView = z
  .object({
    id: z.uuid(),
    device: z.string(),
    quality,
    from: moment,
    to: moment,
    reason: z.string(),
    case: z.string().nullable(),
    alert: z.string().nullable(),
    by: z.string(),
    at: moment,
    until: moment.meta({ description: 'Kept until then, whatever the class of the camera says' }),
    state: z
      .enum(['waiting', 'ready', 'failed'])
      .meta({ description: '`failed`: there is not one picture; `holes` says why' }),
    file: z
      .object({
        startsAt: moment,
        endsAt: moment,
        bytes: z.int(),
        sha256: z.string(),
        codec: z.string(),
        source: z.enum(CLIP_SOURCES),
      })
      .nullable(),
    holes: z.array(hole).meta({ description: 'What was asked for and is not in it, from half a second on' }),
  })
  .meta({ id: 'Clip' });

const body = z
  .strictObject({
    ...rangeQuery,
    quality: quality.default('main'),
    reason: label(500),
    purpose: lookQuery.purpose,
    case: lookQuery.case,
    alert: label(64).optional().meta({ description: 'Id of the alert that it belongs to' }),
    until: instant.optional().meta({ description: 'How long it is kept, ten years at most; without it 180 days' }),
  })
  .check(inOrder());

const cut = z.strictObject({ quality: quality.default('main'), ...rangeQuery, ...lookQuery }).check(inOrder());

const clipParams = deviceParams.extend({ clip: z.uuid() });

/** Clips: minutes of a camera that are kept as files of their own. */
export const clipRoutes: RoutePart = (app, context) => {
  askRoute(app, context);
  readRoutes(app, context);
  cutRoute(app, context);
};

function askRoute(app: ApiApp, context: RouteContext): void {
  const { clips } = context.recordings;
  app.post(
    '/streams/:id/clips',
    {
      config: { right: 'video.look', errors: ['look.incident-missing', 'conflict.state'] },
      schema: {
        tags,
        summary: 'Keep minutes of a camera as a file, five at most; its end may lie up to ten minutes ahead',
        description:
          'Of the recording, and of live video: what it still has in memory, and what comes until the end. What is ' +
          'missing is told with its cause.',
        params: deviceParams,
        body,
        response: { 202: clipView },
      },
    },
    async (request, reply) => {
      const { from: fromMs, to: toMs, reason, alert, until, ...look } = request.body;
      const caller = callerOf(request);
      const of = recordedCameraOf(context, caller, request.params.id);
      const view = recordedViewOf(context, caller, of.id, look);
      const asked = {
        device: of.id,
        quality: view.quality,
        fromMs,
        toMs,
        reason,
        case: view.case,
        alert: alert ?? null,
        by: view.viewer,
        untilMs: until ?? context.clock.nowMs() + CLIP_KEPT_MS,
      };
      return reply.code(202).send(shown(await clips.clip(asked, { audit: { caller, of } })));
    },
  );
}

function readRoutes(app: ApiApp, context: RouteContext): void {
  const { clips } = context.recordings;
  app.get(
    '/streams/:id/clips',
    {
      config: { right: 'video.look' },
      schema: {
        tags,
        summary: 'Clips of a camera, the latest 200',
        params: deviceParams,
        response: { 200: z.object({ items: z.array(clipView) }) },
      },
    },
    async (request) => {
      const { id } = recordedCameraOf(context, callerOf(request), request.params.id);
      return { items: (await clips.of(id)).map(shown) };
    },
  );

  app.get(
    '/streams/:id/clips/:clip',
    {
      config: { right: 'video.look' },
      schema: { tags, summary: 'How a clip is', params: clipParams, response: { 200: clipView } },
    },
    async (request) => {
      const { id } = recordedCameraOf(context, callerOf(request), request.params.id);
      return shown(await clips.one(id, request.params.clip));
    },
  );

  app.get(
    '/streams/:id/clips/:clip/clip.mp4',
    {
      exposeHeadRoute: false,
      config: {
        right: 'video.look',
        large: true,
        errors: ['look.incident-missing', 'stream.full', 'images.unavailable'],
      },
      schema: {
        tags,
        summary: 'The file of a clip, or a part of it by Range; the look is registered',
        params: clipParams,
        querystring: z.strictObject(lookQuery),
        response: { 200: bytesOf(PART_TYPE, 'The file'), 206: bytesOf(PART_TYPE, 'The part that was asked for') },
      },
    },
    async (request, reply) => {
      const { id, clip } = request.params;
      const view = recordedViewOf(context, callerOf(request), id, { quality: 'main', ...request.query });
      const data = await clips.file(view, clip);
      const file = { bytes: data.length, read: async (start: number, end: number) => data.subarray(start, end + 1) };
      return await sendRange(request, reply.type(PART_TYPE) as never, file);
    },
  );
}

function cutRoute(app: ApiApp, context: RouteContext): void {
  const { clips } = context.recordings;
  app.get(
    '/streams/:id/clip.mp4',
    {
      exposeHeadRoute: false,
      config: { right: 'video.look', large: true, errors: ['look.incident-missing', 'stream.full'] },
      schema: {
        tags,
        summary: 'What was recorded in a time as one file, five minutes at most, made at once; the look is registered',
        description: 'Holes are left out. Nothing is kept of it: `POST /streams/{id}/clips` makes a clip that is.',
        params: deviceParams,
        querystring: cut,
        response: { 200: bytesOf(PART_TYPE, 'The file'), 206: bytesOf(PART_TYPE, 'The part that was asked for') },
      },
    },
    async (request, reply) => {
      const { from: fromMs, to: toMs, ...look } = request.query;
      const view = recordedViewOf(context, callerOf(request), request.params.id, look);
      const data = await clips.cut(view, { fromMs, toMs });
      const file = { bytes: data.length, read: async (start: number, end: number) => data.subarray(start, end + 1) };
      reply.header('cache-control', 'private, no-store');
      return await sendRange(request, reply.type(PART_TYPE) as never, file);
    },
  );
}

function shown({ fromMs, toMs, untilMs, askedAtMs, by, file, holes, ...rest }: Clip): z.output<typeof clipView> {
  const [from, to, until, at] = [fromMs, toMs, untilMs, askedAtMs].map(toRfc3339) as [string, string, string, string];
  return {
    ...rest,
    from,
    to,
    until,
    at,
    by: by.name,
    file: file && fileOf(file),
    holes: holes.map(({ cause, detail, ...hole }) => ({
      from: toRfc3339(hole.fromMs),
      to: toRfc3339(hole.toMs),
      cause,
      detail,
    })),
  };
}

function fileOf({ startsAtMs, endsAtMs, ...rest }: NonNullable<Clip['file']>) {
  return { startsAt: toRfc3339(startsAtMs), endsAt: toRfc3339(endsAtMs), ...rest };
}

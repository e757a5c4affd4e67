import { z } from 'zod';
import { MINUTE_MS, toRfc3339 } from '../../core/clock.ts';
import { callerOf } from '../guards/auth.ts';
import { lookQuery } from '../guards/look.ts';
import { Shares } from '../guards/shares.ts';
import { recordedViewOf } from '../guards/views.ts';
import { bytesOf, deviceParams, inOrder, instant, moment, momentOrNull, rangeQuery } from '../schemas.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const tags = ['streams'];
const COUNT_MAX = 48;
/** Each has key frames read and decoded. */
const AT_ONCE = { total: 6, perCaller: 2, retryAfterS: 2 };
/** When the picture was taken: to the millisecond, which Last-Modified does not tell. */
const TAKEN_HEADER = 'x-taken-at';

const quality = z.enum(['main', 'sub']).default('main');
const width = z.coerce.number().int().min(64).max(640).default(240).meta({ description: 'At most, in points' });
const count = z.coerce.number().int().min(1).max(COUNT_MAX).default(12);

const stripQuery = z.strictObject({ quality, count, width, ...rangeQuery, ...lookQuery }).check(inOrder());
const oneQuery = z.strictObject({ quality, width, at: instant, ...lookQuery });

const strip = z
  .object({
    items: z.array(
      z.object({
        at: moment,
        takenAt: moment.nullable().meta({ description: 'Of the key frame at or before it; null where there is none' }),
        jpeg: z.base64().nullable(),
        cause: z.string().nullable().meta({ description: 'Why there is no picture: as of holes, or what went wrong' }),
        detail: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'Thumbnails' });

/** Small pictures of what was recorded: of some moments of a time at once, or of one. */
export const thumbnailRoutes: RoutePart = (app, context) => {
  const shares = new Shares(AT_ONCE);
  stripRoute(app, context, shares);
  oneRoute(app, context, shares);
};

const errors = ['look.incident-missing', 'stream.full'] as const;

function stripRoute(app: ApiApp, context: RouteContext, shares: Shares): void {
  const { thumbnails } = context.recordings;
  app.get(
    '/streams/:id/recordings/thumbnails',
    {
      exposeHeadRoute: false,
      handlerTimeout: MINUTE_MS,
      config: { right: 'video.look', errors },
      schema: {
        tags,
        summary: 'Small pictures of a time, evenly apart: of each moment the key frame at or before it',
        params: deviceParams,
        querystring: stripQuery,
        response: { 200: strip },
      },
    },
    async (request, reply) => {
      const { from, to, count: asked, width: wide, ...rest } = request.query;
      const caller = callerOf(request);
      const view = recordedViewOf(context, caller, request.params.id, rest);
      const atMs = Array.from({ length: asked }, (_, index) => Math.floor(from + ((to - from) * index) / asked));
      const found = await shares.run(caller, () => thumbnails.of(view, { atMs, width: wide }));
      reply.header('cache-control', 'no-store');
      return {
        items: found.map((one) => {
          const missing = 'missing' in one ? one.missing : null;
          return {
            at: toRfc3339(one.atMs),
            takenAt: momentOrNull('jpeg' in one ? one.takenAtMs : null),
            jpeg: 'jpeg' in one ? one.jpeg.toString('base64') : null,
            cause: missing?.cause ?? null,
            detail: missing?.detail ?? null,
          };
        }),
      };
    },
  );
}

function oneRoute(app: ApiApp, context: RouteContext, shares: Shares): void {
  const { thumbnails } = context.recordings;
  app.get(
    '/streams/:id/recordings/thumbnail.jpg',
    {
      exposeHeadRoute: false,
      config: { right: 'video.look', errors },
      schema: {
        tags,
        summary: 'A small picture of a moment that was recorded: the key frame at or before it, when says X-Taken-At',
        params: deviceParams,
        querystring: oneQuery,
        response: { 200: bytesOf('image/jpeg', 'The picture') },
      },
    },
    async (request, reply) => {
      const { at: atMs, width: wide, ...rest } = request.query;
      const caller = callerOf(request);
      const view = recordedViewOf(context, caller, request.params.id, rest);
      const { jpeg, takenAtMs } = await shares.run(caller, () => thumbnails.one(view, { atMs, width: wide }));
      reply.header(TAKEN_HEADER, toRfc3339(takenAtMs)).header('cache-control', 'no-store');
      return reply.type('image/jpeg').send(jpeg as never);
    },
  );
}

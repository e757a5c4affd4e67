import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { DisplayView } from '../../access/displays/displays.ts';
import { PART_TYPE, PLAYLIST_TYPE } from '../../streams/live/hls.ts';
import type { ShownStream, StreamAnswer } from '../../streams/live/service.ts';
import { MEMBERS_MAX } from '../../streams/mosaic/name.ts';
import { streamPlan } from '../../streams/pool/stream-plans.ts';
import { USES } from '../../streams/pool/uses.ts';
import { callerOf } from '../guards/auth.ts';
import { lookQuery } from '../guards/look.ts';
import { cameraOf, liveMosaicViewOf, liveViewOf, viewOf } from '../guards/views.ts';
import { bytesOf, deviceId, deviceParams, listOf, moment, noContent } from '../schemas.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const tags = ['streams'];
const lookErrors = ['stream.unavailable', 'stream.full', 'outbound.refused', 'look.incident-missing'] as const;
const errors = [...lookErrors, 'stream.stills-only', 'stream.lowered'] as const;

/** Which of the two pictures was given; for a wall it may be a smaller one than was asked for. */
const QUALITY_HEADER = 'x-stream-quality';

const PART = z.string().regex(/^[0-9a-f-]{8,80}\.(mp4|m4s)$/);

const look = z.strictObject({
  quality: z.enum(['main', 'sub']).default('main').meta({ description: 'The full picture, or the small one' }),
  use: z.enum(['alert', 'live', 'wall']).default('live').meta({
    description:
      'Where not everything fits, `wall` becomes smaller, then stills; `alert` goes first and names its `case`',
  }),
  ...lookQuery,
});

/** What a player of low-latency HLS waits for (RFC 8216bis §6.2.5). */
const reloadQuery = {
  _HLS_msn: z.coerce.number().int().min(0).max(1e12).optional().meta({ description: 'Over HTTP/2: wait for it' }),
  _HLS_part: z.coerce.number().int().min(0).max(9_999).optional().meta({ description: 'Over HTTP/2: this part of it' }),
  _HLS_skip: z.string().max(8).optional().meta({ description: 'Taken, and the whole playlist is given' }),
};

const health = z.object({
  state: z.string().meta({ description: 'connecting, live, stalled, auth-failed, codec-unsupported or no-video' }),
  since: moment,
  faults: z.array(z.string()).meta({ description: 'What else is wrong, by name' }),
});

const streamFields = {
  quality: z.enum(['main', 'sub']),
  state: z.string(),
  viewers: z.int(),
  uses: z.array(z.enum(USES)).meta({ description: 'What it is pulled for, the most urgent first' }),
  since: moment,
  codec: z.string().nullable(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  bitsPerS: z.number().nullable(),
  sound: z.string().nullable().meta({ description: 'Codec of the sound beside it; null where there is none' }),
  soundNote: z.string().nullable().meta({ description: "What of the camera's sound is left out, and why" }),
  lastFragmentAt: moment.nullable(),
  reason: z.string().nullable().meta({ description: 'Why there is no picture, where there is none' }),
  health: health.nullable().meta({ description: 'How the video comes; null until it was looked at' }),
};
const stream = z.object({ device: z.string(), ...streamFields }).meta({ id: 'Stream' });
const streamsOfDevice = z.object({ device: z.string(), streams: z.array(z.object(streamFields)) });

const codec = {
  codec: z.enum(['h264']).optional().meta({ description: 'H.265 coded anew, for players that cannot show it' }),
};

/** With it nothing else is asked for: what is watched, and why, was said when the link was made. */
const link = { link: z.string().max(100).optional().meta({ description: 'In the place of a login, from a link' }) };

const mosaicLook = z.strictObject({
  cameras: z
    .string()
    .max(1_200)
    .transform((text) => text.split(','))
    .pipe(z.array(deviceId).min(1).max(MEMBERS_MAX))
    .optional()
    .meta({ description: 'Ids of the cameras, in the order of their tiles, separated by commas' }),
  use: z.enum(['live', 'wall']).default('wall'),
  ...lookQuery,
  ...link,
});

export const streamRoutes: RoutePart = (app, context) => {
  planRoutes(app, context);
  stateRoutes(app, context);
  liveRoutes(app, context);
  mosaicRoutes(app, context);
  snapshotRoute(app, context);
};

function planRoutes(app: ApiApp, context: RouteContext): void {
  const { streamPlans } = context;
  app.get(
    '/devices/:id/stream-plan',
    {
      config: { right: 'registry.read' },
      schema: {
        tags,
        summary: 'How the streams of a camera are kept',
        params: deviceParams,
        response: { 200: streamPlan },
      },
    },
    async (request) => streamPlans.of(cameraOf(context, callerOf(request), request.params.id).id),
  );

  app.post(
    '/devices/:id/stream-plan',
    {
      config: { right: 'registry.edit' },
      schema: {
        tags,
        summary: 'Say how the streams of a camera are kept',
        params: deviceParams,
        body: streamPlan,
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      await streamPlans.set(caller, cameraOf(context, caller, request.params.id), request.body);
      return reply.code(204).send(null);
    },
  );
}

function stateRoutes(app: ApiApp, context: RouteContext): void {
  const { streams, directory } = context;

  app.get(
    '/streams',
    {
      config: { right: 'video.look' },
      schema: { tags, summary: 'Streams that are being pulled', response: { 200: listOf(stream) } },
    },
    async (request) => {
      const caller = callerOf(request);
      const mine = streams.list().filter(({ deviceId }) => directory.seenBy(caller, deviceId));
      return { items: mine.map(answer) };
    },
  );

  app.get(
    '/streams/:id',
    {
      config: { right: 'video.look' },
      schema: { tags, summary: 'The streams of one camera', params: deviceParams, response: { 200: streamsOfDevice } },
    },
    async (request) => {
      const { id } = cameraOf(context, callerOf(request), request.params.id);
      return { device: id, streams: streams.status(id).map(answer) };
    },
  );
}

const SHOWN: readonly DisplayView[] = ['wall', 'desk'];

const PLAYLISTS = {
  'live.m3u8': { of: 'playlist', summary: 'Live video as HLS with fragmented MP4; held until a player may begin' },
  'media.m3u8': { of: 'mediaPlaylist', summary: 'The newest segments; `live.m3u8` names it' },
} as const;

function liveRoutes(app: ApiApp, context: RouteContext): void {
  for (const [name, { of, summary }] of Object.entries(PLAYLISTS)) {
    app.get(
      `/streams/:id/${name}`,
      {
        exposeHeadRoute: false,
        config: { right: 'video.look', linked: true, displays: SHOWN, errors },
        schema: {
          tags,
          summary,
          params: deviceParams,
          querystring: look.extend({ ...reloadQuery, ...codec, ...link }),
          response: { 200: bytesOf(PLAYLIST_TYPE, 'The playlist; names in it are relative and carry the query') },
        },
      },
      async (request, reply) => {
        const { _HLS_msn: msn, _HLS_part: part, _HLS_skip: _, ...asked } = request.query;
        const view = liveViewOf(context, request, request.params.id, asked);
        // Parts are for HTTP/2: over less, each player would hold one of the few connections of its browser.
        const reload = request.raw.httpVersionMajor >= 2 ? { msn, part } : undefined;
        const wanted = (signal: AbortSignal) => context.streams[of](view, signal, reload);
        return show(reply as never, await whileWanted(request, context, wanted));
      },
    );
  }

  app.get(
    '/streams/:id/:part',
    {
      exposeHeadRoute: false,
      config: { right: 'video.look', linked: true, displays: SHOWN, errors },
      schema: {
        tags,
        summary: 'A part that the playlist names',
        params: deviceParams.extend({ part: PART }),
        querystring: look.extend({ ...codec, ...link }),
        response: { 200: bytesOf(PART_TYPE, 'Initialisation segment or media segment') },
      },
    },
    async (request, reply) => {
      const view = liveViewOf(context, request, request.params.id, request.query);
      return show(reply as never, await context.streams.part(view, request.params.part, request.signal));
    },
  );
}

function mosaicRoutes(app: ApiApp, context: RouteContext): void {
  const view = (request: FastifyRequest, look: z.output<typeof mosaicLook>) =>
    liveMosaicViewOf(context, request, { ...look, quality: 'sub' });
  for (const [name, { of, summary }] of Object.entries(PLAYLISTS)) {
    app.get(
      `/mosaics/${name}`,
      {
        exposeHeadRoute: false,
        config: { right: 'video.look', linked: true, errors },
        schema: {
          tags,
          summary: `Several cameras in one picture. ${summary}`,
          querystring: mosaicLook,
          response: { 200: bytesOf(PLAYLIST_TYPE, 'The playlist; names in it are relative and carry the query') },
        },
      },
      async (request, reply) => {
        const look = view(request, request.query);
        return show(reply as never, await whileWanted(request, context, (signal) => context.streams[of](look, signal)));
      },
    );
  }

  app.get(
    '/mosaics/:part',
    {
      exposeHeadRoute: false,
      config: { right: 'video.look', linked: true, errors },
      schema: {
        tags,
        summary: 'A part that the playlist of a mosaic names',
        params: z.strictObject({ part: PART }),
        querystring: mosaicLook,
        response: { 200: bytesOf(PART_TYPE, 'Initialisation segment or media segment') },
      },
    },
    async (request, reply) => {
      const look = view(request, request.query);
      return show(reply as never, await context.streams.part(look, request.params.part, request.signal));
    },
  );
}

function snapshotRoute(app: ApiApp, context: RouteContext): void {
  app.get(
    '/streams/:id/snapshot.jpg',
    {
      exposeHeadRoute: false,
      config: { right: 'video.look', displays: SHOWN, errors },
      schema: {
        tags,
        summary: 'A still of now; Last-Modified is when it was taken',
        params: deviceParams,
        querystring: look,
        response: { 200: bytesOf('image/jpeg', 'The still') },
      },
    },
    async (request, reply) => {
      // Also at its end: it may have been moved.
      const see = () => viewOf(context, callerOf(request), request.params.id, request.query);
      const still = await whileWanted(request, context, (end) => context.streams.snapshot(see(), end).finally(see));
      reply.header('last-modified', new Date(still.atMs).toUTCString());
      return show(reply as never, still);
    },
  );
}

const answer = ({ deviceId, ...rest }: ShownStream): z.output<typeof stream> => ({ device: deviceId, ...rest });

/** Nothing of it may be kept on the way: who looks again is looked at again. */
function show(reply: FastifyReply, { contentType, body, quality }: StreamAnswer<string | Buffer>): FastifyReply {
  return reply.type(contentType).header('cache-control', 'no-store').header(QUALITY_HEADER, quality).send(body);
}

/** Waits for a camera as long as the client does and the server is not stopping. */
async function whileWanted<Result>(
  { signal }: Pick<FastifyRequest, 'signal'>,
  { stopping }: RouteContext,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const unwanted = new AbortController();
  const end = () => unwanted.abort();
  for (const each of [signal, stopping]) each.addEventListener('abort', end, { once: true });
  try {
    return await run(unwanted.signal);
  } finally {
    for (const each of [signal, stopping]) each.removeEventListener('abort', end);
  }
}

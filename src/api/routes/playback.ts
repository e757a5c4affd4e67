import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { invalid } from '../../core/errors.ts';
import { PART_TYPE, PLAYLIST_TYPE } from '../../streams/live/hls.ts';
import { SPEEDS, type Speed } from '../../streams/playback/speed.ts';
import { callerOf } from '../guards/auth.ts';
import { lookQuery } from '../guards/look.ts';
import { recordedViewOf } from '../guards/views.ts';
import { bytesOf, deviceParams, inOrder, rangeQuery } from '../schemas.ts';
import { sendRange } from '../server/byte-range.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const tags = ['streams'];
const quality = z.enum(['main', 'sub']).default('main');
const speed = z
  .enum(SPEEDS.map(String) as [string, ...string[]])
  .default('1')
  .transform((text) => Number(text) as Speed)
  .meta({ description: 'How many times as fast as it was; from 8 on key frames alone' });
const codec = z.enum(['h264']).optional().meta({ description: 'H.265 coded anew, at its own speed; an hour at most' });
const codedLook = z.strictObject({ quality, speed, codec, ...rangeQuery, ...lookQuery }).check(inOrder());
const fasterLook = z.strictObject({ quality, speed, ...rangeQuery, ...lookQuery }).check(inOrder());
const part = z.union([z.literal('head'), z.coerce.number().int().min(0).max(999)]).optional();
const look = z.strictObject({ quality, speed, codec, part, ...lookQuery });

/** How what was recorded is played: playlists, and the files that they name. */
export const playbackRoutes: RoutePart = (app, context) => {
  const { playback } = context.recordings;
  app.get(
    '/streams/:id/playback.m3u8',
    {
      exposeHeadRoute: false,
      config: { right: 'video.look', errors: ['look.incident-missing', 'stream.full'] },
      schema: {
        tags,
        summary: 'What was recorded in a time as HLS, over its holes, also faster; a day at most',
        params: deviceParams,
        querystring: codedLook,
        response: { 200: bytesOf(PLAYLIST_TYPE, 'The playlist; names in it are relative and carry the query') },
      },
    },
    async (request, reply) => {
      const { from: fromMs, to: toMs, speed: asked, codec: coded, ...rest } = request.query;
      if (coded && asked !== 1) throw invalid('speed', 'what is coded anew plays at its own speed');
      const view = recordedViewOf(context, callerOf(request), request.params.id, rest);
      const span = { fromMs, toMs };
      const text = await (coded ? playback.codedPlaylist(view, span) : playback.playlist(view, span, asked));
      return sendPlaylist(reply as never, text);
    },
  );

  app.get(
    '/streams/:id/playback-keys.m3u8',
    {
      exposeHeadRoute: false,
      config: { right: 'video.look', errors: ['look.incident-missing', 'stream.full'] },
      schema: {
        tags,
        summary: 'The key frames of what was recorded in a time, for scrubbing (HLS, I-frames only); an hour at most',
        params: deviceParams,
        querystring: fasterLook,
        response: { 200: bytesOf(PLAYLIST_TYPE, 'The playlist; each key frame is a part of its file') },
      },
    },
    async (request, reply) => {
      const { from: fromMs, to: toMs, speed: asked, ...rest } = request.query;
      const view = recordedViewOf(context, callerOf(request), request.params.id, rest);
      return sendPlaylist(reply as never, await playback.keysPlaylist(view, { fromMs, toMs }, asked));
    },
  );
  masterRoute(app, context);
  fileRoute(app, context);
};

function masterRoute(app: ApiApp, context: RouteContext): void {
  app.get(
    '/streams/:id/playback-master.m3u8',
    {
      exposeHeadRoute: false,
      config: { right: 'video.look', errors: ['look.incident-missing', 'stream.full'] },
      schema: {
        tags,
        summary: 'What was recorded in a time, and up to an hour its key frames: a master playlist of the other two',
        params: deviceParams,
        querystring: fasterLook,
        response: { 200: bytesOf(PLAYLIST_TYPE, 'The playlist; it names codecs, size and bits a second') },
      },
    },
    async (request, reply) => {
      const { from: fromMs, to: toMs, speed: asked, ...rest } = request.query;
      const view = recordedViewOf(context, callerOf(request), request.params.id, rest);
      const text = await context.recordings.playback.master(view, { fromMs, toMs }, asked);
      return sendPlaylist(reply as never, text);
    },
  );
}

function fileRoute(app: ApiApp, context: RouteContext): void {
  const { playback } = context.recordings;
  app.get(
    '/streams/:id/recordings/:file',
    {
      exposeHeadRoute: false,
      config: {
        right: 'video.look',
        large: true,
        errors: ['look.incident-missing', 'stream.full', 'stream.unavailable'],
      },
      schema: {
        tags,
        summary: 'A file that a playlist names, or a part of it by Range',
        params: deviceParams.extend({ file: z.string().regex(/^\d{1,16}-\d{1,16}\.(mp4|m4s)$/) }),
        querystring: look,
        response: { 200: bytesOf(PART_TYPE, 'The file'), 206: bytesOf(PART_TYPE, 'The part that was asked for') },
      },
    },
    async (request, reply) => {
      const [name, type] = request.params.file.split('.');
      const [startsAtMs, leaseEpoch] = name!.split('-').map(Number);
      const of = { startsAtMs: startsAtMs!, leaseEpoch: leaseEpoch! };
      const { speed: asked, codec: coded, part: named, ...rest } = request.query;
      const view = recordedViewOf(context, callerOf(request), request.params.id, rest);
      const answer = reply.type(PART_TYPE) as never;
      if (type === 'mp4') return await sendRange(request, answer, await playback.file(view, of, asked));
      const data =
        coded && named !== undefined ? await playback.codedPart(view, of, named) : await playback.keys(view, of, asked);
      const read = async (start: number, end: number) => data.subarray(start, end + 1);
      return await sendRange(request, answer, { bytes: data.length, read });
    },
  );
}

function sendPlaylist(reply: FastifyReply, text: string): FastifyReply {
  return reply.type(PLAYLIST_TYPE).header('cache-control', 'no-store').send(text);
}

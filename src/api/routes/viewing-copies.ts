import { Readable } from 'node:stream';
import { z } from 'zod';
import { HOUR_MS, toRfc3339 } from '../../core/clock.ts';
import type { ViewingCopy } from '../../streams/copies/viewing-copy.ts';
import type { RecordingExport } from '../../streams/exports/export.ts';
import { callerOf } from '../guards/auth.ts';
import { seenExport, viewsOfExport } from '../guards/exports.ts';
import { Shares } from '../guards/shares.ts';
import { bytesOf, moment, noContent } from '../schemas.ts';
import { sendRange } from '../server/byte-range.ts';
import { untilEnd } from '../server/until-end.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const tags = ['streams'];
/** Downloads under way: each reads a disk of the gateway. */
const DOWNLOADS = { total: 4, perCaller: 2, retryAfterS: 10 };
const DOWNLOAD_MS = 12 * HOUR_MS;

const copyView = z
  .object({
    id: z.uuid(),
    export: z.uuid(),
    askedBy: z.object({ type: z.string(), id: z.string(), name: z.string(), unit: z.string(), at: moment }),
    state: z.enum(['making', 'ready', 'failed', 'removed']),
    detail: z.string().nullable(),
    files: z.int().meta({ description: 'Of the export' }),
    filesDone: z.int().meta({ description: 'How many of them are coded' }),
    bytes: z.int(),
    url: z.string().nullable().meta({ description: 'Where it is fetched while it is ready' }),
  })
  .meta({ id: 'ViewingCopy' });

const exportParams = z.strictObject({ id: z.uuid() });
const copyParams = exportParams.extend({ copy: z.uuid() });

/** Copies of exports for looking at, with who they are for in the picture. */
export const viewingCopyRoutes: RoutePart = (app, context) => {
  askRoutes(app, context);
  removeRoute(app, context);
  takeRoute(app, context);
};

function askRoutes(app: ApiApp, context: RouteContext): void {
  const { copies } = context.recordings;
  app.post(
    '/recording-exports/:id/viewing-copies',
    {
      config: {
        right: 'recordings.export',
        errors: ['look.incident-missing', 'conflict.state', 'store.full', 'labels.no-font'],
      },
      schema: {
        tags,
        summary: 'Have an export coded anew for looking at, with who asks, why and the time of day in the picture',
        params: exportParams,
        body: z.strictObject({}).nullish(),
        response: { 202: copyView },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const made = await seenExport(context, caller, request.params.id);
      viewsOfExport(context, caller, made);
      return reply.code(202).send(shown(await copies.ask(caller, made.id), made));
    },
  );

  app.get(
    '/recording-exports/:id/viewing-copies',
    {
      config: { right: 'recordings.export' },
      schema: {
        tags,
        summary: 'Copies of an export for looking at, and how far they are',
        params: exportParams,
        response: { 200: z.object({ items: z.array(copyView) }) },
      },
    },
    async (request) => {
      const made = await seenExport(context, callerOf(request), request.params.id);
      return { items: (await copies.of(made.id)).map((copy) => shown(copy, made)) };
    },
  );
}

function removeRoute(app: ApiApp, context: RouteContext): void {
  const { copies } = context.recordings;
  app.post(
    '/recording-exports/:id/viewing-copies/:copy/remove',
    {
      config: { right: 'recordings.export', errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'End the making of such a copy, or remove it',
        params: copyParams,
        body: z.strictObject({}).nullish(),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const made = await seenExport(context, caller, request.params.id);
      await copies.remove(caller, made.id, request.params.copy);
      return reply.code(204).send(null);
    },
  );
}

function takeRoute(app: ApiApp, context: RouteContext): void {
  const { copies } = context.recordings;
  const shares = new Shares(DOWNLOADS);
  app.get(
    '/recording-exports/:id/viewing-copies/:copy/copy.tar',
    {
      exposeHeadRoute: false,
      handlerTimeout: DOWNLOAD_MS,
      config: { right: 'recordings.export', lasting: true, errors: ['look.incident-missing', 'conflict.state'] },
      schema: {
        tags,
        summary: 'The copy as one archive, or a part of it by Range; a look at each of its cameras is registered',
        params: copyParams,
        response: {
          200: bytesOf('application/x-tar', 'The archive'),
          206: bytesOf('application/x-tar', 'The part that was asked for'),
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const made = await seenExport(context, caller, request.params.id);
      const views = viewsOfExport(context, caller, made);
      const { name, tar } = await copies.archive(made.id, request.params.copy, views);
      const signal = untilEnd(reply.raw, [context.stopping, request.withdrawn], shares.enter(caller));
      reply.type('application/x-tar').header('content-disposition', `attachment; filename="${name}"`);
      const read = async (start: number, end: number): Promise<Readable> => {
        const stream = Readable.from(tar.read(start, end));
        // A reader that has stopped to read would hold up the end of the server.
        signal.addEventListener('abort', () => stream.destroy(), { once: true });
        return stream;
      };
      return await sendRange(request, reply as never, { bytes: tar.bytes, read });
    },
  );
}

/** Where the export is gone, so is its copy. */
function shown(copy: ViewingCopy, made: RecordingExport): z.output<typeof copyView> {
  const { id, by, unit, askedAtMs, detail, files, filesDone, bytes } = copy;
  const state = made.state === 'ready' ? copy.state : 'removed';
  return {
    id,
    export: made.id,
    askedBy: { ...by, unit, at: toRfc3339(askedAtMs) },
    state,
    detail,
    files,
    filesDone,
    bytes,
    url: state === 'ready' ? `/api/v1/recording-exports/${made.id}/viewing-copies/${id}/copy.tar` : null,
  };
}

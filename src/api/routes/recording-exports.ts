import { Readable } from 'node:stream';
import { z } from 'zod';
import { HOUR_MS, toRfc3339 } from '../../core/clock.ts';
import type { RecordingExport } from '../../streams/exports/export.ts';
import { callerOf } from '../guards/auth.ts';
import { looksAtExport, seenExport, seenExports } from '../guards/exports.ts';
import { lookQuery } from '../guards/look.ts';
import { Shares } from '../guards/shares.ts';
import { recordedCameraOf, recordedViewOf } from '../guards/views.ts';
import { bytesOf, deviceId, inOrder, moment, momentOrNull, noContent, rangeQuery } from '../schemas.ts';
import { sendRange } from '../server/byte-range.ts';
import { untilEnd } from '../server/until-end.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const tags = ['streams'];
const CAMERAS_MAX = 16;
/** Downloads under way: each reads a disk of the gateway. */
const DOWNLOADS = { total: 4, perCaller: 2, retryAfterS: 10 };
/** How long one may take; it goes on by `Range` where it was cut. */
const DOWNLOAD_MS = 12 * HOUR_MS;

const who = z.object({ type: z.string(), id: z.string(), name: z.string(), at: moment });

export const exportView = z
  .object({
    id: z.uuid(),
    alert: z.uuid().nullable().meta({ description: 'Of a bundle (`POST /alerts/{id}/bundle`); null of recordings' }),
    plates: z.enum(['masked', 'whole']).nullable().meta({ description: 'How they stand in a bundle' }),
    cameras: z.array(z.object({ id: z.string(), name: z.string(), jurisdiction: z.string() })),
    quality: z.enum(['main', 'sub']).nullable().meta({ description: 'Of recordings' }),
    from: moment.meta({ description: 'Of recordings; of a bundle of its readings' }),
    to: moment,
    purpose: z.string(),
    case: z.string().nullable(),
    askedBy: who,
    approvedBy: who.nullable(),
    state: z
      .enum(['asked', 'copying', 'ready', 'failed', 'removed'])
      .meta({ description: '`asked`: another person has to approve it; `removed`: its copy is gone' }),
    detail: z.string().nullable(),
    bytes: z.int().meta({ description: 'Of its files; 0 of a bundle that is not made yet' }),
    manifestSha256: z.string().nullable(),
    url: z.string().nullable().meta({ description: 'Where it is fetched while it is ready' }),
    expiresAt: moment.nullable().meta({ description: 'Its copy is removed then' }),
  })
  .meta({ id: 'RecordingExport' });

const body = z
  .strictObject({
    cameras: z.array(deviceId).min(1).max(CAMERAS_MAX),
    quality: z.enum(['main', 'sub']).default('main'),
    ...rangeQuery,
    ...lookQuery,
  })
  .check(inOrder());

const exportParams = z.strictObject({ id: z.uuid() });

/** Exports of recordings: asked for, approved where another person has to, and taken away. */
export const recordingExportRoutes: RoutePart = (app, context) => {
  askRoute(app, context);
  changeRoutes(app, context);
  readRoutes(app, context);
  takeRoute(app, context);
};

function askRoute(app: ApiApp, context: RouteContext): void {
  const { exports } = context.recordings;
  app.post(
    '/recording-exports',
    {
      config: {
        right: 'recordings.export',
        errors: ['look.incident-missing', 'not-found', 'conflict.state', 'store.full'],
      },
      schema: {
        tags,
        summary: 'Take recordings away as a signed copy: sixteen cameras, seven days and 64 GiB at most',
        body,
        response: { 202: exportView },
      },
    },
    async (request, reply) => {
      const { cameras: ids, from: fromMs, to: toMs, ...look } = request.body;
      const caller = callerOf(request);
      const views = [...new Set(ids)].map((id) => recordedViewOf(context, caller, id, look));
      const cameras = views.map(({ deviceId: id }) => ({
        id,
        jurisdiction: recordedCameraOf(context, caller, id).jurisdiction,
      }));
      const [{ purpose, case: caseNumber }] = views as [(typeof views)[0]];
      const asked = { cameras, quality: look.quality, fromMs, toMs, purpose, case: caseNumber };
      return reply.code(202).send(shownExport(await exports.ask(caller, asked)));
    },
  );
}

function changeRoutes(app: ApiApp, context: RouteContext): void {
  const { exports } = context.recordings;
  app.post(
    '/recording-exports/:id/approve',
    {
      config: { right: 'recordings.approve', errors: ['auth.forbidden', 'conflict.state'] },
      schema: {
        tags,
        summary: 'Approve what another person wants to take away',
        params: exportParams,
        body: z.strictObject({}).nullish(),
        response: { 200: exportView },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      await seenExport(context, caller, request.params.id);
      return shownExport(await exports.approve(caller, request.params.id));
    },
  );

  app.post(
    '/recording-exports/:id/remove',
    {
      config: { right: 'recordings.export', errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'End an export and remove its copy',
        params: exportParams,
        body: z.strictObject({}).nullish(),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      await seenExport(context, caller, request.params.id);
      await exports.remove(caller, request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function readRoutes(app: ApiApp, context: RouteContext): void {
  const { exports } = context.recordings;
  app.get(
    '/recording-exports',
    {
      config: { right: ['recordings.export', 'recordings.approve'] },
      schema: {
        tags,
        summary: 'Exports of cameras, and bundles of alerts, that one sees: the newest 200',
        response: { 200: z.object({ items: z.array(exportView) }) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const items = await exports.list((some) => seenExports(context, caller, some));
      return { items: items.map(shownExport) };
    },
  );

  app.get(
    '/recording-exports/key',
    {
      config: { right: 'registry.read' },
      schema: {
        tags,
        summary: 'The public key that exports are verified by (Ed25519); give it on another way than the export',
        response: { 200: z.object({ id: z.string(), pem: z.string() }) },
      },
    },
    async () => exports.publicKey,
  );

  app.get(
    '/recording-exports/:id',
    {
      config: { right: ['recordings.export', 'recordings.approve'] },
      schema: {
        tags,
        summary: 'How an export is',
        params: exportParams,
        response: { 200: exportView.extend({ files: z.int(), filesDone: z.int() }) },
      },
    },
    async (request) => {
      const made = await seenExport(context, callerOf(request), request.params.id);
      const { files, done } = await exports.progress(made);
      return { ...shownExport(made), files, filesDone: done };
    },
  );
}

function takeRoute(app: ApiApp, context: RouteContext): void {
  const { exports } = context.recordings;
  const shares = new Shares(DOWNLOADS);
  app.get(
    '/recording-exports/:id/export.tar',
    {
      exposeHeadRoute: false,
      handlerTimeout: DOWNLOAD_MS,
      config: { right: 'recordings.export', lasting: true, errors: ['look.incident-missing', 'conflict.state'] },
      schema: {
        tags,
        summary: 'The export as one archive, or a part of it by Range; looks at its cameras and plates are registered',
        params: exportParams,
        response: {
          200: bytesOf('application/x-tar', 'The archive'),
          206: bytesOf('application/x-tar', 'The part that was asked for'),
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const made = await seenExport(context, caller, request.params.id);
      const { name, tar } = await exports.archive(made.id, await looksAtExport(context, caller, made));
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

/** An export as it is shown. */
export function shownExport(made: RecordingExport): z.output<typeof exportView> {
  const { id, cameras, purpose, state, detail, bytes, manifestSha256, by, approved, bundle } = made;
  return {
    id,
    alert: bundle?.alert ?? null,
    plates: bundle?.plates ?? null,
    cameras,
    quality: bundle ? null : made.quality,
    from: toRfc3339(made.fromMs),
    to: toRfc3339(made.toMs),
    purpose,
    case: made.case,
    askedBy: { ...by, at: toRfc3339(made.askedAtMs) },
    approvedBy: approved && whoOf(approved),
    state,
    detail,
    bytes,
    manifestSha256,
    url: state === 'ready' ? `/api/v1/recording-exports/${id}/export.tar` : null,
    expiresAt: momentOrNull(made.expiresAtMs),
  };
}

function whoOf({ atMs, ...rest }: NonNullable<RecordingExport['approved']>) {
  return { ...rest, at: toRfc3339(atMs) };
}

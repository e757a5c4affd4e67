import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { PHOTO_KINDS, type SitePhoto } from '../../devices/photos/photo.ts';
import type { PhotoSubject } from '../../devices/photos/photos.ts';
import { IMAGE_TYPES } from '../../images/image-file.ts';
import { callerOf } from '../guards/auth.ts';
import { caseOf, lookQuery, purposeOf } from '../guards/look.ts';
import { Shares } from '../guards/shares.ts';
import { FILE_ARRIVES_MS, mayArriveSlowly, takeSlowFiles } from '../guards/slow-files.ts';
import { bytesOf, deviceId, deviceParams, listOf, moment, momentOrNull, pageQuery } from '../schemas.ts';
import { requirePlainBody } from '../server/bodies.ts';
import { PHOTO_BODY_BYTES_MAX } from '../server/limits.ts';
import { validatorCompiler } from '../server/validation.ts';
import { numberParams } from './order-schemas.ts';
import { type ApiApp, pageOf, type RouteContext, type RoutePart } from './route.ts';

const TYPES = Object.keys(IMAGE_TYPES);
const MIB = 1024 * 1024;
/** Bodies that may be held at the same time. */
const BODIES = { total: 12, perCaller: 2, retryAfterS: 1 };
/** To take it apart and keep it, when all of it is here. */
const KEEPING_MS = 30_000;

const photoQuery = z.strictObject({
  id: z.uuid().meta({ description: 'A UUID of your own for this photo; sent again it changes nothing' }),
  what: z
    .enum(PHOTO_KINDS)
    .default('other')
    .meta({ description: '`sign`: the notice that tells people of the camera' }),
});

export const photo = z
  .object({
    id: z.uuid(),
    device: deviceId,
    order: z.string().nullable(),
    what: z.enum(PHOTO_KINDS),
    type: z.enum(['image/jpeg', 'image/png']),
    width: z.int(),
    height: z.int(),
    bytes: z.int().meta({ description: 'As it is kept, without metadata' }),
    kept: moment,
    by: z.string(),
    claimedByPhone: z
      .object({
        position: z.object({ lat: z.number(), lon: z.number(), accuracyM: z.number().nullable() }).nullable(),
        at: moment.nullable(),
        localTime: z.string().nullable().meta({ description: 'What its clock showed, without a zone' }),
      })
      .meta({ description: 'What the telephone wrote into it (EXIF); nobody checked it' }),
  })
  .meta({ id: 'SitePhoto' });

export const photoRoutes: RoutePart = (app, context) => {
  const bodies = new Shares(BODIES);
  app.register(async (raw) => {
    takeSlowFiles(raw as never, TYPES, context.clock);
    sendRoutes(raw, context, bodies);
  });
  showRoutes(app, context);
};

function sendRoutes(app: ApiApp, context: RouteContext, bodies: Shares): void {
  const options = {
    bodyLimit: PHOTO_BODY_BYTES_MAX,
    handlerTimeout: FILE_ARRIVES_MS + KEEPING_MS,
    config: {
      right: ['orders.work', 'orders.keep'] as const,
      errors: ['conflict.state', 'idempotency.mismatch', 'images.unavailable'] as const,
    },
    onRequest: async (request: FastifyRequest, reply: FastifyReply) => {
      bodies.enterUntilAnswered(callerOf(request), reply);
      mayArriveSlowly(request, reply);
      await requirePlainBody(request);
    },
    // The body stays bytes; its schema is for the OpenAPI document.
    validatorCompiler: (part: { httpPart?: string }) =>
      part.httpPart === 'body' ? () => true : validatorCompiler(part as never),
  };
  const schema = {
    tags: ['orders'],
    description:
      `JPEG or PNG of at most ${PHOTO_BODY_BYTES_MAX / MIB} MiB. Position and time are read out of it, then all ` +
      'but the picture is removed; it is still turned as it was taken. The same request again is answered the same.',
    consumes: TYPES,
    querystring: photoQuery,
    body: z.unknown().meta({ description: 'The bytes of the photo' }),
    response: { 201: photo },
  };
  const keep = async (request: FastifyRequest, subject: PhotoSubject) => {
    const { id, what } = request.query as z.output<typeof photoQuery>;
    const kept = await context.photos.keep(callerOf(request), subject, { id, what, sent: bodyOf(request) });
    return shownPhoto(kept);
  };
  const ofOrder = { ...schema, summary: 'Keep a photo with a work order', params: numberParams };
  app.post('/orders/:number/photos', { ...options, schema: ofOrder }, async (request, reply) => {
    const shown = await keep(request, { order: request.params.number });
    return reply.code(201).header('location', `/api/v1/photos/${shown.id}`).send(shown);
  });
  const ofDevice = { ...schema, summary: 'Keep a photo of a device, without an order', params: deviceParams };
  app.post('/devices/:id/photos', { ...options, schema: ofDevice }, async (request, reply) => {
    const shown = await keep(request, { device: request.params.id });
    return reply.code(201).header('location', `/api/v1/photos/${shown.id}`).send(shown);
  });
}

function bodyOf({ body }: FastifyRequest): Buffer {
  if (Buffer.isBuffer(body) && body.length > 0) return body;
  throw new CitywatchError('request.malformed', { detail: 'The body is empty.' });
}

function showRoutes(app: ApiApp, context: RouteContext): void {
  const { photos, registry } = context;
  app.get(
    '/devices/:id/photos',
    {
      config: { right: 'orders.read' },
      schema: {
        tags: ['orders'],
        summary: 'What is known of the photos of a device, newest first; GET /photos/{id} shows one',
        params: deviceParams,
        querystring: z.strictObject(pageQuery),
        response: { 200: listOf(photo) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { id } = await registry.get(caller, request.params.id);
      const page = pageOf(context, `devices/${id}/photos`, caller, request.query);
      const { items, next } = await photos.ofDevice(id, page.request);
      return { items: items.map(shownPhoto), ...page.seal(next) };
    },
  );

  app.get(
    '/photos/:id',
    {
      exposeHeadRoute: false,
      config: { right: 'orders.look', errors: ['look.incident-missing'] },
      schema: {
        tags: ['orders'],
        summary: 'A photo that was taken at work; the look is registered',
        params: z.strictObject({ id: z.uuid() }),
        querystring: z.strictObject(lookQuery),
        response: { 200: bytesOf('image/jpeg', 'The photo; `image/png` where it was sent as that') },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const found = await photos.find(caller, request.params.id);
      const purpose = purposeOf(context, caller, request.query);
      const named = caseOf(context, found.device, request.query);
      const bytes = await photos.look(caller, found, { purpose, case: named });
      reply.type(found.type).header('cache-control', 'private, no-store');
      return reply.header('content-disposition', 'inline').send(bytes as never);
    },
  );
}

export function shownPhoto({ keptMs, claimedByPhone: claimed, ...rest }: SitePhoto): z.output<typeof photo> {
  const { position, atMs, localTime } = claimed;
  return { ...rest, kept: toRfc3339(keptMs), claimedByPhone: { position, at: momentOrNull(atMs), localTime } };
}

import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { MINUTE_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Caller, DeviceId, FieldSpec } from '../../core/types.ts';
import { IMAGE_TYPES, type ImageType, readImage } from '../../images/image-file.ts';
import { DeviceBudget } from '../../ingest/uplinks/common/device-budget.ts';
import { callerOf, senderOf } from '../guards/auth.ts';
import { caseOf, lookQuery, purposeOf } from '../guards/look.ts';
import { Shares } from '../guards/shares.ts';
import { mayArriveSlowly, takeSlowFiles } from '../guards/slow-files.ts';
import { bytesOf, deviceParams } from '../schemas.ts';
import { requirePlainBody } from '../server/bodies.ts';
import { IMAGE_BODY_BYTES_MAX } from '../server/limits.ts';
import { validatorCompiler } from '../server/validation.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const TYPES = Object.keys(IMAGE_TYPES) as ImageType[];

/** A checkpoint in the morning rush sends three pictures of each of two vehicles a second. */
const IMAGES_PER_S = 10;
const IMAGES_BURST = 300;
/** A picture of a vehicle takes half of it over 300 kbit/s; who sends slower still would hold up its own events. */
const IMAGE_ARRIVES_MS = MINUTE_MS;
/** Bodies that may be held at the same time. */
const BODIES = { total: 64, perCaller: 4, retryAfterS: 1 };

const kept = z.object({ id: z.uuid().meta({ description: 'What events name the picture by' }) });
const imageParams = z.strictObject({ id: z.uuid() });

export const imageRoutes: RoutePart = (app, context) => {
  sendRoute(app, context);
  showRoute(app, context);
};

function sendRoute(app: ApiApp, context: RouteContext): void {
  const budget = new DeviceBudget(context.clock, { perS: IMAGES_PER_S, burst: IMAGES_BURST });
  const bodies = new Shares(BODIES);
  app.register(async (raw) => {
    takeSlowFiles(raw as never, TYPES, context.clock);
    raw.post(
      '/devices/:id/images',
      {
        bodyLimit: IMAGE_BODY_BYTES_MAX,
        handlerTimeout: IMAGE_ARRIVES_MS,
        config: { right: 'telemetry.send', ownBudget: true, errors: ['images.unavailable'] },
        onRequest: async (request, reply) => {
          const caller = callerOf(request);
          budget.take(caller.id);
          bodies.enterUntilAnswered(caller, reply);
          mayArriveSlowly(request, reply);
          await requirePlainBody(request);
        },
        // The body stays bytes; its schema is for the OpenAPI document.
        validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : validatorCompiler(part as never)),
        schema: {
          tags: ['telemetry'],
          summary: 'Send a picture that an event will name',
          description: `JPEG or PNG of at most ${IMAGE_BODY_BYTES_MAX} bytes. The same bytes again have the same id.`,
          params: deviceParams,
          consumes: TYPES,
          body: z.unknown().meta({ description: 'The bytes of the picture' }),
          response: { 201: kept },
        },
      },
      async (request, reply) => {
        const { id } = await context.images.keep(senderOf(context, request), ...pictureOf(request));
        return reply.code(201).header('location', `/api/v1/images/${id}`).send({ id });
      },
    );
  });
}

function pictureOf({ body, headers }: FastifyRequest): [ImageType, Buffer] {
  if (!Buffer.isBuffer(body) || body.length === 0) {
    throw new CitywatchError('request.malformed', { detail: 'The body is empty.' });
  }
  const shape = readImage(body);
  if (typeof shape === 'string') throw refused(shape);
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (shape.type !== type) throw refused(`is ${shape.type}, not what Content-Type says`);
  return [shape.type, body];
}

function refused(message: string): CitywatchError {
  return new CitywatchError('request.invalid', { issues: [{ path: 'body', message }] });
}

/**
 * What a device that reads plates sends shows them: it is for who may search for plates, or see those of alerts whole.
 */
function requirePlates({ authority, directory, kinds }: RouteContext, caller: Caller, device: DeviceId): void {
  const kind = directory.identity(device)?.kind;
  const events = kind === undefined ? [] : [...(kinds.latest(kind)?.events.values() ?? [])];
  const isPlate = (field: FieldSpec) => field.type === 'text' && field.sensitive === 'plate';
  if (!events.some(({ fields }) => [...fields.values()].some(isPlate))) return;
  if (authority.may(caller, 'plates.search') || authority.may(caller, 'alerts.plates')) return;
  throw new CitywatchError('auth.forbidden', {
    detail: 'This picture shows plates: it takes the right plates.search.',
  });
}

function showRoute(app: ApiApp, context: RouteContext): void {
  const { images } = context;
  app.get(
    '/images/:id',
    {
      exposeHeadRoute: false,
      config: { right: 'pictures.look', errors: ['look.incident-missing'] },
      schema: {
        tags: ['telemetry'],
        summary: 'A picture that an event names; the look is registered',
        params: imageParams,
        querystring: z.strictObject(lookQuery),
        response: { 200: bytesOf('image/jpeg', 'The picture; `image/png` where it was sent as that') },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const image = await images.find(caller, request.params.id);
      requirePlates(context, caller, image.device);
      const purpose = purposeOf(context, caller, request.query);
      const named = caseOf(context, image.device, request.query);
      const bytes = await images.read(image);
      await images.registerLook({ caller, image, purpose, case: named });
      reply.type(image.type).header('cache-control', 'private, no-store');
      return reply.header('content-disposition', 'inline').send(bytes as never);
    },
  );
}

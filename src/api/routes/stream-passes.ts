import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import { MEMBERS_MAX } from '../../streams/mosaic/name.ts';
import { PASS_USES, type StreamPass } from '../../streams/passes/pass.ts';
import { pathOf } from '../../streams/rtsp/showing.ts';
import { callerOf } from '../guards/auth.ts';
import { lookQuery } from '../guards/look.ts';
import { camerasOf, mosaicViewOf, viewOf } from '../guards/views.ts';
import { deviceId, instant, moment, momentOrNull, noContent } from '../schemas.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const tags = ['streams'];

const use = z.enum(PASS_USES);
const quality = z.enum(['main', 'sub']);

const body = z.strictObject({
  camera: deviceId.optional(),
  cameras: z
    .array(deviceId)
    .min(1)
    .max(MEMBERS_MAX)
    .optional()
    .meta({ description: 'In the place of `camera`: those of a mosaic, in the order of their tiles' }),
  quality: quality.default('main').meta({ description: 'The full picture, or the small one' }),
  use: use.default('live').meta({ description: 'Where not everything fits, `wall` becomes smaller first' }),
  ...lookQuery,
  expiresAt: instant.optional().meta({ description: 'Within 31 days; without it in a day' }),
});

const fields = {
  id: z.uuid().meta({ description: 'The user name' }),
  cameras: z.array(z.string()),
  quality,
  use,
  purpose: z.string(),
  case: z.string().nullable(),
  createdAt: moment,
  expiresAt: moment,
  url: z.string().nullable().meta({ description: 'Without the login; null while RTSP is off' }),
};
const listed = z.object({ ...fields, revokedAt: moment.nullable() }).meta({ id: 'StreamPass' });
const made = z.object({
  ...fields,
  password: z.string().optional().meta({ description: 'Shown this once and never again' }),
  secretWithheld: z.boolean().optional().meta({ description: 'An answer from memory, which keeps no secret' }),
});

/** Viewer tokens: what players show that have no session and can send no header. */
export const streamPassRoutes: RoutePart = (app, context) => {
  makeRoute(app, context);
  ownRoutes(app, context);
};

function makeRoute(app: ApiApp, context: RouteContext): void {
  app.post(
    '/stream-passes',
    {
      config: { right: 'video.look', oneTimeSecret: 'password', errors: ['look.incident-missing', 'conflict.state'] },
      schema: {
        tags,
        summary: 'Make a viewer token for one camera or mosaic, with which a player fetches live video by RTSP',
        description: 'It shows what its maker may look at, and ends when they may no more. See docs/rtsp.md.',
        body,
        response: { 201: made },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { camera, cameras, expiresAt: expiresAtMs = null, ...look } = request.body;
      if ((camera === undefined) === (cameras === undefined)) throw invalid('camera', 'give it, or `cameras`');
      const view = cameras ? mosaicViewOf(context, caller, cameras, look) : viewOf(context, caller, camera!, look);
      const { purpose, quality, case: caseNumber, members = [view.deviceId] } = view;
      const asked = {
        cameras: [...members],
        isMosaic: cameras !== undefined,
        quality,
        use: look.use,
        purpose,
        case: caseNumber,
        expiresAtMs,
      };
      const { pass, secret } = await context.streamPasses.create(caller, asked, camerasOf(context, caller, members));
      return reply.code(201).send({ ...shown(pass, urlFor(context, request)), password: secret });
    },
  );
}

function ownRoutes(app: ApiApp, context: RouteContext): void {
  const { streamPasses } = context;
  app.get(
    '/stream-passes',
    {
      config: { right: 'video.look' },
      schema: {
        tags,
        summary: 'Your own viewer tokens that have not ended',
        response: { 200: z.object({ items: z.array(listed) }) },
      },
    },
    async (request) => {
      const passes = await streamPasses.list(callerOf(request));
      const url = urlFor(context, request);
      return { items: passes.map((pass) => ({ ...shown(pass, url), revokedAt: momentOrNull(pass.revokedAtMs) })) };
    },
  );

  app.post(
    '/stream-passes/:id/revoke',
    {
      config: { right: 'video.look' },
      schema: {
        tags,
        summary: 'Revoke a viewer token; what is watched by it ends within 10 s',
        params: z.strictObject({ id: z.uuid() }),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      await streamPasses.revoke(callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

/** Addresses for players, as the one who asks reaches the gateway. */
function urlFor({ streamPasses }: RouteContext, { hostname }: FastifyRequest): (path: string) => string | null {
  const at = streamPasses.address();
  const host = at?.host ?? hostname;
  return (path) => (at === null ? null : `rtsp://${host.includes(':') ? `[${host}]` : host}:${at.port}${path}`);
}

function shown(pass: StreamPass, url: (path: string) => string | null) {
  const { id, cameras, quality, use, purpose, case: caseNumber, createdAtMs, expiresAtMs } = pass;
  return {
    id,
    cameras,
    quality,
    use,
    purpose,
    case: caseNumber,
    createdAt: toRfc3339(createdAtMs),
    expiresAt: toRfc3339(expiresAtMs),
    url: url(pathOf(cameras[0]!, pass.isMosaic)),
  };
}

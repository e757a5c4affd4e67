import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import { MEMBERS_MAX } from '../../streams/mosaic/name.ts';
import type { StreamLink } from '../../streams/passes/link.ts';
import { PASS_USES } from '../../streams/passes/pass.ts';
import { callerOf } from '../guards/auth.ts';
import { lookQuery } from '../guards/look.ts';
import { camerasOf, mosaicViewOf, viewOf } from '../guards/views.ts';
import { deviceId, instant, moment, noContent } from '../schemas.ts';
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
  endsAt: instant.optional().meta({ description: 'Within 12 hours; without it in 12 hours' }),
});

const fields = {
  id: z.uuid(),
  cameras: z.array(z.string()),
  quality,
  use,
  purpose: z.string(),
  case: z.string().nullable(),
  createdAt: moment,
  openUntil: moment.meta({ description: 'Open it until then; put off while it is watched' }),
  endsAt: moment,
};
const listed = z.object(fields).meta({ id: 'StreamLink' });
const made = z.object({
  ...fields,
  url: z.string().optional().meta({ description: 'What a player opens. Shown this once and never again' }),
  secretWithheld: z.boolean().optional().meta({ description: 'An answer from memory, which keeps no secret' }),
});

/** Links to live video, for players that have no session and can send no header. */
export const streamLinkRoutes: RoutePart = (app, context) => {
  makeRoute(app, context);
  ownRoutes(app, context);
};

function makeRoute(app: ApiApp, context: RouteContext): void {
  app.post(
    '/stream-links',
    {
      config: { right: 'video.look', oneTimeSecret: 'url', errors: ['look.incident-missing', 'conflict.state'] },
      schema: {
        tags,
        summary: 'Make a link to the live video (HLS) of one camera or mosaic, for a player that can send no header',
        description:
          'It shows what its maker may look at, in the network that opens it first, and dies five minutes after it ' +
          'was watched last, with the login that it was made in, and when its maker may look no more. See ' +
          'docs/integrators.md.',
        body,
        response: { 201: made },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { camera, cameras, endsAt: endsAtMs = null, ...look } = request.body;
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
        session: request.session?.id ?? null,
        endsAtMs,
      };
      const devices = camerasOf(context, caller, members);
      const { link, token } = await context.streamLinks.create(caller, asked, devices);
      return reply.code(201).send({ ...shown(link), url: urlOf(context, request, { link, token }) });
    },
  );
}

function ownRoutes(app: ApiApp, context: RouteContext): void {
  const { streamLinks } = context;
  app.get(
    '/stream-links',
    {
      config: { right: 'video.look' },
      schema: {
        tags,
        summary: 'Your own links to live video that still count',
        response: { 200: z.object({ items: z.array(listed) }) },
      },
    },
    async (request) => ({ items: (await streamLinks.list(callerOf(request))).map(shown) }),
  );

  app.post(
    '/stream-links/:id/revoke',
    {
      config: { right: 'video.look' },
      schema: {
        tags,
        summary: 'Revoke a link; what is watched by it ends within 10 s',
        params: z.strictObject({ id: z.uuid() }),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      await streamLinks.revoke(callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

/** As the one who asks reaches the gateway, unless its settings say how players do. */
function urlOf(
  { streamLinks }: RouteContext,
  { protocol, host }: FastifyRequest,
  { link, token }: { link: StreamLink; token: string },
): string {
  const path = link.isMosaic ? 'mosaics' : `streams/${encodeURIComponent(link.cameras[0]!)}`;
  return `${streamLinks.origin() ?? `${protocol}://${host}`}/api/v1/${path}/live.m3u8?link=${token}`;
}

function shown(link: StreamLink) {
  const { id, cameras, quality, use, purpose, case: caseNumber } = link;
  return {
    id,
    cameras,
    quality,
    use,
    purpose,
    case: caseNumber,
    createdAt: toRfc3339(link.createdAtMs),
    openUntil: toRfc3339(link.openUntilMs),
    endsAt: toRfc3339(link.endsAtMs),
  };
}

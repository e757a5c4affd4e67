import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, label, listOf, moment, pageQuery } from '../schemas.ts';
import { defined, pageOf, type RoutePart } from './route.ts';

const query = z.strictObject({
  device: deviceId.optional(),
  viewer: label(64).optional().meta({ description: 'Id of the person, token or system part that looked' }),
  ...pageQuery,
});

const look = z.object({
  seq: z.int(),
  at: moment,
  viewer: z.object({ type: z.string(), id: z.string(), name: z.string() }),
  act: z.enum(['view', 'snapshot', 'evidence', 'image', 'photo', 'plates', 'register', 'audit', 'ptz']),
  device: z.string().nullable(),
  jurisdiction: z.string(),
  purpose: z.string(),
  case: z.string().nullable(),
  asked: z
    .record(z.string(), z.unknown())
    .nullish()
    .meta({ description: 'What a query asked for; a plate as mask and keyed hash' }),
});

export const accessRegisterRoutes: RoutePart = (app, context) => {
  app.get(
    '/access-register',
    {
      config: { right: 'register.read' },
      schema: {
        tags: ['people'],
        summary: 'Who looked at what, why and for which case; reading this leaves an entry too',
        querystring: query,
        response: { 200: listOf(look) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { device, viewer, limit } = request.query;
      const page = pageOf(context, 'access-register', caller, request.query);
      const beforeSeq = page.request.after === undefined ? undefined : Number(page.request.after);
      const entries = await context.accessRegister.list(caller, { limit, ...defined({ device, viewer, beforeSeq }) });
      const last = entries.length < limit ? undefined : entries.at(-1);
      const items = entries.map(({ atMs, ...rest }) => ({ ...rest, at: toRfc3339(atMs) }));
      return { items, ...page.seal(last ? String(last.seq) : null) };
    },
  );
};

import { z } from 'zod';
import { HOLDERS } from '../../alerts/watchlists/permits/permits.ts';
import { callerOf } from '../guards/auth.ts';
import { instant, jurisdiction, label, listOf, moment, noContent } from '../schemas.ts';
import { defined, type RoutePart } from './route.ts';

const permit = z
  .object({
    id: z.string(),
    holder: z.object({ type: z.enum(HOLDERS), id: z.string(), name: z.string() }),
    jurisdiction: z.string(),
    purpose: z.string(),
    case: z.string(),
    until: moment,
    givenBy: z.string(),
    givenAt: moment,
  })
  .meta({ id: 'PlatePermit' });

const newPermit = z.strictObject({
  holder: z.strictObject({ type: z.enum(HOLDERS), id: label(64) }),
  jurisdiction: jurisdiction.optional().meta({ description: 'Your own area when absent' }),
  purpose: label(200),
  case: label(64),
  until: instant.meta({ description: 'At most 90 days from now' }),
});

/** Who may see the plates of alerts whole, for which case and until when. */
export const platePermitRoutes: RoutePart = (app, { alerts: { permits } }) => {
  const tags = ['alerts'];

  app.get(
    '/plate-permits',
    {
      config: { right: 'plates.permit' },
      schema: { tags, summary: 'Who may see plates of alerts whole', response: { 200: listOf(permit) } },
    },
    async (request) => ({ items: await permits.list(callerOf(request)) }),
  );

  app.post(
    '/plate-permits',
    {
      config: { right: 'plates.permit', errors: ['auth.forbidden'] },
      schema: {
        tags,
        summary: 'Let somebody else, or a webhook of somebody else, see plates of alerts whole',
        body: newPermit,
        response: { 201: permit },
      },
    },
    async (request, reply) => {
      const { until: untilMs, ...rest } = request.body;
      reply.code(201);
      return permits.give(callerOf(request), { ...defined(rest), untilMs });
    },
  );

  app.post(
    '/plate-permits/:id/end',
    {
      config: { right: 'plates.permit' },
      schema: {
        tags,
        summary: 'End a permit',
        params: z.strictObject({ id: z.string().max(64) }),
        body: z.strictObject({}).nullish(),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      await permits.end(callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
};

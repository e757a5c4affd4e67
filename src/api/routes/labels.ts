import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { invalid } from '../../core/errors.ts';
import type { Device } from '../../core/types.ts';
import { filterQuery } from '../../devices/search/filter.ts';
import { callerOf } from '../guards/auth.ts';
import { Shares } from '../guards/shares.ts';
import { bytesOf, deviceId } from '../schemas.ts';
import { REGISTRY_TAGS } from './device-schemas.ts';
import { defined, type RouteContext, type RoutePart } from './route.ts';

/** Ten sheets of A4. */
const LABELS_MAX = 240;
/** Sheets that are drawn at the same time: codes take processor time. */
const SHARES = { total: 2, perCaller: 1, retryAfterS: 2 };

const labelsQuery = z.strictObject({
  ...filterQuery,
  ids: z
    .string()
    .max(LABELS_MAX * 65)
    .transform((text) => text.split(','))
    .pipe(z.array(deviceId).max(LABELS_MAX))
    .optional()
    .meta({ description: 'Ids with commas between, in this order; instead of a filter' }),
  sheet: z.enum(['a4', 'roll']).default('a4').meta({
    description: '`a4`: 24 labels of 70 x 37 mm a page. `roll`: one of 60 x 40 mm after the other',
  }),
  format: z.enum(['html', 'pdf']).default('html'),
  skip: z.coerce.number().int().min(0).max(23).default(0).meta({
    description: 'Places at the beginning of the first page that stay empty',
  }),
});

export const labelRoutes: RoutePart = (app, context) => {
  const { labels } = context;
  const shares = new Shares(SHARES);
  app.get(
    '/devices/labels',
    {
      exposeHeadRoute: false,
      config: { right: 'registry.read', errors: ['labels.no-font'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: `Labels of at most ${LABELS_MAX} devices, to print: a code without any secret, name and id`,
        querystring: labelsQuery,
        response: { 200: bytesOf('text/html', 'A page in millimetres; print it at 100 %. Or PDF') },
      },
    },
    async (request, reply) => {
      shares.enterUntilAnswered(callerOf(request), reply);
      const { sheet, skip, format } = request.query;
      const devices = await asked(context, request, request.query);
      const wanted = { sheet, skip, reachedAt: `${request.protocol}://${request.host}` };
      reply.header('cache-control', 'private, no-store');
      if (format === 'pdf') {
        reply.type('application/pdf').header('content-disposition', 'inline; filename="labels.pdf"');
        return reply.send((await labels.pdf(devices, wanted)) as never);
      }
      const { html, policy } = await labels.page(devices, wanted);
      reply.type('text/html; charset=utf-8').header('content-security-policy', policy);
      return reply.send(html as never);
    },
  );
};

/** Those that the caller names or a filter finds, as far as the caller may see them. */
async function asked(
  { registry, search }: RouteContext,
  request: FastifyRequest,
  { ids, sheet: _sheet, format: _format, skip: _skip, ...filter }: z.output<typeof labelsQuery>,
): Promise<Device[]> {
  const caller = callerOf(request);
  if (ids) {
    if (Object.keys(defined(filter)).length > 0) throw invalid('ids', 'stands alone: leave out the filter');
    const devices: Device[] = [];
    for (const id of ids) devices.push(await registry.get(caller, id));
    return devices;
  }
  const { items, next } = await search.list(caller, { ...defined(filter), limit: LABELS_MAX });
  if (next === null) return items;
  throw invalid('q', `finds more than ${LABELS_MAX} devices: narrow the list, or name their \`ids\``);
}

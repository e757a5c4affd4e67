import { Readable } from 'node:stream';
import { z } from 'zod';
import { HOUR_MS } from '../../core/clock.ts';
import { filterQuery } from '../../devices/search/filter.ts';
import { callerOf } from '../guards/auth.ts';
import { Shares } from '../guards/shares.ts';
import { bytesOf } from '../schemas.ts';
import { untilEnd } from '../server/until-end.ts';
import { REGISTRY_TAGS } from './device-schemas.ts';
import { defined, type RoutePart } from './route.ts';

/** Exports under way: each holds a page of devices. */
const EXPORTS = { total: 4, perCaller: 1, retryAfterS: 10 };
/** How long one may take, at whatever pace its reader reads. */
const EXPORT_MS = HOUR_MS;

const exportQuery = z.strictObject({
  ...filterQuery,
  format: z.enum(['csv', 'xlsx']).default('csv'),
  titles: z.enum(['en', 'zh']).default('en').meta({ description: 'In which language columns are named' }),
});

export const deviceExportRoutes: RoutePart = (app, { search, authority, deviceExport, stopping }) => {
  const shares = new Shares(EXPORTS);

  app.get(
    '/devices/export',
    {
      exposeHeadRoute: false,
      handlerTimeout: EXPORT_MS,
      config: { right: 'registry.read', lasting: true },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'A list of devices as a spreadsheet that an import takes back; an audit row tells of it',
        querystring: exportQuery,
        response: { 200: bytesOf('text/csv', 'UTF-8 with a mark and a header; or XLSX. Cells are no formulas') },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const signal = untilEnd(reply.raw, [stopping, request.withdrawn], shares.enter(caller));
      const { format, titles, ...asked } = request.query;
      const filter = defined(asked);
      const { contentType, fileName, pieces } = await deviceExport.open(caller, {
        format,
        titles,
        filter,
        tellsAddresses: (area) => authority.may(caller, 'registry.edit', area),
        page: (page) => search.list(caller, { ...filter, ...page }),
      });
      reply.type(contentType).header('cache-control', 'private, no-store');
      reply.header('content-disposition', `attachment; filename="${fileName}"`);
      const body = Readable.from(pieces);
      signal.addEventListener('abort', () => body.destroy(), { once: true });
      return reply.send(body as never);
    },
  );
};

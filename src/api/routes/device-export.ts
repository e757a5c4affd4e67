import { Readable } from 'node:stream';
import { z } from 'zod';
import { HOUR_MS } from '../../core/clock.ts';
import { gbId } from '../../devices/file/file-input.ts';
import { callerOf } from '../guards/auth.ts';
import { Shares } from '../guards/shares.ts';
import { bytesOf, jurisdiction } from '../schemas.ts';
import { untilEnd } from '../server/until-end.ts';
import { REGISTRY_TAGS, state } from './device-schemas.ts';
import { defined, type RoutePart } from './route.ts';

/** Exports under way: each holds a page of devices. */
const EXPORTS = { total: 4, perCaller: 1, retryAfterS: 10 };
/** How long one may take, at whatever pace its reader reads. */
const EXPORT_MS = HOUR_MS;

const exportQuery = z.strictObject({
  kind: z.string().min(1).max(64).optional(),
  jurisdiction: jurisdiction.optional(),
  state: state.optional().meta({ description: 'Without it, all but retired ones' }),
  gbId: gbId.optional(),
  text: z.string().min(1).max(100).optional(),
  format: z.enum(['csv', 'xlsx']).default('csv'),
  titles: z.enum(['en', 'zh']).default('en').meta({ description: 'In which language columns are named' }),
});

export const deviceExportRoutes: RoutePart = (app, { registry, authority, deviceExport, stopping }) => {
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
        withAddresses: authority.may(caller, 'registry.edit'),
        page: (page) => registry.list(caller, { ...filter, ...page }),
      });
      reply.type(contentType).header('cache-control', 'private, no-store');
      reply.header('content-disposition', `attachment; filename="${fileName}"`);
      const body = Readable.from(pieces);
      signal.addEventListener('abort', () => body.destroy(), { once: true });
      return reply.send(body as never);
    },
  );
};

import { Readable } from 'node:stream';
import { z } from 'zod';
import { HOUR_MS } from '../../core/clock.ts';
import { callerOf } from '../guards/auth.ts';
import { lookQuery, purposeOf } from '../guards/look.ts';
import { Shares } from '../guards/shares.ts';
import { bytesOf, deviceParams, inOrder, rangeQuery } from '../schemas.ts';
import { untilEnd } from '../server/until-end.ts';
import { fieldList } from './history.ts';
import { defined, type RoutePart } from './route.ts';

/** Exports under way: each holds a page of points. */
const EXPORTS = { total: 8, perCaller: 2, retryAfterS: 10 };
/** How long one may take, at whatever pace its reader reads. */
const EXPORT_MS = HOUR_MS;

const exportQuery = z
  .strictObject({
    ...rangeQuery,
    fields: fieldList.optional(),
    format: z.enum(['csv', 'line-protocol']).default('csv'),
    ...lookQuery,
  })
  .check(inOrder());

export const exportRoutes: RoutePart = (app, context) => {
  const { registry, exports, stopping } = context;
  const shares = new Shares(EXPORTS);

  app.get(
    '/devices/:id/export',
    {
      exposeHeadRoute: false,
      handlerTimeout: EXPORT_MS,
      config: { right: 'telemetry.export', lasting: true },
      schema: {
        tags: ['telemetry'],
        summary: 'Everything stored in a range, to take away; plates are masked, and such an export is registered',
        params: deviceParams,
        querystring: exportQuery,
        response: { 200: bytesOf('text/csv', 'RFC 4180 with a header; or line protocol of InfluxDB as text/plain') },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const signal = untilEnd(reply.raw, [stopping, request.withdrawn], shares.enter(caller));
      const device = await registry.get(caller, request.params.id);
      const { from: fromMs, to: toMs, fields, format, case: caseNumber = null } = request.query;
      const query = { fromMs, toMs, format, ...defined({ fields }) };
      const reason = () => ({ purpose: purposeOf(context, caller, request.query), case: caseNumber });
      const { contentType, fileName, pieces } = await exports.open({ caller, device, query, reason }, signal);
      reply.type(contentType).header('cache-control', 'private, no-store');
      reply.header('content-disposition', `attachment; filename="${fileName}"`);
      const body = Readable.from(pieces);
      // A reader that has stopped to read would hold up the end of the server.
      signal.addEventListener('abort', () => body.destroy(), { once: true });
      return reply.send(body as never);
    },
  );
};

import Fastify from 'fastify';
import { z } from 'zod';
import { BOARD_PATH } from '../../platform/work/queue-board.ts';
import { bytesOf } from '../schemas.ts';
import type { RoutePart } from './route.ts';

/** The page sets styles of its own elements; everything else comes from this server. */
const BOARD_CSP = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The doorbells in Redis, as bull-board shows them, for administrators to look at. */
export const queueBoardRoutes: RoutePart = (app, { queueBoard }) => {
  for (const path of [BOARD_PATH, `${BOARD_PATH}/*`]) {
    app.get(
      path,
      {
        config: { right: 'metrics.read', files: true },
        schema: {
          hide: true,
          summary: 'The queues of BullMQ, read-only',
          response: { 200: bytesOf('text/html', 'The page, or a part of it') },
          querystring: z.looseObject({}),
        },
      },
      async (request, reply) => {
        const [way = '', query = ''] = request.url.split('?', 2);
        const { status, headers, body } = await queueBoard.get({ path: way.slice(BOARD_PATH.length), query }, () =>
          Fastify(),
        );
        reply.header('cache-control', 'no-store').headers(headers);
        reply.header('content-security-policy', BOARD_CSP).header('x-robots-tag', 'noindex');
        return reply.code(status as 200).send(body);
      },
    );
  }
};

import { CAP_TYPE } from '../../alerts/cap/cap.ts';
import { ATOM_TYPE } from '../../alerts/cap/reader.ts';
import { callerOf } from '../guards/auth.ts';
import { bytesOf } from '../schemas.ts';
import { alertParams } from './alert-schemas.ts';
import type { RoutePart } from './route.ts';

/** Alerts in the Common Alerting Protocol 1.2, for whoever fetches them. */
export const capRoutes: RoutePart = (app, { alerts: { cap } }) => {
  const tags = ['alerts'];
  const config = { right: 'alerts.read' as const };

  app.get(
    '/alerts/:id/cap',
    {
      config,
      schema: {
        tags,
        summary: 'The newest CAP 1.2 message of an alert; `not-found` where there is none',
        params: alertParams,
        response: { 200: bytesOf(CAP_TYPE, 'CAP 1.2, UTF-8') },
      },
    },
    async (request, reply) => {
      const xml = await cap.message(callerOf(request), request.params.id);
      return reply
        .type(`${CAP_TYPE}; charset=utf-8`)
        .header('cache-control', 'private, no-store')
        .send(Buffer.from(xml));
    },
  );

  app.get(
    '/alerts/cap',
    {
      config,
      schema: {
        tags,
        summary: 'An Atom feed of the open alerts, the gravest first, with the addresses of their CAP messages',
        response: { 200: bytesOf(ATOM_TYPE, 'Atom, UTF-8') },
      },
    },
    async (request, reply) => {
      const xml = await cap.feed(callerOf(request), `${request.protocol}://${request.host}/api/v1`);
      return reply
        .type(`${ATOM_TYPE}; charset=utf-8`)
        .header('cache-control', 'private, no-store')
        .send(Buffer.from(xml));
    },
  );
};

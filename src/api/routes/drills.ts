import { z } from 'zod';
import { DRILL_MAX_MS } from '../../alerts/desk/life/drill.ts';
import { MINUTE_MS } from '../../core/clock.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, label } from '../schemas.ts';
import { alertView } from './alert-schemas.ts';
import type { RoutePart } from './route.ts';

const NOTE_MAX = 500;
const MINUTES = 60;
const MINUTES_MAX = DRILL_MAX_MS / MINUTE_MS;

const drill = z.strictObject({
  device: deviceId,
  rule: label(64).meta({ description: 'A rule in force for this kind of device: title and severity are its own' }),
  note: label(NOTE_MAX).meta({ description: 'What is rehearsed' }),
  minutes: z
    .int()
    .min(1)
    .max(MINUTES_MAX)
    .default(MINUTES)
    .meta({ description: 'After so long it is closed by itself' }),
});

/** Alerts that are rehearsed. */
export const drillRoutes: RoutePart = (app, { alerts: { drills } }) => {
  app.post(
    '/alerts/drills',
    {
      config: { right: 'alerts.handle', errors: ['not-found'] },
      schema: {
        tags: ['alerts'],
        summary: 'Raise an alert as a drill: it goes the whole way, marked by `exercise`, and ends by itself',
        body: drill,
        response: { 201: alertView },
      },
    },
    async (request, reply) => {
      const { minutes, ...drilled } = request.body;
      const alert = await drills.start(callerOf(request), { ...drilled, forMs: minutes * MINUTE_MS });
      reply.code(201).header('location', `/api/v1/alerts/${alert.id}`).header('etag', `"${alert.version}"`);
      return alert;
    },
  );
};

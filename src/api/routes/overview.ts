import { z } from 'zod';
import { callerOf } from '../guards/auth.ts';
import { Overviews } from '../overview.ts';
import type { RoutePart } from './route.ts';

const count = z.int();

const bySeverity = z.object({ extreme: count, severe: count, moderate: count, minor: count });

const overview = z.object({
  devices: z.array(z.object({ kind: z.string(), online: count, offline: count, stale: count, silent: count })).meta({
    description: 'Each device once: `silent` was never heard of, `stale` not for longer than its kind allows',
  }),
  messagesPerSecond: z.number().meta({ description: 'Over the last 10 s, of your area' }),
  alerts: bySeverity.meta({ description: 'Alerts of the police desk that are not closed' }),
  faults: bySeverity.meta({ description: 'The same of the maintenance desk' }),
});

export const overviewRoutes: RoutePart = (app, context) => {
  const overviews = new Overviews(context);
  app.get(
    '/overview',
    {
      config: { right: 'telemetry.read', displays: ['desk'] },
      schema: {
        tags: ['overview'],
        summary: 'What goes on in your area, in numbers at most 2 s old',
        response: { 200: overview },
      },
    },
    async (request) => overviews.of(callerOf(request)),
  );
};

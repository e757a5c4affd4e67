import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { listOf, moment } from '../schemas.ts';
import type { RoutePart } from './route.ts';

const work = z.object({
  queue: z.string(),
  what: z
    .string()
    .meta({ description: 'What the work is for, such as rule and device, or a subscription and an alert' }),
  failures: z.int().meta({ description: 'In a row' }),
  since: moment,
  failedBy: z.string().meta({ description: 'Code or name of the last error; the log of the gateway says more' }),
  nextTryAt: moment,
});

/** Parts of a key that are shown; what stands behind them may be a plate. */
const PARTS_SHOWN = 2;

/** Work that fails again and again, for administrators. */
export const setApartRoutes: RoutePart = (app, { setApart }) => {
  app.get(
    '/queues/set-apart',
    {
      config: { right: 'metrics.read' },
      schema: {
        tags: ['health'],
        summary: 'Work that fails again and again: tried every ten minutes, at each start, and when more of it comes',
        response: { 200: listOf(work) },
      },
    },
    async () => ({
      items: (await setApart()).map(({ queue, key, failures, sinceMs, failedBy, nextTryMs }) => ({
        queue,
        what: key.split('|', PARTS_SHOWN).join('|'),
        failures,
        since: toRfc3339(sinceMs),
        failedBy,
        nextTryAt: toRfc3339(nextTryMs),
      })),
    }),
  );
};

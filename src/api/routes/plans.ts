import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { planInput } from '../../devices/reports/plan-input.ts';
import type { PlanRevision } from '../../devices/reports/plans.ts';
import { callerOf } from '../guards/auth.ts';
import { listOf, moment, pageQuery } from '../schemas.ts';
import { pageOf, type RoutePart } from './route.ts';

export const planRevision = z.object({
  plan: z.string().meta({ description: 'Id of the plan' }),
  name: z.string(),
  jurisdiction: z.string(),
  revision: z.int(),
  from: z.string().meta({ description: 'The first day on which it counts' }),
  positions: z.int().meta({ description: 'Of the entries that you may see' }),
  note: z.string().nullable(),
  by: z.string(),
  at: moment,
});

export function shownRevision({ atMs, ...rest }: PlanRevision): z.output<typeof planRevision> {
  return { ...rest, at: toRfc3339(atMs) };
}

/** How many positions areas are to have. */
export const planRoutes: RoutePart = (app, context) => {
  const { plans } = context.reports;
  const tags = ['reports'];

  app.post(
    '/plans',
    {
      config: { right: 'plans.keep' },
      schema: {
        tags,
        summary: 'Add a revision of a plan: how many positions of which kind an area is to have from a day on',
        description:
          'A name that the area has no plan of yet begins one. Of two revisions for one day the later counts.',
        body: planInput,
        response: { 201: planRevision },
      },
    },
    async (request, reply) => {
      const revision = await plans.add(callerOf(request), request.body);
      return reply.code(201).send(shownRevision(revision));
    },
  );

  app.get(
    '/plans',
    {
      config: { right: 'registry.read' },
      schema: {
        tags,
        summary: 'Revisions of plans that say something of your area, newest first',
        querystring: z.strictObject(pageQuery),
        response: { 200: listOf(planRevision) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const page = pageOf(context, 'plans', caller, request.query);
      const { items, next } = await plans.list(caller, page.request);
      return { items: items.map(shownRevision), ...page.seal(next) };
    },
  );
};

import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceParams, inOrder, jurisdiction, listOf, moment, pageQuery, rangeQuery } from '../schemas.ts';
import { defined, pageOf, type RoutePart } from './route.ts';

const share = {
  expected: z.int().meta({ description: 'Readings, if the device reported every `period_s` of its kind' }),
  received: z
    .int()
    .meta({ description: 'Half periods in which it did, by its own clock; at most as many as expected' }),
  percent: z.number().nullable().meta({ description: 'Null where nothing was expected' }),
};

const deviceDays = z.object({
  device: z.string(),
  days: z.array(
    z.object({
      day: z.string().meta({ format: 'date' }),
      ...share,
      gaps: z
        .array(z.object({ from: moment, to: moment }))
        .meta({ description: 'Longer than 2.5 periods without a reading; cut at midnight, open until now' }),
    }),
  ),
});

const day = z.iso.date({ error: 'use a day such as 2026-11-21' }).transform((text) => Date.parse(`${text}T00:00:00Z`));
const areaQuery = z.strictObject({
  day,
  kind: z.string().min(1).max(64).optional(),
  jurisdiction: jurisdiction.optional(),
  ...pageQuery,
});

const deviceShare = z.object({
  device: z.string(),
  kind: z.string(),
  jurisdiction: z.string(),
  ...share,
  maintenance: z.boolean().meta({ description: 'Listed and not part of the sum' }),
});

const area = listOf(deviceShare).extend({ day: z.string().meta({ format: 'date' }), sum: z.object(share) });

export const completenessRoutes: RoutePart = (app, context) => {
  const { registry, completeness, heavy } = context;
  const tags = ['explain'];

  app.get(
    '/devices/:id/completeness',
    {
      config: { right: 'completeness.read' },
      schema: {
        tags,
        params: deviceParams,
        querystring: z.strictObject(rangeQuery).check(inOrder()),
        summary: 'Readings received of those expected, by UTC day',
        response: { 200: deviceDays },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const device = await registry.get(caller, request.params.id);
      const { from, to } = request.query;
      const days = await heavy.run(caller, () => completeness.device(device, from, to));
      return {
        device: device.id,
        days: days.map(({ dayMs, gaps, ...rest }) => ({
          day: dateOf(dayMs),
          ...rest,
          gaps: gaps.map(({ fromMs, toMs }) => ({ from: toRfc3339(fromMs), to: toRfc3339(toMs) })),
        })),
      };
    },
  );

  app.get(
    '/completeness',
    {
      config: { right: 'completeness.read' },
      schema: {
        tags,
        querystring: areaQuery,
        response: { 200: area },
        summary: 'Readings received of those expected on one day, the worst device first',
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { cursor: _cursor, limit: _limit, day: dayMs, ...filter } = request.query;
      const page = pageOf(context, 'completeness', caller, request.query);
      const query = { dayMs, ...defined(filter), ...page.request };
      const { items, next, sum } = await heavy.run(caller, () => completeness.list(caller, query));
      return { day: dateOf(dayMs), items, sum, ...page.seal(next) };
    },
  );
};

function dateOf(atMs: number): string {
  return toRfc3339(atMs).slice(0, 10);
}

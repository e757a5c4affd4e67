import { z } from 'zod';
import { day } from '../../devices/reports/plan-input.ts';
import type { TrafficRow } from '../../passages/traffic.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, jurisdiction, listOf } from '../schemas.ts';
import { answerReport, pageOfRows, type ReportColumn, reportOf, reportQuery } from './report.ts';
import { defined, type RoutePart } from './route.ts';

const counts = {
  passages: z.int().meta({ description: 'Vehicles that passed in the week' }),
  against: z.int().meta({ description: 'In the other week' }),
  index: z.number().nullable().meta({ description: '100 where both are the same, to one decimal, half up' }),
};

const row = z.object({ device: deviceId, name: z.string(), jurisdiction: z.string(), ...counts });
const report = listOf(row).extend({
  week: z.string().meta({ description: 'Its Monday, a day of China' }),
  against: z.string(),
  hours: z.int().meta({ description: 'Of each week that are compared: fewer than 168 while it is not over' }),
  sum: z.object(counts),
});

const COLUMNS: readonly ReportColumn<TrafficRow>[] = [
  { name: 'device', title: '卡口编号', of: ({ device }) => device },
  { name: 'name', title: '卡口名称', of: ({ name }) => name },
  { name: 'jurisdiction', title: '行政区划代码', of: ({ jurisdiction }) => jurisdiction },
  { name: 'passages', title: '过车数', of: ({ passages }) => passages },
  { name: 'against', title: '对比周过车数', of: ({ against }) => against },
  { name: 'index', title: '交通指数', of: ({ index }) => index },
];

/** How much traffic there was. */
export const trafficReportRoutes: RoutePart = (app, context) => {
  const { traffic } = context.reports;

  app.get(
    '/reports/traffic',
    {
      config: { right: 'telemetry.read' },
      schema: {
        tags: ['reports'],
        summary: 'Passages of a week against another, checkpoint by checkpoint; it tells of no vehicle',
        querystring: z.strictObject({
          week: day.optional().meta({ description: 'Any day of it; without it, the last week that is over' }),
          against: day.optional().meta({ description: 'Any day of the other; without it, the week before' }),
          jurisdiction: jurisdiction.optional(),
          ...reportQuery,
        }),
        response: { 200: reportOf(report) },
      },
    },
    async (request, reply) => {
      const { week, against, jurisdiction } = request.query;
      const filter = defined({ week, against, jurisdiction });
      const answer = { request, reply };
      return await answerReport(context, answer, {
        name: 'traffic',
        columns: COLUMNS,
        page: async (page) => {
          const { rows, ...head } = await traffic.compare(callerOf(request), filter);
          return { ...pageOfRows(rows, ({ device }) => device, page), head };
        },
      });
    },
  );
};

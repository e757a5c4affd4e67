import { z } from 'zod';
import { chinaDayAt, DAY_MS, startOfChinaDay } from '../../core/clock.ts';
import { type CoverageRow, placeOf } from '../../devices/reports/coverage.ts';
import { day } from '../../devices/reports/plan-input.ts';
import { callerOf } from '../guards/auth.ts';
import { jurisdiction, listOf } from '../schemas.ts';
import { planRevision, shownRevision } from './plans.ts';
import { answerReport, pageOfRows, type ReportColumn, reportOf, reportQuery } from './report.ts';
import { defined, type RoutePart } from './route.ts';

const counts = {
  planned: z.int(),
  accepted: z.int(),
  inService: z.int().meta({ description: 'Also while they are worked on' }),
  covered: z.int().meta({ description: 'Accepted or in service' }),
  percent: z.number().nullable().meta({ description: 'Covered of planned, to one decimal, half up' }),
};

const outside = z.int().meta({ description: 'Accepted or in service, and of no entry of the plan' });

const report = listOf(z.object({ jurisdiction: z.string(), kind: z.string().nullable(), ...counts })).extend({
  revision: planRevision,
  sum: z.object({ ...counts, outside }),
});

const COLUMNS: readonly ReportColumn<CoverageRow>[] = [
  { name: 'jurisdiction', title: '行政区划代码', of: ({ jurisdiction }) => jurisdiction },
  { name: 'kind', title: '设备类型', of: ({ kind }) => kind },
  { name: 'planned', title: '规划点位数', of: ({ planned }) => planned },
  { name: 'accepted', title: '已验收', of: ({ accepted }) => accepted },
  { name: 'inService', title: '在用', of: ({ inService }) => inService },
  { name: 'covered', title: '已建合计', of: ({ covered }) => covered },
  { name: 'percent', title: '覆盖率(%)', of: ({ percent }) => percent },
];

/** Which share of a plan stands. */
export const coverageReportRoutes: RoutePart = (app, context) => {
  const { coverage } = context.reports;

  app.get(
    '/reports/coverage',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: ['reports'],
        summary: 'Positions that are accepted or in service, of those that a plan has, by division and kind',
        querystring: z.strictObject({
          plan: z.uuid().meta({ description: 'Id of the plan, see GET /plans' }),
          on: day.optional().meta({ description: 'The revision of this day; without it, today. Positions are of now' }),
          at: day
            .optional()
            .meta({ description: 'Positions as they stood at the end of this day of China, and its revision' }),
          jurisdiction: jurisdiction.optional(),
          kind: z.string().min(1).max(64).optional().meta({ description: 'Only entries that name this kind' }),
          ...reportQuery,
        }),
        response: { 200: reportOf(report) },
      },
    },
    async (request, reply) => {
      const { plan, at, jurisdiction, kind } = request.query;
      const { on = at ?? chinaDayAt(context.clock.nowMs()) } = request.query;
      const atMs = at === undefined ? undefined : startOfChinaDay(at) + DAY_MS - 1;
      const filter = { plan, on, ...defined({ atMs, jurisdiction, kind }) };
      return await answerReport(
        context,
        { request, reply },
        {
          name: 'coverage',
          columns: COLUMNS,
          page: async (page) => {
            const { revision, sum, rows } = await coverage.report(callerOf(request), filter);
            return { ...pageOfRows(rows, placeOf, page), head: { revision: shownRevision(revision), sum } };
          },
        },
      );
    },
  );
};

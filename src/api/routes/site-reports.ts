import { z } from 'zod';
import type { ConstructionSite, SiteRow } from '../../devices/reports/construction-sites.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, jurisdiction, listOf } from '../schemas.ts';
import { answerReport, pageOfRows, type ReportColumn, reportOf, reportQuery } from './report.ts';
import { type ApiApp, defined, type RouteContext, type RoutePart } from './route.ts';

const TAGS = ['reports'];
const area = { jurisdiction: jurisdiction.optional() };

const counts = {
  sites: z.int(),
  withVideo: z.int().meta({ description: 'Below which a camera hangs that is accepted or in service' }),
  percent: z.number().nullable().meta({ description: 'To one decimal, half up' }),
  passed: z
    .boolean()
    .nullable()
    .meta({ description: 'Whether they reach the gate, by the numbers; null without sites' }),
};

const report = listOf(z.object({ jurisdiction: z.string(), ...counts })).extend({ sum: z.object(counts) });

const site = z.object({
  device: deviceId,
  name: z.string(),
  jurisdiction: z.string(),
  address: z.string().nullable(),
  cameras: z.int().meta({ description: 'Accepted or in service' }),
  online: z.int().meta({ description: 'Those that are not known to be offline' }),
});

const COLUMNS: readonly ReportColumn<SiteRow>[] = [
  { name: 'jurisdiction', title: '行政区划代码', of: ({ jurisdiction }) => jurisdiction },
  { name: 'sites', title: '在建工地数', of: ({ sites }) => sites },
  { name: 'withVideo', title: '已安装视频监控', of: ({ withVideo }) => withVideo },
  { name: 'percent', title: '覆盖率(%)', of: ({ percent }) => percent },
  { name: 'passed', title: '是否达标', of: ({ passed }) => passed },
];

const SITE_COLUMNS: readonly ReportColumn<ConstructionSite>[] = [
  { name: 'device', title: '工地编号', of: ({ device }) => device },
  { name: 'name', title: '工地名称', of: ({ name }) => name },
  { name: 'jurisdiction', title: '行政区划代码', of: ({ jurisdiction }) => jurisdiction },
  { name: 'address', title: '地址', of: ({ address }) => address },
  { name: 'cameras', title: '摄像机数', of: ({ cameras }) => cameras },
  { name: 'online', title: '在线', of: ({ online }) => online },
];

/** Construction sites, and which of them have video. */
export const siteReportRoutes: RoutePart = (app, context) => {
  serveCounts(app, context);
  serveSites(app, context);
};

function serveCounts(app: ApiApp, context: RouteContext): void {
  const { constructionSites } = context.reports;
  app.get(
    '/reports/construction-sites',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: TAGS,
        summary: 'How many construction sites have video, by division, and whether that is enough',
        querystring: z.strictObject({
          ...area,
          gate: z.coerce.number().int().min(1).max(100).default(90).meta({ description: 'Percent of sites' }),
          ...reportQuery,
        }),
        response: { 200: reportOf(report) },
      },
    },
    async (request, reply) => {
      const { jurisdiction, gate: gatePercent } = request.query;
      const answer = { request, reply };
      return await answerReport(context, answer, {
        name: 'construction-sites',
        columns: COLUMNS,
        page: async (page) => {
          const filter = { gatePercent, ...defined({ jurisdiction }) };
          const { sum, rows } = await constructionSites.report(callerOf(request), filter);
          return { ...pageOfRows(rows, (row) => row.jurisdiction, page), head: { sum } };
        },
      });
    },
  );
}

function serveSites(app: ApiApp, context: RouteContext): void {
  const { constructionSites } = context.reports;
  app.get(
    '/reports/construction-sites/devices',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: TAGS,
        summary: 'Construction sites, each with its cameras',
        querystring: z.strictObject({
          ...area,
          video: z.enum(['true', 'false']).optional().meta({ description: 'Only those with video, or without' }),
          ...reportQuery,
        }),
        response: { 200: reportOf(listOf(site)) },
      },
    },
    async (request, reply) => {
      const { jurisdiction, video } = request.query;
      const filter = { ...defined({ jurisdiction }), ...(video !== undefined && { video: video === 'true' }) };
      const answer = { request, reply };
      return await answerReport(context, answer, {
        name: 'construction-sites/devices',
        columns: SITE_COLUMNS,
        page: (page) => constructionSites.list(callerOf(request), filter, page),
      });
    },
  );
}

import { z } from 'zod';
import { DAY_MS, MINUTE_MS } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import type { OnlineRow, RepairRow } from '../../devices/reports/outages.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, instant, jurisdiction, listOf } from '../schemas.ts';
import { answerReport, pageOfRows, type ReportColumn, reportOf, reportQuery } from './report.ts';
import { type ApiApp, defined, type RouteContext, type RoutePart } from './route.ts';

/** For so long downtimes are kept. */
const SPAN_MAX_MS = 400 * DAY_MS;
const SPAN_MS = 30 * DAY_MS;
const TAGS = ['reports'];

const asked = {
  from: instant.optional().meta({ description: 'Without it, 30 days before `to`' }),
  to: instant.optional().meta({ description: 'Without it, now' }),
  jurisdiction: jurisdiction.optional(),
  kind: z.string().min(1).max(64).optional(),
  ...reportQuery,
};

const minutes = z.coerce
  .number()
  .int()
  .min(0)
  .max(10_000)
  .default(0)
  .meta({ description: 'Leave out faults that were shorter' });

const onlineCounts = {
  devices: z.int().meta({ description: 'Accepted or in service now' }),
  unheard: z.int().meta({ description: 'Of which nothing was ever heard: they count in nothing else' }),
  expectedS: z.int().meta({ description: 'How long all together should have been there, without maintenances' }),
  offlineS: z.int().meta({ description: 'How long of it they were not' }),
  percent: z.number().nullable().meta({ description: 'Share of it that they were, to one decimal, half up' }),
};

const seconds = z.int().nullable();
const repairCounts = {
  outages: z.int().meta({ description: 'Faults that ended in the period' }),
  medianS: seconds.meta({ description: 'From the fault until the device was back' }),
  p90S: seconds,
  worstS: seconds,
  worstDevice: deviceId.nullable(),
  stillOffline: z.int().meta({ description: 'Devices that are offline now' }),
};

const place = { jurisdiction: z.string(), kind: z.string() };
const onlineReport = listOf(z.object({ ...place, ...onlineCounts })).extend({ sum: z.object(onlineCounts) });
const repairReport = listOf(z.object({ ...place, ...repairCounts })).extend({ sum: z.object(repairCounts) });

const PLACE_COLUMNS: readonly ReportColumn<{ jurisdiction: string; kind: string }>[] = [
  { name: 'jurisdiction', title: '行政区划代码', of: ({ jurisdiction }) => jurisdiction },
  { name: 'kind', title: '设备类型', of: ({ kind }) => kind },
];

const ONLINE_COLUMNS: readonly ReportColumn<OnlineRow>[] = [
  ...PLACE_COLUMNS,
  { name: 'devices', title: '设备数', of: ({ devices }) => devices },
  { name: 'unheard', title: '从未上线', of: ({ unheard }) => unheard },
  { name: 'expectedS', title: '应在线时长(秒)', of: ({ expectedS }) => expectedS },
  { name: 'offlineS', title: '离线时长(秒)', of: ({ offlineS }) => offlineS },
  { name: 'percent', title: '在线率(%)', of: ({ percent }) => percent },
];

const REPAIR_COLUMNS: readonly ReportColumn<RepairRow>[] = [
  ...PLACE_COLUMNS,
  { name: 'outages', title: '故障次数', of: ({ outages }) => outages },
  { name: 'medianS', title: '修复时长中位数(秒)', of: ({ medianS }) => medianS },
  { name: 'p90S', title: '修复时长九成以内(秒)', of: ({ p90S }) => p90S },
  { name: 'worstS', title: '最长修复时长(秒)', of: ({ worstS }) => worstS },
  { name: 'worstDevice', title: '最长修复设备', of: ({ worstDevice }) => worstDevice },
  { name: 'stillOffline', title: '目前离线', of: ({ stillOffline }) => stillOffline },
];

const keyOf = (row: { jurisdiction: string; kind: string }): string => `${row.jurisdiction}/${row.kind}`;

/** For which share of a time devices were there, and how long it took until they were back. */
export const outageReportRoutes: RoutePart = (app, context) => {
  serveOnline(app, context);
  serveRepairs(app, context);
};

function serveOnline(app: ApiApp, context: RouteContext): void {
  const { outages } = context.reports;
  app.get(
    '/reports/online',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: TAGS,
        summary: 'For which share of a period devices were there, without maintenances, by division and kind',
        querystring: z.strictObject(asked),
        response: { 200: reportOf(onlineReport) },
      },
    },
    async (request, reply) => {
      const filter = filterOf(context, request.query);
      const answer = { request, reply };
      return await answerReport(context, answer, {
        name: 'online',
        columns: ONLINE_COLUMNS,
        page: async (page) => {
          const { sum, rows } = await outages.online(callerOf(request), filter);
          return { ...pageOfRows(rows, keyOf, page), head: { sum } };
        },
      });
    },
  );
}

function serveRepairs(app: ApiApp, context: RouteContext): void {
  const { outages } = context.reports;
  app.get(
    '/reports/repairs',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: TAGS,
        summary: 'How long devices were offline until they were back: median, 90 % and worst, by division and kind',
        querystring: z.strictObject({ ...asked, minutes }),
        response: { 200: reportOf(repairReport) },
      },
    },
    async (request, reply) => {
      const filter = { ...filterOf(context, request.query), leastMs: request.query.minutes * MINUTE_MS };
      const answer = { request, reply };
      return await answerReport(context, answer, {
        name: 'repairs',
        columns: REPAIR_COLUMNS,
        page: async (page) => {
          const { sum, rows } = await outages.repairs(callerOf(request), filter);
          return { ...pageOfRows(rows, keyOf, page), head: { sum } };
        },
      });
    },
  );
}

interface Asked {
  from?: number | undefined;
  to?: number | undefined;
  jurisdiction?: string | undefined;
  kind?: string | undefined;
}

/** Nothing is counted that is still to come. */
function filterOf({ clock }: RouteContext, { from, to, jurisdiction, kind }: Asked) {
  const toMs = Math.min(to ?? Number.POSITIVE_INFINITY, clock.nowMs());
  const fromMs = from ?? toMs - SPAN_MS;
  if (fromMs >= toMs || toMs - fromMs > SPAN_MAX_MS)
    throw invalid('from', 'must lie in the past and before `to`, by 400 days at most');
  return { fromMs, toMs, ...defined({ jurisdiction, kind }) };
}

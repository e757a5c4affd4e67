import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import type { Pickup } from '../../devices/reports/pickups.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, jurisdiction, listOf, moment } from '../schemas.ts';
import { answerReport, onMap, type ReportColumn, reportOf, reportQuery } from './report.ts';
import { defined, type RoutePart } from './route.ts';

const pickup = z.object({
  device: deviceId,
  name: z.string(),
  kind: z.string(),
  jurisdiction: z.string(),
  address: z.string().nullable(),
  lat: z.number().meta({ description: 'WGS-84' }),
  lon: z.number(),
  fillPercent: z.number().meta({ description: 'Of the fullest bin' }),
  at: moment.meta({ description: 'When it said so' }),
  bins: z.array(z.string()).meta({ description: 'Those that are full' }),
  weightKg: z.number().nullable(),
  current: z.boolean().meta({ description: 'False where it is offline or silent since' }),
});

const COLUMNS: readonly ReportColumn<Pickup>[] = [
  { name: 'device', title: '设备编号', of: ({ device }) => device },
  { name: 'name', title: '名称', of: ({ name }) => name },
  { name: 'jurisdiction', title: '行政区划代码', of: ({ jurisdiction }) => jurisdiction },
  { name: 'address', title: '地址', of: ({ address }) => address },
  { name: 'lat', title: '纬度', of: ({ lat }) => lat },
  { name: 'lon', title: '经度', of: ({ lon }) => lon },
  { name: 'fillPercent', title: '满溢(%)', of: ({ fillPercent }) => fillPercent },
  { name: 'bins', title: '已满箱体', of: ({ bins }) => bins.join(' ') },
  { name: 'weightKg', title: '重量(kg)', of: ({ weightKg }) => weightKg },
  { name: 'at', title: '上报时间', of: ({ atMs }) => toRfc3339(atMs) },
  { name: 'current', title: '数据有效', of: ({ current }) => current },
];

const percent = z.coerce.number().min(1).max(100).default(90);

/** Kiosks that somebody has to drive to. */
export const pickupReportRoutes: RoutePart = (app, context) => {
  const { pickups } = context.reports;

  app.get(
    '/reports/pickups',
    {
      config: { right: 'telemetry.read' },
      schema: {
        tags: ['reports'],
        summary: 'Kiosks that are full, by division, the fullest first; also as a table or a layer of a map',
        querystring: z.strictObject({
          jurisdiction: jurisdiction.optional(),
          kind: z.string().min(1).max(64).optional(),
          full: percent.meta({ description: 'Percent from which on one counts as full' }),
          ...reportQuery,
          ...onMap,
        }),
        response: { 200: reportOf(listOf(pickup)) },
      },
    },
    async (request, reply) => {
      const { jurisdiction, kind, full: fullPercent } = request.query;
      const filter = { fullPercent, ...defined({ jurisdiction, kind }) };
      const answer = { request, reply };
      return await answerReport(context, answer, {
        name: 'pickups',
        columns: COLUMNS,
        shown: ({ atMs, ...rest }) => ({ ...rest, at: toRfc3339(atMs) }),
        page: (page) => pickups.list(callerOf(request), filter, page),
        placeOf: ({ lat, lon }) => ({ lat, lon }),
      });
    },
  );
};

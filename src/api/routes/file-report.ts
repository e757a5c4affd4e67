import { z } from 'zod';
import { ASKED_FIELDS, type AskedField, type FileCounts, type IncompleteFile } from '../../devices/file/file-report.ts';
import { columnNamed } from '../../devices/import-export/columns.ts';
import { callerOf } from '../guards/auth.ts';
import { jurisdiction, listOf } from '../schemas.ts';
import { answerReport, type ReportColumn, reportOf, reportQuery } from './report.ts';
import { defined, type RoutePart } from './route.ts';

const area = {
  jurisdiction: jurisdiction.optional(),
  kind: z.string().min(1).max(64).optional(),
};
const field = z.enum(ASKED_FIELDS);

const missing = Object.fromEntries(ASKED_FIELDS.map((name) => [name, z.int()])) as Record<AskedField, z.ZodInt>;
const counts = {
  positions: z.int().meta({ description: 'All but retired ones' }),
  complete: z.int().meta({ description: 'Of how many everything is known that is asked for' }),
  missing: z.object(missing).meta({ description: 'How many positions lack each key' }),
};

const report = listOf(z.object({ jurisdiction: z.string(), ...counts })).extend({ sum: z.object(counts) });

const incomplete = z.object({
  device: z.string(),
  name: z.string(),
  kind: z.string(),
  jurisdiction: z.string(),
  missing: z.array(field),
});

/** How a key is called in Chinese, as in a spreadsheet of points. */
const inChinese = (field: AskedField): string => columnNamed(field)?.titles[0] ?? field;

const COUNT_COLUMNS: readonly ReportColumn<FileCounts & { jurisdiction: string }>[] = [
  { name: 'jurisdiction', title: '行政区划代码', of: (row) => row.jurisdiction },
  { name: 'positions', title: '点位数', of: ({ positions }) => positions },
  { name: 'complete', title: '资料完整', of: ({ complete }) => complete },
  ...ASKED_FIELDS.map((field) => ({
    name: field,
    title: `缺${inChinese(field)}`,
    of: (row: FileCounts) => row.missing[field],
  })),
];

const POINT_COLUMNS: readonly ReportColumn<IncompleteFile>[] = [
  { name: 'device', title: '点位编号', of: ({ device }) => device },
  { name: 'name', title: '点位名称', of: ({ name }) => name },
  { name: 'kind', title: '设备类型', of: ({ kind }) => kind },
  { name: 'jurisdiction', title: '行政区划代码', of: (row) => row.jurisdiction },
  {
    name: 'missing',
    title: '缺项',
    of: ({ missing }, titles) => (titles === 'zh' ? missing.map(inChinese).join('、') : missing.join(' ')),
  },
];

/** What is not known yet of the points of an area. */
export const fileReportRoutes: RoutePart = (app, context) => {
  const { fileReport } = context;
  const tags = ['registry'];

  app.get(
    '/reports/files',
    {
      config: { right: 'registry.read' },
      schema: {
        tags,
        summary: 'What the files of points lack, counted by division and key',
        querystring: z.strictObject({ ...area, ...reportQuery }),
        response: { 200: reportOf(report) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { jurisdiction, kind } = request.query;
      const filter = defined({ jurisdiction, kind });
      const answer = { request, reply };
      return await answerReport(context, answer, {
        name: 'files',
        columns: COUNT_COLUMNS,
        page: async (page) => {
          const sum = await fileReport.sum(caller, filter);
          return { ...(await fileReport.byJurisdiction(caller, filter, page)), head: { sum } };
        },
      });
    },
  );

  app.get(
    '/reports/files/devices',
    {
      config: { right: 'registry.read' },
      schema: {
        tags,
        summary: 'Points whose files lack something',
        querystring: z.strictObject({
          ...area,
          field: field.optional().meta({ description: 'Only those that lack this' }),
          ...reportQuery,
        }),
        response: { 200: reportOf(listOf(incomplete)) },
      },
    },
    async (request, reply) => {
      const { jurisdiction, kind, field } = request.query;
      const filter = defined({ jurisdiction, kind, field });
      const answer = { request, reply };
      return await answerReport(context, answer, {
        name: 'files/devices',
        columns: POINT_COLUMNS,
        page: (page) => fileReport.incomplete(callerOf(request), filter, page),
      });
    },
  );
};

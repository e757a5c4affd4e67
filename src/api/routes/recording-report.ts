import { z } from 'zod';
import { ACCESS_CLASSES } from '../../core/registry/position-file.ts';
import { day } from '../../devices/reports/plan-input.ts';
import type { RecordingReported, RecordingRow } from '../../streams/recordings/report.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, jurisdiction, listOf } from '../schemas.ts';
import { answerReport, pageOfOrdered, type ReportColumn, reportOf, reportQuery } from './report.ts';
import { defined, type RoutePart } from './route.ts';

const counts = {
  expectedS: z.int().meta({ description: 'How long it should have been recorded, by the plan as it stands' }),
  recordedS: z.int().meta({ description: 'How long of it was; the last two minutes are not known yet' }),
  edgeS: z.int().meta({ description: "How long of `recordedS` came later from the cameras' own storage" }),
  percent: z.number().nullable().meta({ description: 'To one decimal, half up; null where nothing was expected' }),
};

const row = z.object({
  day: z.string().meta({ description: 'A day of China' }),
  device: deviceId,
  name: z.string(),
  jurisdiction: z.string(),
  ...counts,
  holes: z.int().meta({ description: 'Times of two seconds or more in which it should have been recorded' }),
  longestHoleS: z.int(),
  cause: z.string().nullable().meta({ description: 'Of the longest hole' }),
  oldestDay: z.string().nullable().meta({ description: 'The first day of which something is still there' }),
  class: z.enum(ACCESS_CLASSES),
  leastDays: z.int().meta({ description: 'For how many days its class is kept at least' }),
  oldestUnpinnedDay: z.string().nullable().meta({ description: 'As `oldestDay`, of what is not pinned' }),
  isRemovedEarly: z.boolean().meta({ description: 'Something was recorded within `leastDays` that is gone' }),
  pinnedS: z.int().meta({ description: 'How long of the day is pinned' }),
});

const report = listOf(row).extend({
  from: z.string(),
  to: z.string(),
  sum: z.object({ cameras: z.int(), ...counts }),
});

const below = z.coerce
  .number()
  .positive()
  .max(100)
  .optional()
  .meta({ description: 'Only days of which less than this was recorded, percent' });

const COLUMNS: readonly ReportColumn<RecordingRow>[] = [
  { name: 'day', title: '日期', of: ({ day: value }) => value },
  { name: 'device', title: '摄像机编号', of: ({ device }) => device },
  { name: 'name', title: '摄像机名称', of: ({ name }) => name },
  { name: 'jurisdiction', title: '行政区划代码', of: ({ jurisdiction: code }) => code },
  { name: 'expectedS', title: '应录像时长(秒)', of: ({ expectedS }) => expectedS },
  { name: 'recordedS', title: '实录像时长(秒)', of: ({ recordedS }) => recordedS },
  { name: 'edgeS', title: '其中前端存储补录(秒)', of: ({ edgeS }) => edgeS },
  { name: 'percent', title: '录像完整率(%)', of: ({ percent }) => percent },
  { name: 'holes', title: '中断次数', of: ({ holes }) => holes },
  { name: 'longestHoleS', title: '最长中断(秒)', of: ({ longestHoleS }) => longestHoleS },
  { name: 'cause', title: '最长中断原因', of: ({ cause }) => cause },
  { name: 'oldestDay', title: '最早留存日期', of: ({ oldestDay }) => oldestDay },
  { name: 'class', title: '点位类别', of: ({ class: of }) => of },
  { name: 'leastDays', title: '应保存天数', of: ({ leastDays }) => leastDays },
  { name: 'oldestUnpinnedDay', title: '最早未锁定日期', of: ({ oldestUnpinnedDay }) => oldestUnpinnedDay },
  { name: 'isRemovedEarly', title: '是否提前删除', of: ({ isRemovedEarly }) => String(isRemovedEarly) },
  { name: 'pinnedS', title: '锁定时长(秒)', of: ({ pinnedS }) => pinnedS },
];

/** Of camera and day, as the report has its rows. */
const IN_ORDER = {
  keyOf: ({ device, day: of }: RecordingRow) => `${device}/${of}`,
  isAfter: (row: RecordingRow, key: string) => {
    const [before = '', last = ''] = key.split('/');
    return row.device === before ? row.day > last : row.device > before;
  },
};

/** What was recorded of cameras, against what should have been. */
export const recordingReportRoutes: RoutePart = (app, context) => {
  app.get(
    '/reports/recording',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: ['reports'],
        summary: 'How much was recorded of each camera day by day, of what should have been, and the longest hole',
        querystring: z.strictObject({
          from: day.optional().meta({ description: 'A day of China; without it, the day before `to`' }),
          to: day.optional().meta({ description: 'The last day; without it, today. At most 31 days' }),
          below,
          jurisdiction: jurisdiction.optional(),
          device: deviceId.optional().meta({ description: 'The days of one camera' }),
          ...reportQuery,
        }),
        response: { 200: reportOf(report) },
      },
    },
    async (request, reply) => {
      const { from, to, below: percent, jurisdiction: area, device } = request.query;
      const filter = defined({ from, to, below: percent, jurisdiction: area, device });
      const answer = { request, reply };
      // A table asks for page after page of what was counted once.
      let found: Promise<RecordingReported> | undefined;
      return await answerReport(context, answer, {
        name: 'recording',
        columns: COLUMNS,
        page: async (page) => {
          found ??= context.recordings.report.report(callerOf(request), filter);
          const { rows, ...head } = await found;
          return { ...pageOfOrdered(rows, IN_ORDER, page), head };
        },
      });
    },
  );
};

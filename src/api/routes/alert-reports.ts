import { z } from 'zod';
import { type DistrictTimes, type RulePrecision, STEPS, type Step } from '../../alerts/figures/figures.ts';
import { DAY_MS } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import type { Caller } from '../../core/types.ts';
import { ALERT_READERS, deskQuery, wantedOf } from '../guards/alert-desks.ts';
import { callerOf } from '../guards/auth.ts';
import { instant, listOf } from '../schemas.ts';
import { answerReport, pageOfRows, type ReportColumn, reportOf, reportQuery } from './report.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

/** A quarter and a little more: each alert of it and its log are read. */
const SPAN_MAX_MS = 100 * DAY_MS;
const SPAN_MS = 30 * DAY_MS;

const querystring = z.strictObject({
  from: instant.optional().meta({ description: 'Without it, 30 days before `to`' }),
  to: instant.optional().meta({ description: 'Without it, now' }),
  ...deskQuery,
  ...reportQuery,
});

const ms = z.int().nullable();
const step = z.object({
  alerts: z.int().meta({ description: 'How many reached it' }),
  meanMs: ms,
  medianMs: ms,
});
const times = listOf(
  z.object({
    jurisdiction: z.string(),
    alerts: z.int().meta({ description: 'That were opened in the time, drills apart' }),
    steps: z.record(z.enum(STEPS), step).meta({
      description: '`decided` from the message on, `committed` from that on, the others from the moment of that',
    }),
  }),
);
const precision = listOf(
  z.object({
    rule: z.string(),
    alerts: z.int(),
    right: z.int().meta({ description: 'Closed as confirmed or duplicate' }),
    wrong: z.int().meta({ description: 'Closed as false positive or misread plate' }),
    precision: z.number().nullable().meta({ description: 'Share of the right ones among both, to three decimals' }),
  }),
);

const TITLES: Record<Step, string> = {
  decided: '研判',
  committed: '生成',
  sent: '推送',
  acked: '签收',
  dispatched: '派警',
  arrived: '到场',
  closed: '办结',
};

const TIME_COLUMNS: readonly ReportColumn<DistrictTimes>[] = [
  { name: 'jurisdiction', title: '行政区划代码', of: ({ jurisdiction }) => jurisdiction },
  { name: 'alerts', title: '警情数', of: ({ alerts }) => alerts },
  ...STEPS.flatMap((name): ReportColumn<DistrictTimes>[] => [
    { name: `${name}Alerts`, title: `${TITLES[name]}数`, of: ({ steps }) => steps[name].alerts },
    { name: `${name}MeanMs`, title: `${TITLES[name]}平均毫秒`, of: ({ steps }) => steps[name].meanMs },
    { name: `${name}MedianMs`, title: `${TITLES[name]}中位毫秒`, of: ({ steps }) => steps[name].medianMs },
  ]),
];

const PRECISION_COLUMNS: readonly ReportColumn<RulePrecision>[] = [
  { name: 'rule', title: '规则', of: ({ rule }) => rule },
  { name: 'alerts', title: '警情数', of: ({ alerts }) => alerts },
  { name: 'right', title: '属实', of: ({ right }) => right },
  { name: 'wrong', title: '误报', of: ({ wrong }) => wrong },
  { name: 'precision', title: '准确率', of: ({ precision }) => precision },
];

/** How alerts were handled, and how often rules were right. */
export const alertReportRoutes: RoutePart = (app, context) => {
  timesRoute(app, context);
  precisionRoute(app, context);
};

function timesRoute(app: ApiApp, context: RouteContext): void {
  app.get(
    '/reports/alert-times',
    {
      config: { right: ALERT_READERS },
      schema: {
        tags: ['reports'],
        summary: 'How long the steps of alerts took, by district: mean and median',
        querystring,
        response: { 200: reportOf(times) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const filter = filterOf(context, caller, request.query);
      const answer = { request, reply };
      return await answerReport(context, answer, {
        name: 'alert-times',
        columns: TIME_COLUMNS,
        page: async (page) => {
          const rows = await context.alerts.figures.times(caller, filter);
          return pageOfRows(rows, ({ jurisdiction }) => jurisdiction, page);
        },
      });
    },
  );
}

function precisionRoute(app: ApiApp, context: RouteContext): void {
  app.get(
    '/reports/rule-precision',
    {
      config: { right: ALERT_READERS },
      schema: {
        tags: ['reports'],
        summary: 'How often each rule was right, by the verdicts that its alerts were closed with',
        querystring,
        response: { 200: reportOf(precision) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const filter = filterOf(context, caller, request.query);
      const answer = { request, reply };
      return await answerReport(context, answer, {
        name: 'rule-precision',
        columns: PRECISION_COLUMNS,
        page: async (page) => {
          const rows = await context.alerts.figures.precision(caller, filter);
          return pageOfRows(rows, ({ rule }) => rule, page);
        },
      });
    },
  );
}

/** Errors: `auth.forbidden` as {@link wantedOf}; `request.invalid` for a time that is none or too long. */
function filterOf(context: RouteContext, caller: Caller, { from, to, ...asked }: z.output<typeof querystring>) {
  const toMs = Math.min(to ?? Number.POSITIVE_INFINITY, context.clock.nowMs());
  const fromMs = from ?? toMs - SPAN_MS;
  if (fromMs >= toMs || toMs - fromMs > SPAN_MAX_MS)
    throw invalid('from', 'must lie in the past and before `to`, by 100 days at most');
  return { fromMs, toMs, wanted: wantedOf(context, caller, asked) };
}

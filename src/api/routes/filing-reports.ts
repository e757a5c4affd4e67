import { z } from 'zod';
import { chinaDayAt, toRfc3339 } from '../../core/clock.ts';
import { PLACE_TYPES, type PlaceType } from '../../devices/file/place-types.ts';
import { FILING_FIELDS, type FiledPosition, type FiledSystem } from '../../devices/reports/filing.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, jurisdiction, listOf, moment, momentOrNull } from '../schemas.ts';
import { answerReport, pageOfRows, type ReportColumn, reportOf, reportQuery } from './report.ts';
import { type ApiApp, defined, type RouteContext, type RoutePart } from './route.ts';

const TAGS = ['reports'];
const text = z.string().nullable();
const dueDay = z.string();

const asked = z.strictObject({
  jurisdiction: jurisdiction.optional(),
  kind: z.string().min(1).max(64).optional(),
  owner: z.string().min(1).max(64).optional().meta({ description: 'The department, as files of points name it' }),
  overdue: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .meta({ description: 'Only those that are overdue, or only the others' }),
  ...reportQuery,
});

const system = z.object({
  owner: text,
  jurisdiction: z.string(),
  kind: z.string(),
  positions: z.int(),
  complete: z.int().meta({ description: 'Those of which everything is known that a filing asks for' }),
  storageDays: z.int().nullable().meta({ description: 'The least of any; null where it is not known' }),
  signs: z.int().meta({ description: 'Those whose sign was photographed at their acceptance' }),
  since: moment.meta({ description: 'When the first of them went live' }),
  due: dueDay.meta({ description: 'The day on which the first of them is due' }),
  overdue: z.int().meta({ description: 'Those whose day has passed and that lack something' }),
});

const position = z.object({
  device: deviceId,
  gbId: text,
  name: z.string(),
  kind: z.string(),
  jurisdiction: z.string(),
  address: text,
  lat: z.number().meta({ description: 'WGS-84' }),
  lon: z.number(),
  placeType: text,
  owner: text,
  tier: text,
  purpose: text,
  resolution: text,
  storageDays: z.int().nullable(),
  maintainer: text,
  since: moment.meta({ description: 'From its acceptance, or from its registration' }),
  signAt: moment.nullable().meta({ description: 'When its sign was photographed' }),
  due: dueDay.meta({ description: 'The last day of its filing: 30 days after it went live' }),
  overdue: z.boolean().meta({ description: 'That day has passed, and it lacks something' }),
  lacks: z.array(z.enum(FILING_FIELDS)).meta({ description: 'What a filing asks for and nobody has written down' }),
});

const TIERS = { police: '一类', government: '二类', social: '三类' } as const;
const WORDS: Record<(typeof FILING_FIELDS)[number], string> = {
  owner: '管理单位',
  purpose: '用途',
  placeType: '场所类型',
  address: '地址',
  storageDays: '存储天数(不少于30天)',
  sign: '提示标识',
};

const SYSTEM_COLUMNS: readonly ReportColumn<FiledSystem>[] = [
  { name: 'owner', title: '管理单位', of: ({ owner }) => owner },
  { name: 'jurisdiction', title: '行政区划代码', of: ({ jurisdiction }) => jurisdiction },
  { name: 'kind', title: '设备类型', of: ({ kind }) => kind },
  { name: 'positions', title: '设备数量', of: ({ positions }) => positions },
  { name: 'complete', title: '资料完整', of: ({ complete }) => complete },
  { name: 'storageDays', title: '最短存储天数', of: ({ storageDays }) => storageDays },
  { name: 'signs', title: '已设提示标识', of: ({ signs }) => signs },
  { name: 'since', title: '启用日期', of: ({ sinceMs }) => chinaDayAt(sinceMs) },
  { name: 'due', title: '备案截止日期', of: ({ dueMs }) => chinaDayAt(dueMs) },
  { name: 'overdue', title: '逾期未备齐', of: ({ overdue }) => overdue },
];

const POSITION_COLUMNS: readonly ReportColumn<FiledPosition>[] = [
  { name: 'device', title: '点位编号', of: ({ device }) => device },
  { name: 'gbId', title: '国标编码', of: ({ gbId }) => gbId },
  { name: 'name', title: '点位名称', of: ({ name }) => name },
  { name: 'kind', title: '设备类型', of: ({ kind }) => kind },
  { name: 'jurisdiction', title: '行政区划代码', of: ({ jurisdiction }) => jurisdiction },
  { name: 'address', title: '地址', of: ({ address }) => address },
  { name: 'lat', title: '纬度', of: ({ lat }) => lat },
  { name: 'lon', title: '经度', of: ({ lon }) => lon },
  {
    name: 'placeType',
    title: '场所类型',
    of: ({ placeType }, titles) => (titles === 'zh' && placeType ? PLACE_TYPES[placeType as PlaceType] : placeType),
  },
  { name: 'owner', title: '管理单位', of: ({ owner }) => owner },
  { name: 'tier', title: '类别', of: ({ tier }, titles) => (titles === 'zh' && tier ? TIERS[tier] : (tier ?? null)) },
  { name: 'purpose', title: '用途', of: ({ purpose }) => purpose },
  { name: 'resolution', title: '分辨率', of: ({ resolution }) => resolution },
  { name: 'storageDays', title: '存储天数', of: ({ storageDays }) => storageDays },
  { name: 'maintainer', title: '运维单位', of: ({ maintainer }) => maintainer },
  { name: 'since', title: '启用日期', of: ({ sinceMs }) => chinaDayAt(sinceMs) },
  { name: 'signAt', title: '标识拍照日期', of: ({ acceptedAtMs: at }) => (at === null ? null : chinaDayAt(at)) },
  { name: 'due', title: '备案截止日期', of: ({ dueMs }) => chinaDayAt(dueMs) },
  {
    name: 'overdue',
    title: '逾期未备齐',
    of: ({ overdue }, titles) => (titles === 'zh' ? (overdue ? '是' : '否') : String(overdue)),
  },
  {
    name: 'lacks',
    title: '缺项',
    of: ({ lacks }, titles) => (titles === 'zh' ? lacks.map((name) => WORDS[name]).join('、') : lacks.join(' ')),
  },
];

/** What the police is told of public video (备案). */
export const filingReportRoutes: RoutePart = (app, context) => {
  serveSystems(app, context);
  servePositions(app, context);
};

function serveSystems(app: ApiApp, context: RouteContext): void {
  const { filing } = context.reports;
  app.get(
    '/reports/filing',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: TAGS,
        summary: 'Video systems for their filing (备案): who has how many cameras where, and for how long it is kept',
        querystring: asked,
        response: { 200: reportOf(listOf(system)) },
      },
    },
    async (request, reply) => {
      const filter = filterOf(request.query);
      const keyOf = ({ owner, jurisdiction, kind }: FiledSystem) => `${owner ?? '\uffff'}/${jurisdiction}/${kind}`;
      const answer = { request, reply };
      return await answerReport(context, answer, {
        name: 'filing',
        columns: SYSTEM_COLUMNS,
        shown: ({ sinceMs, dueMs, ...rest }) => ({ ...rest, since: toRfc3339(sinceMs), due: chinaDayAt(dueMs) }),
        page: async (page) => pageOfRows(await filing.systems(callerOf(request), filter), keyOf, page),
      });
    },
  );
}

function servePositions(app: ApiApp, context: RouteContext): void {
  const { filing } = context.reports;
  app.get(
    '/reports/filing/devices',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: TAGS,
        summary: 'The positions of a filing (备案), with what it lacks; who takes the table leaves an audit row',
        querystring: asked,
        response: { 200: reportOf(listOf(position)) },
      },
    },
    async (request, reply) => {
      const filter = filterOf(request.query);
      const answer = { request, reply };
      return await answerReport(context, answer, {
        name: 'filing/devices',
        columns: POSITION_COLUMNS,
        shown: ({ sinceMs, acceptedAtMs, dueMs, ...rest }) => {
          const due = chinaDayAt(dueMs);
          return { ...rest, since: toRfc3339(sinceMs), signAt: momentOrNull(acceptedAtMs), due };
        },
        page: (page) => filing.positions(callerOf(request), filter, page),
        taken: () => filing.taken(callerOf(request), filter),
      });
    },
  );
}

function filterOf({ jurisdiction, kind, owner, overdue }: z.output<typeof asked>) {
  return defined({ jurisdiction, kind, owner, overdue });
}

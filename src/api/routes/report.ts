import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { invalid } from '../../core/errors.ts';
import { nextTurn } from '../../core/mechanisms/next-turn.ts';
import { escapeCell } from '../../devices/import-export/formula.ts';
import { csvOf } from '../../devices/import-export/writing/csv.ts';
import { callerOf } from '../guards/auth.ts';
import { pageQuery } from '../schemas.ts';
import { pageOf, type RouteContext } from './route.ts';

/** Rows of a table that is sent whole; it is held in memory. */
const ROWS_MAX = 100_000;
/** Rows that are asked for at once for such a table. */
const PAGE_ROWS = 5_000;
/** A hundred thousand rows written in one turn of the event loop would hold up everybody for half a second. */
const ROWS_A_TURN = 1_000;

/** Query fields of every report. */
export const reportQuery = {
  ...pageQuery,
  format: z.enum(['json', 'csv']).default('json').meta({ description: '`csv`: all rows in one table' }),
  titles: z.enum(['en', 'zh']).default('en').meta({ description: 'In which language columns of a table are named' }),
};

/** In place of the format of {@link reportQuery}, where rows are places. */
export const onMap = {
  format: z
    .enum(['json', 'csv', 'geojson'])
    .default('json')
    .meta({ description: '`csv`: all rows in one table; `geojson`: all as a layer of a map' }),
};

/** A column of a report as a table. */
export interface ReportColumn<Row> {
  name: string;
  /** Its title in Chinese. */
  title: string;
  of(row: Row, titles: 'en' | 'zh'): string | number | boolean | null;
}

/** A page of a report; `next` is its own key of where to go on. */
export interface ReportPage<Row> {
  items: Row[];
  next: string | null;
  /** What else a page says, such as the sum of all rows. */
  head?: object;
}

interface Report<Row> {
  /** As in its path. */
  name: string;
  columns: readonly ReportColumn<Row>[];
  page(request: { limit: number; after?: string }): Promise<ReportPage<Row>>;
  /** A row as JSON has it; as it is where nothing is said. */
  shown?(row: Row): object;
  /** Of a report that is asked for {@link onMap}: WGS-84 degrees. */
  placeOf?(row: Row): { lat: number; lon: number };
  /** Called before a table is sent. */
  taken?(): Promise<void>;
}

/** The answers of a report, for the OpenAPI document: `schema` is that of JSON. */
export function reportOf<Schema extends z.ZodType>(schema: Schema) {
  return {
    description: 'The report, or with `format=csv` all of its rows as CSV (UTF-8 with a mark; cells are no formulas)',
    content: { 'application/json': { schema }, 'text/csv': { schema: z.unknown() } },
  };
}

/** Answers a report as its query wants it. Errors: `request.rate` beyond the share of a caller or district. */
export async function answerReport<Row>(
  context: RouteContext,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  report: Report<Row>,
): Promise<never> {
  const caller = callerOf(request);
  const query = request.query as z.output<z.ZodObject<Omit<typeof reportQuery, 'format'> & typeof onMap>>;
  return await context.heavy.run(caller, async () => {
    if (query.format === 'csv') return sendTable(reply, report, query.titles);
    if (query.format === 'geojson') return sendMap(reply, report);
    const page = pageOf(context, `reports/${report.name}`, caller, query);
    const { items, next, head } = await report.page(page.request);
    const { shown } = report;
    return { ...head, items: shown ? items.map(shown) : items, ...page.seal(next) } as never;
  });
}

async function sendTable<Row>(reply: FastifyReply, report: Report<Row>, titles: 'en' | 'zh'): Promise<never> {
  const { columns } = report;
  const rows = [columns.map(({ name, title }) => (titles === 'zh' ? title : name))];
  for await (const row of inTurns(await everyRow(report))) {
    rows.push(columns.map((column) => cellOf(column.of(row, titles))));
  }
  let text = '';
  for await (const line of csvOf(inTurns(rows))) text += line;
  return send(reply, `${report.name}.csv`, { type: 'text/csv; charset=utf-8', text });
}

/** GeoJSON (RFC 7946), points in WGS-84. */
async function sendMap<Row>(reply: FastifyReply, report: Report<Row>): Promise<never> {
  const { shown, placeOf } = report;
  const features = (await everyRow(report)).map((row) => {
    const { lat, lon } = placeOf!(row);
    const geometry = { type: 'Point', coordinates: [lon, lat] };
    return { type: 'Feature', geometry, properties: shown ? shown(row) : row };
  });
  const text = JSON.stringify({ type: 'FeatureCollection', features });
  return send(reply, `${report.name}.geojson`, { type: 'application/geo+json', text });
}

function send(reply: FastifyReply, name: string, { type, text }: { type: string; text: string }): never {
  reply.type(type).header('cache-control', 'private, no-store');
  reply.header('content-disposition', `attachment; filename="${name.replaceAll('/', '-')}"`);
  return reply.send(text as never) as never;
}

async function everyRow<Row>(report: Report<Row>): Promise<Row[]> {
  await report.taken?.();
  const rows: Row[] = [];
  let after: string | undefined;
  do {
    const { items, next } = await report.page({ limit: PAGE_ROWS, ...(after === undefined ? {} : { after }) });
    rows.push(...items);
    if (rows.length > ROWS_MAX)
      throw invalid('format', `a table has ${ROWS_MAX} rows at most: ask for a smaller jurisdiction or a kind`);
    after = next ?? undefined;
  } while (after !== undefined);
  return rows;
}

/** Rows one after the other, with a turn for others now and then. */
async function* inTurns<Row>(rows: readonly Row[]): AsyncGenerator<Row> {
  for (const [index, row] of rows.entries()) {
    yield row;
    if (index % ROWS_A_TURN === ROWS_A_TURN - 1) await nextTurn();
  }
}

/** Numbers stay numbers; what somebody may have typed is no formula. */
function cellOf(value: string | number | boolean | null): string {
  return typeof value === 'string' ? escapeCell(value) : String(value ?? '');
}

/** A page of rows that are all at hand, put in order of `keyOf`. A row that is gone leaves no gap. */
export function pageOfRows<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  { limit, after }: { limit: number; after?: string },
): { items: Row[]; next: string | null } {
  const ordered = [...rows].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const rest = after === undefined ? ordered : ordered.filter((row) => keyOf(row) > after);
  const items = rest.slice(0, limit);
  return { items, next: rest.length > limit ? keyOf(items.at(-1)!) : null };
}

/** As {@link pageOfRows}, of rows that stand in order already; `isAfter` tells whether one comes after a key. */
export function pageOfOrdered<Row>(
  rows: readonly Row[],
  { keyOf, isAfter }: { keyOf: (row: Row) => string; isAfter: (row: Row, key: string) => boolean },
  { limit, after }: { limit: number; after?: string },
): { items: Row[]; next: string | null } {
  let [begin, end] = [0, after === undefined ? 0 : rows.length];
  while (begin < end) {
    const middle = (begin + end) >> 1;
    if (isAfter(rows[middle]!, after!)) end = middle;
    else begin = middle + 1;
  }
  const items = rows.slice(begin, begin + limit);
  return { items, next: begin + limit < rows.length ? keyOf(items.at(-1)!) : null };
}

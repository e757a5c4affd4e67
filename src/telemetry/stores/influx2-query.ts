import { type FluxTableMetaData, flux, fluxDateTime, fluxExpression } from '@influxdata/influxdb-client';
import { CitywatchError } from '../../core/errors.ts';
import type { FieldValue } from '../../core/types.ts';
import { printable } from '../writer/line-protocol.ts';
import { msToNs, nsToMs, nsToRfc3339, rfc3339ToNs } from './nanoseconds.ts';
import type { Aggregate, BucketsQuery, PointsQuery, StoredBucket, StoredPoint } from './store.ts';

/** One value as it comes back; `labels` are the columns of the same row that were asked for as fields: tags. */
export interface FieldRow {
  timeNs: string;
  field: string;
  value: FieldValue;
  labels: [name: string, value: string][];
}

/** No user's word stands here: these are the only functions there are. */
const FUNCTIONS: Record<Aggregate, string> = { min: 'min', max: 'max', sum: 'sum', last: 'last', count: 'count' };

/**
 * Flux of a query. It gives one table per field, of which the first `limit` rows are enough to make the first `limit`
 * points; joining them in Flux would need all values of a row to be of types it can tell apart from nothing. Whatever
 * is not a checked number is bound as a literal by the library.
 * @throws RangeError for a limit that is not a positive whole number
 */
export function pointsFlux(query: PointsQuery, bucketName: string): string {
  const { limit, newestFirst = false } = query;
  requirePositive(limit);
  const parts = [
    flux`from(bucket: ${bucketName})`,
    flux`range(start: ${time(query.fromNs)}, stop: ${time(query.toNs)})`,
    ofSeries(query.measurement, [query.device]),
    ofFields(query.fields),
    'group(columns: ["_field"])',
    flux`sort(columns: ["_time"], desc: ${newestFirst})`,
    flux`limit(n: ${limit})`,
    flux`keep(columns: ${['_time', '_field', '_value', ...query.fields.filter(canBeTag)]})`,
  ];
  return parts.join('\n  |> ');
}

/**
 * Flux of the columns of `query` that have one function, since it gives no row with several.
 * @throws RangeError as {@link pointsFlux}
 */
export function bucketsFlux(query: BucketsQuery, fn: Aggregate, bucketName: string): string {
  const { everyMs, limit, groupBy } = query;
  requirePositive(limit);
  if (everyMs !== null) requirePositive(everyMs);
  const fields = query.columns.filter((column) => column.fn === fn).map(({ field }) => field);
  const parts = [
    flux`from(bucket: ${bucketName})`,
    flux`range(start: ${time(msToNs(query.fromMs))}, stop: ${time(msToNs(query.toMs))})`,
    ofSeries(query.measurement, query.devices),
    ofFields(fields),
    // Bounds stay in the key, because windows are cut from them.
    flux`group(columns: ${['_field', '_start', '_stop', ...groupBy]})`,
    'sort(columns: ["_time"])',
    ...(everyMs === null
      ? // A selected row keeps its own time, a computed one has none.
        [`${FUNCTIONS[fn]}()`, 'duplicate(column: "_start", as: "_time")']
      : [`aggregateWindow(every: ${everyMs}ms, fn: ${FUNCTIONS[fn]}, createEmpty: false, timeSrc: "_start")`]),
    'sort(columns: ["_time"])',
    flux`limit(n: ${limit})`,
    flux`keep(columns: ${['_time', '_field', '_value', ...groupBy]})`,
  ];
  return parts.join('\n  |> ');
}

function ofSeries(measurement: string, devices: readonly string[]): string {
  const ofDevices = devices.map((device) => flux`r.dev == ${device}`).join(' or ');
  return flux`filter(fn: (r) => r._measurement == ${measurement} and (${fluxExpression(ofDevices)}))`.toString();
}

function ofFields(fields: readonly string[]): string {
  const isOne = fields.map((field) => flux`r._field == ${field}`).join(' or ');
  return flux`filter(fn: (r) => ${fluxExpression(isOne)})`.toString();
}

function time(ns: string) {
  return fluxDateTime(nsToRfc3339(ns));
}

/** The names of columns that every table of an answer has, whatever was asked for. */
function canBeTag(field: string): boolean {
  return !field.startsWith('_') && field !== 'result' && field !== 'table';
}

function requirePositive(value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError('not a positive whole number');
}

/** Reads one row. @throws CitywatchError store.refused where it is the error that Flux puts into an answer it began */
export function toFieldRow(row: string[], meta: FluxTableMetaData, fields: readonly string[]): FieldRow | undefined {
  const find = (label: string) => meta.columns.find((column) => column.label === label);
  const timeColumn = find('_time');
  if (!timeColumn) {
    const words = String(find('error')?.get(row) ?? 'an answer without times');
    throw new CitywatchError('store.refused', { detail: `InfluxDB ended a query: ${printable(words)}` });
  }
  const timeNs = rfc3339ToNs(String(timeColumn.get(row)));
  const field = find('_field')?.get(row);
  const value: unknown = find('_value')?.get(row);
  if (timeNs === null || typeof field !== 'string' || !isValue(value)) return undefined;
  const labels = fields.filter(canBeTag).flatMap((name): FieldRow['labels'] => {
    const label = find(name)?.get(row);
    return typeof label === 'string' && label !== '' ? [[name, label]] : [];
  });
  return { timeNs, field, value, labels };
}

function isValue(value: unknown): value is FieldValue {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'boolean' || typeof value === 'string';
}

/** Joins the rows of all fields into points. */
export function toPoints(rows: readonly FieldRow[], query: PointsQuery): StoredPoint[] {
  const points = new Map<string, Map<string, FieldValue>>();
  for (const { timeNs, field, value, labels } of rows) {
    const values = points.get(timeNs) ?? new Map<string, FieldValue>(labels);
    points.set(timeNs, values.set(field, value));
  }
  const order = query.newestFirst ? -1 : 1;
  return [...points]
    .sort(([a], [b]) => (a.length - b.length || (a < b ? -1 : 1)) * order)
    .slice(0, query.limit)
    .map(([timeNs, values]) => ({ timeNs, values }));
}

/**
 * Joins the rows of all functions into buckets. The first bucket begins at its whole multiple, where Flux cuts it off.
 */
export function toBuckets(
  answers: readonly { fn: Aggregate; rows: FieldRow[] }[],
  query: BucketsQuery,
): StoredBucket[] {
  const { everyMs, fromMs, groupBy, columns, limit } = query;
  const groups = new Map<string, Map<number, { tags: Record<string, string>; values: Map<string, FieldValue> }>>();
  for (const { fn, rows } of answers) {
    for (const { timeNs, field, value, labels } of rows) {
      const given = Object.fromEntries(labels);
      const tags = Object.fromEntries(groupBy.map((tag) => [tag, given[tag] ?? '']));
      const key = JSON.stringify(tags);
      const atMs = everyMs === null ? fromMs : Math.floor(nsToMs(timeNs) / everyMs) * everyMs;
      const group = groups.get(key) ?? new Map();
      groups.set(key, group);
      const bucket = group.get(atMs) ?? { tags, values: new Map() };
      group.set(atMs, bucket);
      for (const column of columns)
        if (column.field === field && column.fn === fn) bucket.values.set(column.name, value);
    }
  }
  return [...groups.values()].flatMap((group) =>
    [...group]
      .sort(([a], [b]) => a - b)
      .slice(0, limit)
      .map(([atMs, bucket]) => ({ atMs, ...bucket })),
  );
}

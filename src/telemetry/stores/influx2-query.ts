import { type FluxTableMetaData, flux, fluxDateTime, fluxExpression } from '@influxdata/influxdb-client';
import { CitywatchError } from '../../core/errors.ts';
import type { FieldValue } from '../../core/types.ts';
import { printable } from '../line-protocol.ts';
import { msToNs, nsToMs, nsToRfc3339, rfc3339ToNs } from '../nanoseconds.ts';
import type { Aggregate, PointsQuery, StoredPoint } from '../store.ts';

/** One value as it comes back; `labels` are the columns of the same row that were asked for as fields: tags. */
export interface FieldRow {
  timeNs: string;
  field: string;
  value: FieldValue;
  labels: [name: string, value: string][];
}

/** No user's word stands here: these are the only functions there are. */
const FUNCTIONS: Record<Aggregate, string> = { min: 'min', max: 'max', mean: 'mean', last: 'last', count: 'count' };

/**
 * Flux of a query. It gives one table per field, of which the first `limit` rows are enough to make the first `limit`
 * points; joining them in Flux would need all values of a row to be of types it can tell apart from nothing. Whatever
 * is not a checked number is bound as a literal by the library.
 * @throws RangeError for a bucket or limit that is not a positive whole number
 */
export function pointsFlux(query: PointsQuery, bucketName: string): string {
  const { bucket, limit, newestFirst = false } = query;
  const everyMs = bucket?.everyMs ?? null;
  if (!positive(limit) || (everyMs !== null && !positive(everyMs))) throw new RangeError('not a positive whole number');
  const ofFields = query.fields.map((field) => flux`r._field == ${field}`).join(' or ');
  const parts = [
    flux`from(bucket: ${bucketName})`,
    flux`range(start: ${time(query.fromNs)}, stop: ${time(query.toNs)})`,
    flux`filter(fn: (r) => r._measurement == ${query.measurement} and r.dev == ${query.device})`,
    flux`filter(fn: (r) => ${fluxExpression(ofFields)})`,
    // Bounds stay in the key, because windows are cut from them.
    'group(columns: ["_field", "_start", "_stop"])',
    ...(bucket ? ['sort(columns: ["_time"])', ...reduction(bucket.fn, everyMs)] : []),
    flux`sort(columns: ["_time"], desc: ${newestFirst})`,
    flux`limit(n: ${limit})`,
    flux`keep(columns: ${['_time', '_field', '_value', ...(bucket ? [] : query.fields.filter(canBeTag))]})`,
  ];
  return parts.join('\n  |> ');
}

function reduction(fn: Aggregate, everyMs: number | null): string[] {
  if (everyMs !== null) {
    return [`aggregateWindow(every: ${everyMs}ms, fn: ${FUNCTIONS[fn]}, createEmpty: false, timeSrc: "_start")`];
  }
  // A selected row keeps its own time, a computed one has none.
  return [`${FUNCTIONS[fn]}()`, 'duplicate(column: "_start", as: "_time")'];
}

function time(ns: string) {
  return fluxDateTime(nsToRfc3339(ns));
}

/** The names of columns that every table of an answer has, whatever was asked for. */
function canBeTag(field: string): boolean {
  return !field.startsWith('_') && field !== 'result' && field !== 'table';
}

function positive(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
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

/** Joins the rows of all fields into points. The first bucket begins at its whole multiple, where Flux cuts it off. */
export function toPoints(rows: readonly FieldRow[], query: PointsQuery): StoredPoint[] {
  const everyMs = query.bucket?.everyMs ?? null;
  const points = new Map<string, Map<string, FieldValue>>();
  for (const { timeNs, field, value, labels } of rows) {
    const at = everyMs === null ? timeNs : msToNs(Math.floor(nsToMs(timeNs) / everyMs) * everyMs);
    const values = points.get(at) ?? new Map<string, FieldValue>(labels);
    points.set(at, values.set(field, value));
  }
  const order = query.newestFirst ? -1 : 1;
  return [...points]
    .sort(([a], [b]) => (a.length - b.length || (a < b ? -1 : 1)) * order)
    .slice(0, query.limit)
    .map(([timeNs, values]) => ({ timeNs, values }));
}

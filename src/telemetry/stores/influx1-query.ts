import { type INanoDate, escape as influxEscape } from 'influx';
import type { FieldValue } from '../../core/types.ts';
import { msToNs, nsToMs, nsToRfc3339 } from './nanoseconds.ts';
import type { Aggregate, BucketsQuery, PointsQuery, StoredBucket, StoredPoint } from './store.ts';

const FUNCTIONS: Record<Aggregate, string> = { min: 'MIN', max: 'MAX', sum: 'SUM', last: 'LAST', count: 'COUNT' };

export interface Statement {
  statement: string;
  placeholders: Record<string, string | number>;
}

/** A row of the library: columns and tags by name. */
export type PointRow = Record<string, unknown> & { time: INanoDate };

/**
 * InfluxQL of a query. Values are bound and names are quoted by the library. Times are bound as text: as JSON numbers
 * they would lose their last digits.
 * @throws RangeError for a limit that is not a positive whole number
 */
export function pointsStatement(query: PointsQuery): Statement {
  const { limit } = query;
  requirePositive(limit);
  const columns = query.fields.map((field) => influxEscape.quoted(field));
  const parts = [
    `SELECT ${columns.join(', ')} FROM ${influxEscape.quoted('raw')}.${influxEscape.quoted(query.measurement)}`,
    'WHERE "dev" = $dev AND time >= $from AND time < $to',
    `ORDER BY time ${query.newestFirst ? 'DESC' : 'ASC'} LIMIT $limit`,
  ];
  const placeholders = {
    dev: query.device,
    from: nsToRfc3339(query.fromNs),
    to: nsToRfc3339(query.toNs),
    limit,
  };
  return { statement: parts.join(' '), placeholders };
}

/**
 * InfluxQL of a query for buckets. Columns are numbered, since a name of theirs could be that of a tag; the bucket,
 * which InfluxQL cannot bind, is a checked whole number.
 * @throws RangeError as {@link pointsStatement}
 */
export function bucketsStatement(query: BucketsQuery): Statement {
  const { everyMs, limit, devices } = query;
  requirePositive(limit);
  if (everyMs !== null) requirePositive(everyMs);
  const columns = query.columns.map(({ field, fn }, index) => {
    return `${FUNCTIONS[fn]}(${influxEscape.quoted(field)}) AS ${influxEscape.quoted(alias(index))}`;
  });
  const groups = [...(everyMs === null ? [] : [`time(${everyMs}ms)`]), ...query.groupBy.map(influxEscape.quoted)];
  const parts = [
    `SELECT ${columns.join(', ')}`,
    `FROM ${influxEscape.quoted(query.tier)}.${influxEscape.quoted(query.measurement)}`,
    `WHERE (${devices.map((_, index) => `"dev" = $d${index}`).join(' OR ')}) AND time >= $from AND time < $to`,
    groups.length === 0 ? '' : `GROUP BY ${groups.join(', ')}`,
    everyMs === null ? '' : 'fill(none)',
    'ORDER BY time ASC LIMIT $limit',
  ];
  const placeholders = {
    ...Object.fromEntries(devices.map((device, index) => [`d${index}`, device])),
    from: nsToRfc3339(msToNs(query.fromMs)),
    to: nsToRfc3339(msToNs(query.toMs)),
    limit,
  };
  return { statement: parts.filter(Boolean).join(' '), placeholders };
}

function alias(index: number): string {
  return `_c${index}`;
}

function requirePositive(value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError('not a positive whole number');
}

/** One row of the library as a point; a column that is absent, or not of a type we store, is left out. */
export function toPoint(row: PointRow, fields: readonly string[]): StoredPoint {
  const values = new Map<string, FieldValue>();
  for (const field of fields) {
    const value = row[field];
    if (isValue(value)) values.set(field, value);
  }
  return { timeNs: row.time.getNanoTime(), values };
}

export function toBucket(row: PointRow, { columns, everyMs, fromMs, groupBy }: BucketsQuery): StoredBucket {
  const values = new Map<string, FieldValue>();
  for (const [index, { name }] of columns.entries()) {
    const value = row[alias(index)];
    if (isValue(value)) values.set(name, value);
  }
  return {
    // Over the whole range some functions tell the time of the point they chose, others not.
    atMs: everyMs === null ? fromMs : nsToMs(row.time.getNanoTime()),
    tags: Object.fromEntries(groupBy.map((tag) => [tag, String(row[tag] ?? '')])),
    values,
  };
}

function isValue(value: unknown): value is FieldValue {
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string';
}

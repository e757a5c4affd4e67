import { type INanoDate, escape as influxEscape } from 'influx';
import type { FieldValue } from '../../core/types.ts';
import { nsToRfc3339 } from '../nanoseconds.ts';
import type { Aggregate, PointsQuery, StoredPoint } from '../store.ts';

const FUNCTIONS: Record<Aggregate, string> = { min: 'MIN', max: 'MAX', mean: 'MEAN', last: 'LAST', count: 'COUNT' };

/**
 * InfluxQL of a query. Values are bound, names are quoted by the library, and the bucket, which InfluxQL cannot bind,
 * is a checked whole number. Times are bound as text: as JSON numbers they would lose their last digits.
 * @throws RangeError for a bucket or limit that is not a positive whole number
 */
export function pointsStatement(
  query: PointsQuery,
  policy: string,
): { statement: string; placeholders: Record<string, string | number> } {
  const { bucket, limit } = query;
  const everyMs = bucket?.everyMs ?? null;
  if (!positive(limit) || (everyMs !== null && !positive(everyMs))) throw new RangeError('not a positive whole number');
  const columns = query.fields.map((field) => {
    const column = influxEscape.quoted(field);
    return bucket ? `${FUNCTIONS[bucket.fn]}(${column}) AS ${column}` : column;
  });
  const parts = [
    `SELECT ${columns.join(', ')} FROM ${influxEscape.quoted(policy)}.${influxEscape.quoted(query.measurement)}`,
    'WHERE "dev" = $dev AND time >= $from AND time < $to',
    everyMs === null ? '' : `GROUP BY time(${everyMs}ms) fill(none)`,
    `ORDER BY time ${query.newestFirst ? 'DESC' : 'ASC'} LIMIT $limit`,
  ];
  const placeholders = {
    dev: query.device,
    from: nsToRfc3339(query.fromNs),
    to: nsToRfc3339(query.toNs),
    limit,
  };
  return { statement: parts.filter(Boolean).join(' '), placeholders };
}

function positive(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

/** One row of the library as a point; a column that is absent, or not of a type we store, is left out. */
export function toPoint(row: Record<string, unknown> & { time: INanoDate }, fields: readonly string[]): StoredPoint {
  const values = new Map<string, FieldValue>();
  for (const field of fields) {
    const value = row[field];
    if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') values.set(field, value);
  }
  return { timeNs: row.time.getNanoTime(), values };
}

import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import {
  type Area,
  isJurisdictionCode,
  isZone,
  type Jurisdiction,
  partsOf,
  type Scope,
  significantDigits,
} from '../../core/jurisdiction.ts';

/** `text` with the wildcards of LIKE made literal, for a pattern such as `'%' + escapeLike(text) + '%'`. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

/**
 * The one place that limits rows to a jurisdiction (promise P7): keeps those whose `column` lies within `scope`, and
 * whose `police` belongs to it where it is limited to police agencies. Every query that reads or changes rows for a
 * caller goes through here. A scope that is no code keeps nothing; nor does one that is limited to agencies, of rows
 * that name no column of theirs.
 */
export function withinJurisdiction<Query extends { where(expression: Expression<SqlBool>): unknown }>(
  query: Query,
  column: string,
  scope: Scope,
  police?: string | RawBuilder<unknown>,
): Query {
  const parts = partsOf(scope).flatMap((part) => {
    const within = withinPart(column, part);
    if (!part.police || within === null) return [within];
    if (police === undefined) return [];
    const agency = typeof police === 'string' ? sql.ref(police) : police;
    return [sql<SqlBool>`(${agency} = any (${part.police.agencies}::text[]) and ${within})`];
  });
  if (parts.includes(TRUE)) return query;
  const some = parts.filter((part) => part !== null);
  const condition = some.length === 0 ? sql<SqlBool>`false` : sql<SqlBool>`(${sql.join(some, sql` or `)})`;
  return query.where(condition) as Query;
}

/**
 * The pattern (LIKE) of what lies within `code` alone, for a query that asks after several areas at once; null for what
 * is no code: nothing is like it.
 */
export function patternWithin(code: Jurisdiction): string | null {
  if (!isJurisdictionCode(code)) return null;
  return isZone(code) ? escapeLike(code) : `${escapeLike(significantDigits(code))}%`;
}

const TRUE = sql<SqlBool>`true`;

/** Null for what is no code. */
function withinPart(column: string, { code, members }: Area): RawBuilder<SqlBool> | null {
  const areas = [code, ...members].filter(isJurisdictionCode);
  if (areas.some((area) => significantDigits(area) === '')) return TRUE;
  const within = areas.map((area) => {
    if (isZone(area)) return sql<SqlBool>`${sql.ref(column)} = ${area}`;
    return sql<SqlBool>`${sql.ref(column)} like ${`${escapeLike(significantDigits(area))}%`}`;
  });
  return within.length === 0 ? null : sql<SqlBool>`(${sql.join(within, sql` or `)})`;
}

import type { Area } from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import { type RawBuilder, sql, withinJurisdiction } from '../../platform/database/database.ts';
import { LEVELS, type Level } from '../ladder/levels.ts';
import type { Wanted } from '../rules/classes.ts';
import type { AlertRow } from './tables.ts';

/** Which alerts are meant; all where nothing is said. */
export interface AlertFilter {
  /** Whether it is not closed. */
  open?: boolean;
  handling?: AlertRow['handling'];
  condition?: AlertRow['condition'];
  visibility?: AlertRow['visibility'];
  severity?: string;
  /** Of a desk, of some classes, or both. */
  wanted?: Wanted;
  rule?: string;
  device?: DeviceId;
  /** Those that are part of it. */
  incident?: string;
  /** Of any of these rules. */
  rules?: readonly string[];
  /** By their first message, Unix ms; the end is left out. */
  fromMs?: number;
  toMs?: number;
  /** Acknowledged by, or assigned to, this person. */
  mine?: { id: string; username: string };
  /** `false`: without those that another one stands for. */
  parts?: boolean;
  /** Those that another one stands for. */
  storm?: string;
  /** Those that came at least so far up the ladder. */
  level?: Level;
  /** Any of these; of none nothing. */
  devices?: readonly DeviceId[];
  /** Codes of police agencies, to one of which its device belonged when it was opened. */
  police?: readonly string[];
  /** What lies in this area, beside what the caller may see at all. */
  area?: Area;
}

type Where = RawBuilder<boolean>;

/**
 * The one place that says in SQL which alerts a filter means: lists, counts, silences and what is done with many all
 * ask here, so a count is that of its list.
 */
export function matching<Query extends { where(expression: Where): unknown }>(
  query: Query,
  filter: AlertFilter,
): Query {
  const all = conditionsOf(filter).reduce((each: Query, one) => each.where(one) as Query, query);
  return filter.area ? withinJurisdiction(all, 'jurisdiction', filter.area, 'police') : all;
}

function narrowing({ rules, fromMs, toMs, mine, parts }: AlertFilter): Where[] {
  const conditions: Where[] = [];
  if (rules) conditions.push(sql`rule = any (${rules}::text[])`);
  if (fromMs !== undefined) conditions.push(sql`first_at_ms >= ${fromMs}`);
  if (toMs !== undefined) conditions.push(sql`first_at_ms < ${toMs}`);
  if (mine) conditions.push(sql`(acked_by_id = ${mine.id} or assigned_to = ${mine.username})`);
  if (parts !== undefined) conditions.push(parts ? sql`storm is not null` : sql`storm is null`);
  return conditions;
}

function conditionsOf({ open, devices, police, wanted, level, ...fields }: AlertFilter): Where[] {
  const conditions: Where[] = narrowing(fields);
  if (open !== undefined) conditions.push(open ? sql`handling <> 'closed'` : sql`handling = 'closed'`);
  for (const name of [
    'handling',
    'condition',
    'visibility',
    'severity',
    'rule',
    'device',
    'incident',
    'storm',
  ] as const) {
    if (fields[name] !== undefined) conditions.push(sql`${sql.ref(name)} = ${fields[name]}`);
  }
  if (level) conditions.push(sql`level >= ${LEVELS.indexOf(level)}`);
  if (wanted?.desk) conditions.push(sql`desk = ${wanted.desk}`);
  if (wanted?.classes) conditions.push(sql`class = any (${wanted.classes}::text[])`);
  if (devices) conditions.push(sql`device = any (${devices}::text[])`);
  if (police) conditions.push(sql`police = any (${police}::text[])`);
  return conditions;
}

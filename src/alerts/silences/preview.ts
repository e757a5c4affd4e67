import type { WorkDays } from '../../core/calendar/work-days.ts';
import { type Clock, DAY_MS, toRfc3339 } from '../../core/clock.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, sql } from '../../platform/database/database.ts';
import { type AlertView, showAlert } from '../desk/alert.ts';
import { matching } from '../desk/filter.ts';
import { mustBeShown } from '../desk/life/steps.ts';
import { forCaller } from '../desk/log/audience.ts';
import type { AlertTables } from '../desk/tables.ts';
import type { Span } from './share.ts';
import { type Knowing, type Matchers, meantBy } from './silence.ts';
import { spansOf, type Times, WINDOWS_MAX } from './times.ts';

/** Alerts that a preview names. */
const NAMED_MAX = 20;
/** Windows that a preview names. */
const WINDOWS_NAMED_MAX = 10;
/** How far back a preview looks. */
const LOOKED_BACK_MS = 7 * DAY_MS;

/** What a silence would do. */
export interface SilencePreview {
  /** How many open alerts it would hide, held it now. */
  hides: number;
  /** How many it means and must leave: extreme ones, and hits on a watchlist. */
  leaves: number;
  /** Those that it would hide, the newest first, 20 at most. */
  alerts: AlertView[];
  /** When it would hold, the next 10 times at most; none of one that does not come again. */
  windows: { from: string; to: string }[];
  /** How many alerts began in such windows of the last 7 days that it would have hidden; null of one that does not. */
  lastWeek: number | null;
}

export interface PreviewDeps extends Knowing {
  database: Database;
  clock: Clock;
  workDays: WorkDays;
}

/** What a silence would do that means such alerts then. Changes nothing. */
export async function previewOf(
  deps: PreviewDeps,
  caller: Caller,
  { matchers, times }: { matchers: Matchers; times: Times },
): Promise<SilencePreview> {
  const seen = alertsOf(deps.database).where(forCaller(caller));
  const filter = meantBy(matchers, deps);
  const told = matching(seen, filter).where('visibility', 'in', ['normal', 'shelved']);
  const { leaves, all } = await told
    .select([sql<number>`count(*)`.as('all'), sql<number>`count(*) filter (where ${STAYS})`.as('leaves')])
    .executeTakeFirstOrThrow();
  const newest = told.selectAll().orderBy('first_at_ms', 'desc').orderBy('id', 'desc').limit(NAMED_MAX);
  const alerts = (await newest.execute()).filter((alert) => !mustBeShown(alert));
  const { open: _, ...ofAnyTime } = filter;
  const began = matching(seen, ofAnyTime).where(sql<boolean>`not (${STAYS})`);
  return {
    hides: all - leaves,
    leaves,
    alerts: alerts.map(showAlert),
    windows: windowsOf(times, deps),
    lastWeek: times.repeats && (await countedIn(began, spansBefore(times, deps))),
  };
}

function windowsOf(times: Times, { workDays }: PreviewDeps): SilencePreview['windows'] {
  if (times.repeats === null) return [];
  const all = { fromMs: times.starts_at_ms, toMs: times.ends_at_ms };
  const spans = spansOf(times, workDays, all, WINDOWS_NAMED_MAX);
  return spans.map(({ fromMs, toMs }) => ({ from: toRfc3339(fromMs), to: toRfc3339(toMs) }));
}

/** When its windows were open lately. */
function spansBefore({ repeats }: Times, { clock, workDays }: PreviewDeps): Span[] {
  const nowMs = clock.nowMs();
  const before = { fromMs: nowMs - LOOKED_BACK_MS, toMs: nowMs };
  const times = { starts_at_ms: before.fromMs, ends_at_ms: before.toMs, repeats };
  return spansOf(times, workDays, before, WINDOWS_MAX);
}

/** What must be shown all the same, as `mustBeShown` says it. */
const STAYS = sql<boolean>`severity = 'extreme' or (data ? 'wanted_plate' and data ? 'watchlist')`;

/** How many of these alerts began in one of some times. */
async function countedIn(alerts: ReturnType<typeof alertsOf>, spans: readonly Span[]): Promise<number> {
  // A row of days off may be longer than what is looked back at.
  if (spans.length === 0) return 0;
  const [from, to] = [spans.map(({ fromMs }) => fromMs), spans.map(({ toMs }) => toMs)];
  const { count } = await alerts
    .select(sql<number>`count(*)`.as('count'))
    .where('first_at_ms', '>=', Math.min(...from))
    .where(
      sql<boolean>`exists (select from unnest(${from}::bigint[], ${to}::bigint[]) as span (since, until)
        where first_at_ms >= since and first_at_ms < until)`,
    )
    .executeTakeFirstOrThrow();
  return count;
}

function alertsOf(database: Database) {
  return database.tables<AlertTables>().selectFrom('alert');
}

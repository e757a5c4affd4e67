import type { Caller } from '../../core/types.ts';
import { type Database, type RawBuilder, sql, withinJurisdiction } from '../../platform/database/database.ts';
import { matching } from '../desk/filter.ts';
import { type Truth, truthOf, VERDICTS } from '../desk/life/life.ts';
import { forCaller } from '../desk/log/audience.ts';
import type { AlertTables } from '../desk/tables.ts';
import type { Wanted } from '../rules/classes.ts';

/**
 * How long it took: `decided` from the message on, `committed` from that on, and all others from the moment on at which
 * the alert was written.
 */
export const STEPS = ['decided', 'committed', 'sent', 'acked', 'dispatched', 'arrived', 'closed'] as const;
export type Step = (typeof STEPS)[number];

export interface StepTimes {
  /** How many reached it. */
  alerts: number;
  /** Null where none did. */
  meanMs: number | null;
  medianMs: number | null;
}

export interface DistrictTimes {
  jurisdiction: string;
  alerts: number;
  steps: Record<Step, StepTimes>;
}

/** What alerts of a rule turned out to be; those that are open, a drill, or that nobody went to see are neither. */
export interface RulePrecision {
  rule: string;
  alerts: number;
  right: number;
  wrong: number;
  /** Share of the right ones among both, to three decimals; null where there are none. */
  precision: number | null;
}

/** Alerts that were opened in a time (Unix ms), without its end. */
export interface FigureFilter {
  fromMs: number;
  toMs: number;
  wanted: Wanted;
}

/** Figures of the alerts that a caller may see, without drills. */
export class AlertFigures {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Of each district how long the steps of an alert took, in order of codes. */
  async times(caller: Caller, filter: FigureFilter): Promise<DistrictTimes[]> {
    const { rows } = await sql<DistrictTimes>`
      with chosen as materialized (select one.* from ${this.#some(caller, filter)} as one),
      said as (
        select alert_id, min(at_ms) filter (where type = 'alert.opened') as opened,
          min(at_ms) filter (where type = 'alert.acked') as acked,
          min(at_ms) filter (where type = 'alert.dispatched') as dispatched,
          min(at_ms) filter (where type = 'alert.on_scene') as arrived,
          max(at_ms) filter (where type = 'alert.closed') as closed
        from alert_event where alert_id in (select id from chosen) group by alert_id
      ),
      told as (
        select alert_id, min(at_ms) as sent from (
          select alert_id, at_ms from alert_sent where alert_id in (select id from chosen)
          union all
          select alert_id, settled_at_ms from delivery
          where state = 'delivered' and alert_id in (select id from chosen)
        ) as told_once group by alert_id
      ),
      times as (
        select chosen.jurisdiction, chosen.decided_at_ms - chosen.received_at_ms as decided,
          written.at_ms - chosen.decided_at_ms as committed,
          told.sent - written.at_ms as sent,
          said.acked - written.at_ms as acked,
          said.dispatched - written.at_ms as dispatched,
          said.arrived - written.at_ms as arrived,
          case when chosen.handling = 'closed' then said.closed - written.at_ms end as closed
        from chosen left join said on said.alert_id = chosen.id left join told on told.alert_id = chosen.id
          cross join lateral (select coalesce(said.opened, chosen.committed_at_ms) as at_ms) as written
      )
      select jurisdiction, count(*)::int as alerts, jsonb_build_object(${sql.join(STEPS.map(figuresOf))}) as steps
      from times group by jurisdiction order by jurisdiction`.execute(this.#database.tables());
    return rows;
  }

  /** Of each rule how often it was right, by what people closed its alerts with; in order of names. */
  async precision(caller: Caller, filter: FigureFilter): Promise<RulePrecision[]> {
    const closedAs = (truth: Truth['is']) =>
      sql`count(*) filter (where handling = 'closed' and verdict = any (${verdictsOf(truth)}::text[]))::int`;
    const { rows } = await sql<RulePrecision>`
      select rule, alerts, "right", wrong, round("right"::numeric / nullif("right" + wrong, 0), 3)::float8 as precision
      from (
        select rule, count(*)::int as alerts, ${closedAs('true')} as "right", ${closedAs('false')} as wrong
        from ${this.#some(caller, filter)} as one group by rule
      ) as rules order by rule`.execute(this.#database.tables());
    return rows;
  }

  #some(caller: Caller, { fromMs, toMs, wanted }: FigureFilter) {
    const all = this.#database
      .tables<AlertTables>()
      .selectFrom('alert')
      .select([
        'id',
        'rule',
        'jurisdiction',
        'handling',
        'verdict',
        'received_at_ms',
        'decided_at_ms',
        'committed_at_ms',
      ])
      .where('first_at_ms', '>=', fromMs)
      .where('first_at_ms', '<', toMs)
      .where('exercise', '=', false)
      .where(forCaller(caller));
    return matching(withinJurisdiction(all, 'jurisdiction', caller, 'police'), { wanted });
  }
}

function verdictsOf(truth: Truth['is']): string[] {
  return VERDICTS.filter((verdict) => truthOf(verdict).is === truth);
}

function figuresOf(step: Step): RawBuilder<unknown> {
  const took = sql.ref(step);
  return sql`${sql.lit(step)}, jsonb_build_object('alerts', count(${took}), 'meanMs', round(avg(${took})),
    'medianMs', round(percentile_cont(0.5) within group (order by ${took})))`;
}

import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import {
  type Database,
  type Selectable,
  sql,
  type Tables,
  withinJurisdiction,
} from '../../platform/database/database.ts';
import { forCaller } from '../desk/log/audience.ts';
import { requireUuid } from '../desk/queries.ts';
import type { IncidentTable, IncidentTables, Takes } from './tables.ts';

export type IncidentRow = Selectable<IncidentTable>;

/** Incidents that a list names, and entries of a history. */
const LISTED_MAX = 200;
const HISTORY_MAX = 500;

export interface IncidentInfo {
  id: string;
  title: string;
  state: IncidentTable['state'];
  jurisdiction: string;
  police: string | null;
  takes: Takes | null;
  openedBy: string;
  openedAt: string;
  closedBy: string | null;
  closedAt: string | null;
  /** How many of its alerts the caller may see. */
  alerts: number;
  /** Another one also when an alert joined, or was raised again, that the caller may handle. */
  version: number;
}

/** One line of the history of an incident: what people did with it, and what became of its alerts. */
export interface IncidentLine {
  at: string;
  actor: string;
  /** `incident.merged`, or the type of an entry of the log of alerts. */
  type: string;
  alert: string | null;
  text: string | null;
}

/** Reads of incidents; of their alerts and histories whatever the caller may see. */
export class IncidentReads {
  readonly #database: Database<'handling'>;

  constructor(database: Database<'handling'>) {
    this.#database = database;
  }

  /** Those of the caller's area, and those that an alert is part of which the caller may see; the newest first. */
  async list(caller: Caller, state: IncidentTable['state'] | null): Promise<IncidentInfo[]> {
    const database = this.#database;
    const all = this.#incidents(database).orderBy('opened_at_ms', 'desc').orderBy('id').limit(LISTED_MAX);
    const some = state === null ? all : all.where('state', '=', state);
    const merged = database.tables<IncidentTables>().selectFrom('alert').where('incident', 'is not', null);
    const seen = merged.where(forCaller(caller));
    const parts = await withinJurisdiction(
      seen.select('incident').distinct(),
      'jurisdiction',
      caller,
      'police',
    ).execute();
    const ids = parts.map(({ incident }) => incident!);
    const own = await withinJurisdiction(some, 'jurisdiction', caller, 'police').execute();
    const others = await some.where(sql<boolean>`id = any (${ids}::uuid[])`).execute();
    const rows = [...new Map([...own, ...others].map((row) => [row.id, row])).values()];
    const newest = rows.sort((one, other) => other.opened_at_ms - one.opened_at_ms).slice(0, LISTED_MAX);
    const counts = await countsOf(
      database,
      caller,
      newest.map(({ id }) => id),
    );
    return newest.map((row) => showIncident(row, counts.get(row.id)));
  }

  /** Errors: `not-found`. */
  async get(caller: Caller, id: string): Promise<IncidentInfo> {
    const database = this.#database;
    const row = await this.#incidents(database).where('id', '=', requireUuid(id)).executeTakeFirst();
    const counts = (await countsOf(database, caller, [id])).get(id);
    if (!row || (!counts && !(await this.#isOf(database, caller, id)))) throw new CitywatchError('not-found');
    return showIncident(row, counts);
  }

  /** What was done with it and what became of its alerts, of these those that the caller may see; the newest first. */
  async history(caller: Caller, id: string): Promise<IncidentLine[]> {
    await this.get(caller, id);
    const db = this.#database.tables<IncidentTables>();
    const deeds = await db
      .selectFrom('incident_entry')
      .selectAll()
      .where('incident_id', '=', id)
      .orderBy('seq', 'desc')
      .limit(HISTORY_MAX)
      .execute();
    const everPart = sql<boolean>`alert_id in (
      select id from alert where incident = ${id}::uuid
      union select unnest(alerts) from incident_entry where incident_id = ${id}::uuid)`;
    const entries = db
      .selectFrom('alert_event')
      .select(['seq', 'alert_id', 'at_ms', 'actor', 'type'])
      .where(everPart)
      .where(forCaller(caller));
    const ofAlerts = withinJurisdiction(entries, 'jurisdiction', caller, sql`(body -> 'alert' ->> 'police')`);
    const rows = await ofAlerts.orderBy('seq', 'desc').limit(HISTORY_MAX).execute();
    const lines = [
      ...deeds.map(({ at_ms, actor, action, text }) => ({
        atMs: at_ms,
        actor,
        type: `incident.${action}`,
        alert: null,
        text,
      })),
      ...rows.map(({ at_ms, actor, type, alert_id }) => ({ atMs: at_ms, actor, type, alert: alert_id, text: null })),
    ];
    const newest = lines.sort((one, other) => other.atMs - one.atMs).slice(0, HISTORY_MAX);
    return newest.map(({ atMs, ...line }) => ({ at: toRfc3339(atMs), ...line }));
  }

  #incidents(tables: Tables) {
    return tables.tables<IncidentTables>().selectFrom('incident').selectAll();
  }

  async #isOf(tables: Tables, caller: Caller, id: string): Promise<boolean> {
    const found = this.#incidents(tables).where('id', '=', id);
    return (await withinJurisdiction(found, 'jurisdiction', caller, 'police').executeTakeFirst()) !== undefined;
  }
}

/** The alerts of an incident. */
export interface PartCounts {
  /** How many the caller may see. */
  alerts: number;
  /** How often those were reported that the caller may close: each that joins, or is raised again, adds to it. */
  raised: number;
}

/** The alerts of each; none of an incident of which the caller may see none. */
export async function countsOf(
  tables: Tables,
  caller: Caller,
  ids: readonly string[],
): Promise<Map<string, PartCounts>> {
  const parts = tables
    .tables<IncidentTables>()
    .selectFrom('alert')
    .where(sql<boolean>`incident = any (${ids}::uuid[])`)
    .where(forCaller(caller));
  const counted = parts
    .select(['incident', sql<number>`count(*)`.as('alerts'), sql<number>`sum(occurrences)::bigint`.as('raised')])
    .groupBy('incident');
  const rows = await withinJurisdiction(counted, 'jurisdiction', caller, 'police').execute();
  // A grant shows alerts that it does not let anybody close.
  const own = await withinJurisdiction(counted, 'jurisdiction', ownArea(caller), 'police').execute();
  const raised = new Map(own.map((one) => [one.incident, one.raised]));
  return new Map(rows.map(({ incident, alerts }) => [incident!, { alerts, raised: raised.get(incident) ?? 0 }]));
}

export function showIncident(row: IncidentRow, parts: PartCounts = { alerts: 0, raised: 0 }): IncidentInfo {
  const { id, title, state, jurisdiction, police, takes } = row;
  return {
    id,
    title,
    state,
    jurisdiction,
    police,
    takes,
    openedBy: row.opened_by,
    openedAt: toRfc3339(row.opened_at_ms),
    closedBy: row.closed_by,
    closedAt: row.closed_at_ms === null ? null : toRfc3339(row.closed_at_ms),
    alerts: parts.alerts,
    version: row.version + parts.raised,
  };
}

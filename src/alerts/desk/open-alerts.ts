import type { Caller, DeviceId } from '../../core/types.ts';
import { sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import type { IncidentTables } from '../incidents/tables.ts';
import type { Wanted } from '../rules/classes.ts';
import { SEVERITIES, type Severity } from '../rules/rules.ts';
import { matching } from './filter.ts';
import { forCaller } from './log/audience.ts';
import type { AlertTables } from './tables.ts';

const GRAVITY = sql`array_position(${SEVERITIES}::text[], severity)`;

/** What is open of one device. */
export interface OpenOfDevice {
  worst: Severity;
  open: number;
}

/** Says which alerts and incidents are open, for whoever holds something only for as long as one is. */
export class OpenAlerts {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** How an alert or incident is that the caller may see; null for any other, as for one that never was. */
  async stateFor(caller: Caller, id: string): Promise<'open' | 'closed' | null> {
    const db = this.#tables.tables<IncidentTables>();
    const alerts = db.selectFrom('alert').select('handling').where('id', '=', id).where(forCaller(caller));
    const alert = await withinJurisdiction(alerts, 'jurisdiction', caller, 'police').executeTakeFirst();
    if (alert) return alert.handling === 'closed' ? 'closed' : 'open';
    const incidents = db.selectFrom('incident').select('state').where('id', '=', id);
    const own = await withinJurisdiction(incidents, 'jurisdiction', caller, 'police').executeTakeFirst();
    if (own) return own.state;
    // Of another area, but with an alert that the caller may see.
    const parts = db
      .selectFrom('alert')
      .innerJoin('incident', 'incident.id', 'alert.incident')
      .select('incident.state')
      .where(forCaller(caller));
    const seen = withinJurisdiction(parts.where('incident.id', '=', id), 'alert.jurisdiction', caller, 'alert.police');
    return (await seen.limit(1).executeTakeFirst())?.state ?? null;
  }

  /** The gravest open alert of each device, and how many are open: of those of `wanted` that the caller may see. */
  async ofDevices(caller: Caller, wanted: Wanted): Promise<Map<DeviceId, OpenOfDevice>> {
    const open = matching(this.#tables.tables<AlertTables>().selectFrom('alert'), { open: true, wanted })
      .select(['device', sql<Severity>`(${SEVERITIES}::text[])[min(${GRAVITY})]`.as('worst')])
      .select(sql<number>`count(*)`.as('open'))
      .where('device', 'is not', null)
      .where(forCaller(caller))
      .groupBy('device');
    const rows = await withinJurisdiction(open, 'jurisdiction', caller, 'police').execute();
    return new Map(rows.map(({ device, ...row }) => [device!, row]));
  }

  /** Of some cameras those that an open alert of the caller's is about, or has evidence of. */
  async seenBy(caller: Caller, cameras: readonly DeviceId[]): Promise<ReadonlySet<DeviceId>> {
    const found = await Promise.all(cameras.map((camera) => this.#isSeenBy(caller, camera)));
    return new Set(cameras.filter((_, at) => found[at]));
  }

  async #isSeenBy(caller: Caller, camera: DeviceId): Promise<boolean> {
    const seen = JSON.stringify([{ camera }]);
    const open = this.#tables
      .tables<AlertTables>()
      .selectFrom('alert')
      .select('id')
      .where('handling', '<>', 'closed')
      .where(sql<boolean>`(device = ${camera} or evidence @> ${seen}::jsonb)`)
      .where(forCaller(caller));
    const row = await withinJurisdiction(open, 'jurisdiction', caller, 'police').limit(1).executeTakeFirst();
    return row !== undefined;
  }

  /** Of these those that are open, as the transaction sees it. */
  async among(tables: Tables, ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    const { rows } = await sql<{ id: string }>`
      select id from alert where id = any (${ids}::uuid[]) and handling <> 'closed'
      union all select id from incident where id = any (${ids}::uuid[]) and state = 'open'`.execute(tables.tables());
    return new Set(rows.map(({ id }) => id));
  }
}

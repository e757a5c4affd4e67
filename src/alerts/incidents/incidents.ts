import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import { maskPlatesSaid, platesTold } from '../../core/plates.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { Verdict } from '../desk/life/life.ts';
import { type Step, step } from '../desk/life/steps.ts';
import { forCaller } from '../desk/log/audience.ts';
import type { AlertLog, Committed, LogInput } from '../desk/log.ts';
import { requireUuid } from '../desk/queries.ts';
import type { AlertRow } from '../desk/tables.ts';
import { countsOf, type IncidentInfo, type IncidentRow, showIncident } from './reads.ts';
import type { IncidentEntryTable, IncidentTables, Takes } from './tables.ts';

/** Alerts of one incident: more is another happening. */
export const INCIDENT_ALERTS_MAX = 500;

export interface IncidentInput {
  title: string;
  alerts: readonly string[];
  /** Those that open later and are like this join by themselves. */
  takes: Takes | null;
}

export interface IncidentDeps {
  database: Database<'handling'>;
  clock: Clock;
  log: Pick<AlertLog, 'publish'>;
  committed(published: Committed): void;
}

type Action = IncidentEntryTable['action'];

/** Alerts that are one happening: put together, taken apart, and closed together, with one history. */
export class Incidents {
  readonly #deps: IncidentDeps;

  constructor(deps: IncidentDeps) {
    this.#deps = deps;
  }

  /**
   * Puts alerts together. Errors: `request.invalid` for one that the caller may not handle; `conflict.state` for one
   * that is closed, or part of another incident, which is named.
   */
  async open(caller: Caller, { title, alerts, takes }: IncidentInput): Promise<IncidentInfo> {
    const { clock } = this.#deps;
    const id = randomUUID();
    return await this.#edit(caller, null, async (tx) => {
      const nowMs = clock.nowMs();
      const values = {
        id,
        title: maskPlatesSaid(title),
        jurisdiction: caller.jurisdiction,
        police: caller.police ?? null,
        state: 'open' as const,
        takes: takes && JSON.stringify(takes),
        opened_by: caller.name,
        opened_at_ms: nowMs,
        closed_by: null,
        closed_at_ms: null,
      };
      const inserted = tx.tables<IncidentTables>().insertInto('incident').values(values).returningAll();
      const row = await inserted.executeTakeFirstOrThrow();
      const inputs = joined(await this.#handled(tx, caller, alerts), id, { caller, nowMs });
      return { row, action: 'opened', inputs };
    });
  }

  /** As {@link open}, into one that is open already. */
  async merge(caller: Caller, id: string, alerts: readonly string[]): Promise<IncidentInfo> {
    return await this.#edit(caller, id, async (tx, row) => {
      const inputs = joined(await this.#handled(tx, caller, alerts), id, { caller, nowMs: this.#deps.clock.nowMs() });
      await this.#refuseTooMany(tx, id, inputs.length);
      return { row, action: 'merged', inputs };
    });
  }

  /** Takes alerts out of it again; those that are no part of it stay as they are. */
  async split(caller: Caller, id: string, alerts: readonly string[]): Promise<IncidentInfo> {
    return await this.#edit(caller, id, async (tx, row) => {
      const own = (await this.#handled(tx, caller, alerts)).filter(({ incident }) => incident === id);
      return { row, action: 'split', inputs: left(own, { caller, nowMs: this.#deps.clock.nowMs() }) };
    });
  }

  /**
   * Closes it, and all of its alerts that are open; grants that are bound to it end. Errors: `precondition.stale` also
   * where an alert joined by itself, or was raised again, after `version` was read: nobody closes what they never saw.
   */
  async close(
    caller: Caller,
    id: string,
    { verdict, text, version }: { verdict: Verdict; text?: string | undefined; version?: number | undefined },
  ): Promise<IncidentInfo> {
    return await this.#edit(caller, id, async (tx, row) => {
      const parts = await this.#parts(tx, caller, id);
      requireVersion(row, parts, version);
      const nowMs = this.#deps.clock.nowMs();
      const doer = { id: caller.id, name: caller.name, nowMs };
      const open = parts.filter(({ handling }) => handling !== 'closed');
      const steps = open.flatMap((alert) => {
        const one = step(alert, { does: 'close', verdict, text }, doer);
        return one ? [{ alert, one }] : [];
      });
      const inputs = steps.map(({ alert, one }) => inputOf(alert, one, { caller, nowMs }));
      const told = parts.flatMap(({ data }) => platesTold(data));
      const said = text ? maskPlatesSaid(text, told) : null;
      return { row: await this.#closed(tx, row, { caller, nowMs }), action: 'closed', inputs, text: said };
    });
  }

  /** Takes all of its alerts out again, as if it had never been, and closes it. Errors: `precondition.stale`. */
  async dissolve(caller: Caller, id: string, version: number): Promise<void> {
    await this.#edit(caller, id, async (tx, row) => {
      const parts = await this.#parts(tx, caller, id);
      requireVersion(row, parts, version);
      const nowMs = this.#deps.clock.nowMs();
      const inputs = left(parts, { caller, nowMs });
      return { row: await this.#closed(tx, row, { caller, nowMs }), action: 'dissolved', inputs };
    });
  }

  #incidents(tables: Tables) {
    return tables.tables<IncidentTables>().selectFrom('incident').selectAll();
  }

  async #edit(
    caller: Caller,
    id: string | null,
    run: (
      tx: Tables,
      row: IncidentRow,
    ) => Promise<{ row: IncidentRow; action: Action; inputs: LogInput[]; text?: string | null }>,
  ): Promise<IncidentInfo> {
    const { database, clock, log, committed } = this.#deps;
    const { view, published } = await database.transaction(async (tx) => {
      const before = id === null ? null : await this.#locked(tx, caller, id);
      const { row, action, inputs, text = null } = await run(tx, before!);
      const db = tx.tables<IncidentTables>();
      const alerts = inputs.map(({ alert }) => alert.id);
      const entry = { incident_id: row.id, at_ms: clock.nowMs(), actor: caller.name, action, text, alerts };
      await db.insertInto('incident_entry').values(entry).execute();
      const { jurisdiction } = row;
      const subject = `incident/${row.id}`;
      const after = { title: row.title, state: row.state, alerts };
      await recordAudit(tx, {
        caller,
        action: `incident.${action}`,
        subject,
        jurisdiction,
        after,
        atMs: clock.nowMs(),
      });
      if (before) {
        // What leaves takes its reports along: the sum of both never falls.
        row.version = before.version + 1 + raisedOf(inputs.map(({ alert }) => alert));
        await db.updateTable('incident').set({ version: row.version }).where('id', '=', row.id).execute();
      }
      const published = await log.publish(tx, inputs);
      const counts = await countsOf(tx, caller, [row.id]);
      return { view: showIncident(row, counts.get(row.id)), published };
    });
    committed(published);
    return view;
  }

  /** An open incident of the caller's own area. Errors: `not-found`, `conflict.state`. */
  async #locked(tx: Tables, caller: Caller, id: string): Promise<IncidentRow> {
    const found = this.#incidents(tx).where('id', '=', requireUuid(id)).forUpdate();
    const row = await withinJurisdiction(found, 'jurisdiction', ownArea(caller), 'police').executeTakeFirst();
    if (!row) throw new CitywatchError('not-found');
    if (row.state === 'open') return row;
    throw new CitywatchError('conflict.state', {
      detail: `This incident was closed by ${row.closed_by}: open another.`,
    });
  }

  async #closed(tx: Tables, row: IncidentRow, { caller, nowMs }: Doing): Promise<IncidentRow> {
    const set = { state: 'closed' as const, closed_by: caller.name, closed_at_ms: nowMs };
    await tx.tables<IncidentTables>().updateTable('incident').set(set).where('id', '=', row.id).execute();
    return { ...row, ...set };
  }

  /** These alerts, locked, all of them the caller's to handle. */
  async #handled(tx: Tables, caller: Caller, ids: readonly string[]): Promise<AlertRow[]> {
    const alerts = tx
      .tables<IncidentTables>()
      .selectFrom('alert')
      .selectAll()
      .where('id', 'in', [...new Set(ids)])
      .where(forCaller(caller));
    const own = withinJurisdiction(alerts, 'jurisdiction', ownArea(caller), 'police').orderBy('id').forUpdate();
    const rows = await own.execute();
    const known = new Set(rows.map(({ id }) => id));
    const unknown = ids.findIndex((id) => !known.has(id));
    if (unknown >= 0) throw invalid(`alerts[${unknown}]`, 'is no alert that you may handle: see GET /alerts');
    return rows;
  }

  async #parts(tx: Tables, caller: Caller, id: string): Promise<AlertRow[]> {
    const all = tx.tables<IncidentTables>().selectFrom('alert').selectAll().where('incident', '=', id);
    const parts = all.where(forCaller(caller));
    const own = withinJurisdiction(parts, 'jurisdiction', ownArea(caller), 'police');
    return await own.orderBy('id').forUpdate().execute();
  }

  async #refuseTooMany(tx: Tables, id: string, more: number): Promise<void> {
    const parts = tx.tables<IncidentTables>().selectFrom('alert').where('incident', '=', id);
    const { count } = await parts.select(sql<number>`count(*)`.as('count')).executeTakeFirstOrThrow();
    if (count + more <= INCIDENT_ALERTS_MAX) return;
    const detail = `An incident has at most ${INCIDENT_ALERTS_MAX} alerts, and this one has ${count}: open another.`;
    throw new CitywatchError('conflict.state', { detail });
  }
}

interface Doing {
  caller: Caller;
  nowMs: number;
}

function inputOf({ version: from }: AlertRow, { alert, event: type }: Step, { caller, nowMs: atMs }: Doing): LogInput {
  return { from, type, alert, actor: caller.name, atMs };
}

/** Those that are a part of it already stay as they are. */
function joined(alerts: readonly AlertRow[], incident: string, doing: Doing): LogInput[] {
  return alerts
    .filter((alert) => alert.incident !== incident)
    .map((alert) => {
      const cause = alert.handling === 'closed' ? 'is closed' : 'is part of another incident';
      if (alert.handling === 'closed' || alert.incident !== null) {
        const other = alert.incident === null ? '' : ` (${alert.incident}): split it first`;
        throw new CitywatchError('conflict.state', { detail: `The alert ${alert.id} ${cause}${other}.` });
      }
      const next = { ...alert, incident, version: alert.version + 1 };
      return inputOf(alert, { alert: next, event: 'alert.merged' }, doing);
    });
}

function left(alerts: readonly AlertRow[], doing: Doing): LogInput[] {
  return alerts.map((alert) => {
    const next = { ...alert, incident: null, version: alert.version + 1 };
    return inputOf(alert, { alert: next, event: 'alert.split' }, doing);
  });
}

function requireVersion(row: IncidentRow, parts: readonly AlertRow[], version: number | undefined): void {
  if (version === undefined || version === row.version + raisedOf(parts)) return;
  const detail = 'It was changed, or an alert joined it or was raised again, since you read it: read it once more.';
  throw new CitywatchError('precondition.stale', { detail });
}

/** How often these were reported; see `countsOf`. */
function raisedOf(alerts: readonly AlertRow[]): number {
  return alerts.reduce((sum, { occurrences }) => sum + occurrences, 0);
}

import { randomUUID } from 'node:crypto';
import { systemCaller } from '../../core/callers/system-caller.ts';
import { type Clock, DAY_MS } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { type AgencyCode, covers, isJurisdictionCode, type Jurisdiction, ownArea } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import {
  type Database,
  jsonb,
  type Selectable,
  sql,
  type Tables,
  withinJurisdiction,
} from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { Authority } from '../authority.ts';
import { samePersonAmong } from '../owners.ts';
import { GRANTABLE, type GrantableRight } from '../rights.ts';
import type { AccessTables } from '../tables.ts';
import type { Jurisdictions } from '../tree/jurisdictions.ts';
import type { BoundAlerts } from './grants-in-force.ts';

export interface GrantInput {
  jurisdiction: Jurisdiction;
  /** Of that only what belongs to this police agency, or to one below it; null for all. */
  police?: AgencyCode | null;
  /** All that can be granted, where it names none. */
  rights?: readonly GrantableRight[];
  /** A case, an alert or incident that is open, or both. */
  case?: string;
  /** It ends when this alert or incident is closed. */
  alert?: string;
  reason: string;
  /** Of one that is bound to an alert {@link GRANT_DAYS_MAX} days from now, where it names no day. */
  untilMs?: number;
}

/** Where a list of grants goes on, as its last page said. */
export interface GrantPage {
  limit: number;
  after?: string;
}

export interface GrantInfo {
  id: string;
  state: 'asked' | 'approved' | 'ended';
  holder: { type: string; id: string; name: string };
  jurisdiction: Jurisdiction;
  police: AgencyCode | null;
  rights: string[];
  case: string | null;
  alert: string | null;
  reason: string;
  untilMs: number;
  askedAtMs: number;
  approvedAtMs: number | null;
  approvedBy: string | null;
  endedAtMs: number | null;
  endedBy: string | null;
}

/** What grants ask about alerts; app passes it. */
export interface AlertsOfGrants extends BoundAlerts {
  /** How an alert is that the caller may see; null for any other, as for one that never was. */
  stateFor(caller: Caller, id: string): Promise<'open' | 'closed' | null>;
}

export interface GrantsDeps {
  database: Database;
  clock: Clock;
  authority: Pick<Authority, 'may' | 'callerFor'>;
  jurisdictions: Pick<Jurisdictions, 'exists'>;
  agencies: { exists(agency: AgencyCode): boolean };
  alerts: AlertsOfGrants;
  /** Told after grants began or ended, or may have; resolves when that counts here. */
  changed(): Promise<void>;
}

type GrantRow = Selectable<AccessTables['access_grant']>;

/** A case goes on or a new grant is asked for: nobody keeps an open door by forgetting it. */
export const GRANT_DAYS_MAX = 90;

/** Ends grants whose alert was closed. */
const SYSTEM: Caller = systemCaller({ id: 'citywatch', name: 'citywatch', role: 'admin' });

/**
 * Leave to look beyond the own border: asked for a case or an alert, approved by somebody else of the area, ended on
 * its day or with its alert.
 */
export class Grants {
  readonly #deps: GrantsDeps;

  constructor(deps: GrantsDeps) {
    this.#deps = deps;
  }

  /** What the caller asked for, and what was asked for in their area if they approve there; newest first, in pages. */
  async list(caller: Caller, { limit, after }: GrantPage): Promise<{ items: GrantInfo[]; next: string | null }> {
    const db = this.#deps.database.tables<AccessTables>();
    const ordered = db.selectFrom('access_grant').selectAll().orderBy('asked_at_ms', 'desc').orderBy('id', 'desc');
    const page = after === undefined ? ordered : ordered.where(sql<boolean>`(asked_at_ms, id) < ${placeOf(after)}`);
    const all = page.limit(limit + 1);
    const own = await all.where('holder_type', '=', holderType(caller)).where('holder_id', '=', caller.id).execute();
    const approves = this.#deps.authority.may(caller, 'grants.approve');
    const area = approves ? await withinJurisdiction(all, 'jurisdiction', ownArea(caller)).execute() : [];
    const byId = new Map([...own, ...area].map((row) => [row.id, row]));
    const newest = [...byId.values()].sort((a, b) => b.asked_at_ms - a.asked_at_ms || (a.id < b.id ? 1 : -1));
    const rows = newest.slice(0, limit);
    const last = rows.at(-1);
    const next = last && newest.length > limit ? `${last.asked_at_ms} ${last.id}` : null;
    return { items: rows.map((row) => this.#show(row)), next };
  }

  /**
   * Asks for a grant for oneself; it opens nothing before it is approved. Errors: `request.invalid`, also for an alert
   * that is closed, or that the caller may not see.
   */
  async ask(caller: Caller, input: GrantInput): Promise<GrantInfo> {
    const { clock, database, jurisdictions, agencies } = this.#deps;
    const { jurisdiction, police = null, rights = GRANTABLE } = input;
    const nowMs = clock.nowMs();
    const untilMs = input.untilMs ?? nowMs + GRANT_DAYS_MAX * DAY_MS;
    if (!isJurisdictionCode(jurisdiction) || !jurisdictions.exists(jurisdiction)) {
      throw invalid('jurisdiction', 'is no code of GB/T 2260');
    }
    if (police !== null && !agencies.exists(police)) throw invalid('police', 'is no agency of the police');
    if (covers(ownArea(caller), { jurisdiction, police })) throw invalid('jurisdiction', 'lies in your own area');
    if (untilMs <= nowMs || untilMs > nowMs + GRANT_DAYS_MAX * DAY_MS) {
      throw invalid('until', `must lie within the next ${GRANT_DAYS_MAX} days`);
    }
    if (input.alert !== undefined) await this.#requireOpen(caller, input.alert);
    const row: GrantRow = {
      id: randomUUID(),
      holder_type: holderType(caller),
      holder_id: caller.id,
      holder_name: caller.name,
      jurisdiction,
      police,
      rights: [...rights],
      case_number: input.case ?? null,
      alert_id: input.alert ?? null,
      reason: input.reason,
      until_ms: untilMs,
      asked_at_ms: nowMs,
      approved_at_ms: null,
      approved_by_id: null,
      approved_by: null,
      ended_at_ms: null,
      ended_by: null,
    };
    await database.transaction(async (tx) => {
      const values = { ...row, rights: jsonb([...rights]) };
      await tx.tables<AccessTables>().insertInto('access_grant').values(values).execute();
      await this.#audit(tx, caller, 'grant.ask', row);
    });
    return this.#show(row);
  }

  /**
   * Approves what somebody else asked for in the caller's area. Errors: `not-found`; `auth.forbidden` for one's own;
   * `conflict.state` where it was approved, ended or has run out.
   */
  approve(caller: Caller, id: string): Promise<GrantInfo> {
    return this.#change(id, async (tx, row) => {
      if (!row || !this.#deps.authority.may(caller, 'grants.approve', row.jurisdiction)) {
        throw new CitywatchError('not-found');
      }
      if ((await samePersonAmong(tx, caller.id, [row.holder_id])).size > 0) {
        throw new CitywatchError('auth.forbidden', {
          detail: 'Nobody approves what they asked for themselves, or by a token of their making.',
        });
      }
      const state = this.#show(row).state;
      if (state !== 'asked') throw new CitywatchError('conflict.state', { detail: `The grant is ${state}.` });
      if ((await this.#closedOf(tx, [row])).length > 0) {
        throw new CitywatchError('conflict.state', { detail: 'The alert that the grant is bound to is closed.' });
      }
      const atMs = this.#deps.clock.nowMs();
      const set = { approved_at_ms: atMs, approved_by_id: caller.id, approved_by: caller.name };
      await tx.tables<AccessTables>().updateTable('access_grant').set(set).where('id', '=', id).execute();
      await this.#audit(tx, caller, 'grant.approve', { ...row, ...set });
      return { ...row, ...set };
    });
  }

  /** Ends a grant, as its holder or as who may approve there. One that has ended stays so. Errors: `not-found`. */
  async end(caller: Caller, id: string): Promise<void> {
    await this.#change(id, async (tx, row) => {
      const isMine = row?.holder_id === caller.id && row.holder_type === caller.type;
      if (!row || !(isMine || this.#deps.authority.may(caller, 'grants.approve', row.jurisdiction))) {
        throw new CitywatchError('not-found');
      }
      return row.ended_at_ms === null ? await this.#end(tx, caller, row) : row;
    });
  }

  /** Ends those whose alert is closed. Whoever hears of a closed alert calls it; they are not in force before it. */
  async endWithAlerts(): Promise<void> {
    const { database, clock } = this.#deps;
    const bound = database.tables<AccessTables>().selectFrom('access_grant').selectAll();
    const going = bound.where('alert_id', 'is not', null).where('ended_at_ms', 'is', null);
    const closed = await this.#closedOf(database, await going.where('until_ms', '>', clock.nowMs()).execute());
    for (const { id } of closed) {
      await this.#change(id, async (tx, row) => {
        if (!row || row.ended_at_ms !== null) return row!;
        return await this.#end(tx, SYSTEM, row);
      });
    }
  }

  async #end(tx: Tables, caller: Caller, row: GrantRow): Promise<GrantRow> {
    const set = { ended_at_ms: this.#deps.clock.nowMs(), ended_by: caller.name };
    await tx.tables<AccessTables>().updateTable('access_grant').set(set).where('id', '=', row.id).execute();
    await this.#audit(tx, caller, 'grant.end', { ...row, ...set });
    return { ...row, ...set };
  }

  async #requireOpen(caller: Caller, alert: string): Promise<void> {
    const { authority, alerts } = this.#deps;
    const reader = authority.callerFor(caller, ['alerts.read']);
    const state = reader && (await alerts.stateFor(reader, alert));
    if (state === 'open') return;
    const closed = 'is closed: name one that is open, or a case alone';
    throw invalid(
      'alert',
      state === 'closed' ? closed : 'is no alert or incident that you may see: see GET /alerts and GET /incidents',
    );
  }

  /** Those of these whose alert is closed. */
  async #closedOf(tables: Tables, rows: readonly GrantRow[]): Promise<GrantRow[]> {
    const open = await this.#deps.alerts.among(
      tables,
      rows.flatMap((row) => row.alert_id ?? []),
    );
    return rows.filter((row) => row.alert_id !== null && !open.has(row.alert_id));
  }

  async #change(id: string, run: (tx: Tables, row: GrantRow | undefined) => Promise<GrantRow>): Promise<GrantInfo> {
    try {
      return await this.#deps.database.transaction(async (tx) => {
        const found = tx.tables<AccessTables>().selectFrom('access_grant').selectAll().where('id', '=', id).forUpdate();
        return this.#show(await run(tx, await found.executeTakeFirst()));
      });
    } finally {
      await this.#deps.changed();
    }
  }

  #show(row: GrantRow): GrantInfo {
    const hasEnded = row.ended_at_ms !== null || row.until_ms <= this.#deps.clock.nowMs();
    return {
      id: row.id,
      state: hasEnded ? 'ended' : row.approved_at_ms === null ? 'asked' : 'approved',
      holder: { type: row.holder_type, id: row.holder_id, name: row.holder_name },
      jurisdiction: row.jurisdiction,
      police: row.police,
      rights: row.rights,
      case: row.case_number,
      alert: row.alert_id,
      reason: row.reason,
      untilMs: row.until_ms,
      askedAtMs: row.asked_at_ms,
      approvedAtMs: row.approved_at_ms,
      approvedBy: row.approved_by,
      endedAtMs: row.ended_at_ms,
      endedBy: row.ended_by,
    };
  }

  async #audit(tx: Tables, caller: Caller, action: string, row: GrantRow): Promise<void> {
    const { jurisdiction } = row;
    const atMs = this.#deps.clock.nowMs();
    await recordAudit(tx, { caller, action, subject: `grant/${row.id}`, jurisdiction, after: this.#show(row), atMs });
  }
}

/** Devices and the gateway itself ask for nothing. */
function holderType({ type }: Caller): 'person' | 'token' {
  if (type === 'person' || type === 'token') return type;
  throw new CitywatchError('auth.forbidden');
}

/** What a page ended with, as {@link Grants.list} wrote it. */
function placeOf(after: string) {
  const [askedAtMs = '', id = ''] = after.split(' ');
  return sql`(${askedAtMs}::bigint, ${id}::uuid)`;
}

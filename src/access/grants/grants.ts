import { randomUUID } from 'node:crypto';
import { type Clock, DAY_MS } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { covers, isJurisdictionCode, type Jurisdiction } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import {
  type Database,
  jsonb,
  type Selectable,
  type Tables,
  withinJurisdiction,
} from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { Authority } from '../authority.ts';
import type { Jurisdictions } from '../jurisdictions.ts';
import { GRANTABLE, type GrantableRight } from '../rights.ts';
import type { AccessTables } from '../tables.ts';

export interface GrantInput {
  jurisdiction: Jurisdiction;
  /** All that can be granted, where it names none. */
  rights?: readonly GrantableRight[];
  case: string;
  reason: string;
  untilMs: number;
}

export interface GrantInfo {
  id: string;
  state: 'asked' | 'approved' | 'ended';
  holder: { type: string; id: string; name: string };
  jurisdiction: Jurisdiction;
  rights: string[];
  case: string;
  reason: string;
  untilMs: number;
  askedAtMs: number;
  approvedAtMs: number | null;
  approvedBy: string | null;
  endedAtMs: number | null;
  endedBy: string | null;
}

export interface GrantsDeps {
  database: Database;
  clock: Clock;
  authority: Pick<Authority, 'may'>;
  jurisdictions: Pick<Jurisdictions, 'exists'>;
  /** Told after grants began or ended, or may have; resolves when that counts here. */
  changed(): Promise<void>;
}

type GrantRow = Selectable<AccessTables['access_grant']>;

/** A case goes on or a new grant is asked for: nobody keeps an open door by forgetting it. */
export const GRANT_DAYS_MAX = 90;
const LIST_MAX = 500;

/** Leave to look beyond the own border: asked for a case, approved by somebody else of the area, ended on its day. */
export class Grants {
  readonly #deps: GrantsDeps;

  constructor(deps: GrantsDeps) {
    this.#deps = deps;
  }

  /** What the caller asked for, and what was asked for in their area if they approve there; newest first. */
  async list(caller: Caller): Promise<GrantInfo[]> {
    const db = this.#deps.database.tables<AccessTables>();
    const all = db.selectFrom('access_grant').selectAll().orderBy('asked_at_ms', 'desc').limit(LIST_MAX);
    const own = await all.where('holder_type', '=', holderType(caller)).where('holder_id', '=', caller.id).execute();
    const approves = this.#deps.authority.may(caller, 'grants.approve');
    const area = approves ? await withinJurisdiction(all, 'jurisdiction', caller.jurisdiction).execute() : [];
    const byId = new Map([...own, ...area].map((row) => [row.id, row]));
    const newest = [...byId.values()].sort((a, b) => b.asked_at_ms - a.asked_at_ms).slice(0, LIST_MAX);
    return newest.map((row) => this.#show(row));
  }

  /** Asks for a grant for oneself; it opens nothing before it is approved. Errors: `request.invalid`. */
  async ask(caller: Caller, input: GrantInput): Promise<GrantInfo> {
    const { clock, database, jurisdictions } = this.#deps;
    const { jurisdiction, rights = GRANTABLE, untilMs } = input;
    const nowMs = clock.nowMs();
    if (!isJurisdictionCode(jurisdiction) || !jurisdictions.exists(jurisdiction)) {
      throw invalid('jurisdiction', 'is no code of GB/T 2260');
    }
    if (covers(caller.jurisdiction, jurisdiction)) throw invalid('jurisdiction', 'lies in your own area');
    if (untilMs <= nowMs || untilMs > nowMs + GRANT_DAYS_MAX * DAY_MS) {
      throw invalid('until', `must lie within the next ${GRANT_DAYS_MAX} days`);
    }
    const row: GrantRow = {
      id: randomUUID(),
      holder_type: holderType(caller),
      holder_id: caller.id,
      holder_name: caller.name,
      jurisdiction,
      rights: [...rights],
      case_number: input.case,
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
      if (row.holder_id === caller.id) {
        throw new CitywatchError('auth.forbidden', { detail: 'Nobody approves what they asked for themselves.' });
      }
      const state = this.#show(row).state;
      if (state !== 'asked') throw new CitywatchError('conflict.state', { detail: `The grant is ${state}.` });
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
      if (row.ended_at_ms !== null) return row;
      const set = { ended_at_ms: this.#deps.clock.nowMs(), ended_by: caller.name };
      await tx.tables<AccessTables>().updateTable('access_grant').set(set).where('id', '=', id).execute();
      await this.#audit(tx, caller, 'grant.end', { ...row, ...set });
      return { ...row, ...set };
    });
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
      rights: row.rights,
      case: row.case_number,
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

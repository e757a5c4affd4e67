import { randomUUID } from 'node:crypto';
import { type Clock, DAY_MS, toRfc3339 } from '../../../core/clock.ts';
import { CitywatchError, invalid } from '../../../core/errors.ts';
import { covers, ownArea, type Place, type Tree } from '../../../core/jurisdiction.ts';
import { InTurn } from '../../../core/mechanisms/one-at-a-time.ts';
import type { Caller } from '../../../core/types.ts';
import {
  type Database,
  type Selectable,
  type Tables,
  withinJurisdiction,
} from '../../../platform/database/database.ts';
import { recordAudit } from '../../../platform/records/audit.ts';
import { requireUuid } from '../../desk/queries.ts';
import type { AlertTables } from '../../desk/tables.ts';
import type { WatchlistTables } from '../tables.ts';

/** Who may see plates whole, why and until when. */
export type Permit = Selectable<WatchlistTables['plate_permit']>;

export const HOLDERS = ['person', 'token', 'subscription'] as const;
export type HolderType = (typeof HOLDERS)[number];

export interface PermitInput {
  holder: { type: HolderType; id: string };
  /** The giver's own area where it is absent. */
  jurisdiction?: string;
  purpose: string;
  case: string;
  untilMs: number;
}

export interface PermitDeps {
  database: Database;
  clock: Clock;
  tree: Tree;
  /** Those of these people and tokens that can still act. */
  whoIsStillThere(tables: Tables, ids: readonly string[], nowMs: number): Promise<Set<string>>;
  /** Those of `ids` behind whom the same person stands as behind `id`. */
  samePersonAmong(tables: Tables, id: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
}

/** A case goes on or a new permit is asked for. */
const PERMIT_DAYS_MAX = 90;
/** What other sinks send is read on the way, or stands on a telephone. */
const SINK_WITH_PLATES = 'webhook';

/**
 * Leave to see the plates of alerts whole, for one case and until a day. In memory, because every delivery asks for it.
 */
export class PlatePermits {
  readonly #deps: PermitDeps;
  #byHolder: ReadonlyMap<string, readonly Permit[]> = new Map();
  readonly #loading = new InTurn();

  constructor(deps: PermitDeps) {
    this.#deps = deps;
  }

  load(): Promise<void> {
    return this.#loading.run(async () => {
      const db = this.#deps.database.tables<WatchlistTables>();
      const rows = await db.selectFrom('plate_permit').selectAll().where('ended_at_ms', 'is', null).execute();
      const byHolder = new Map<string, Permit[]>();
      for (const row of rows) byHolder.set(row.holder_id, [...(byHolder.get(row.holder_id) ?? []), row]);
      this.#byHolder = byHolder;
    });
  }

  /** Whether anybody has asked for plates in the name of this person, token or subscription; costs nothing. */
  has(holder: string): boolean {
    return this.#byHolder.has(holder);
  }

  /** The permit by which a person, token or subscription sees plates of this place; null for none. */
  of(holder: string, place: Place, forCase: string | null = null): Permit | null {
    const isOf = ({ jurisdiction }: Permit) => covers(this.#deps.tree.area(jurisdiction), place.jurisdiction);
    return this.#inForce(holder, forCase).find(isOf) ?? null;
  }

  /** Whether somebody has one that holds now, wherever it is for: of this case, or of any. */
  holds(holder: string, forCase: string | null): boolean {
    return this.#inForce(holder, forCase).length > 0;
  }

  #inForce(holder: string, forCase: string | null): Permit[] {
    const nowMs = this.#deps.clock.nowMs();
    const isMeant = ({ until_ms, case_number }: Permit) =>
      until_ms > nowMs && (forCase === null || case_number === forCase);
    return (this.#byHolder.get(holder) ?? []).filter(isMeant);
  }

  /**
   * Gives leave to somebody else, or to a webhook of somebody else. Errors: `request.invalid`; `auth.forbidden` for
   * oneself and one's own subscriptions.
   */
  async give(caller: Caller, input: PermitInput): Promise<PermitView> {
    const { database, clock } = this.#deps;
    const { holder, purpose, untilMs, jurisdiction = caller.jurisdiction } = input;
    const nowMs = clock.nowMs();
    if (!covers(ownArea(caller), jurisdiction)) throw invalid('jurisdiction', 'lies outside your jurisdiction');
    if (untilMs <= nowMs || untilMs > nowMs + PERMIT_DAYS_MAX * DAY_MS) {
      throw invalid('until', `must lie within the next ${PERMIT_DAYS_MAX} days`);
    }
    const row = await database.transaction(async (tx) => {
      const holderName = await this.#holderName(tx, caller, holder);
      const made: Permit = {
        id: randomUUID(),
        holder_type: holder.type,
        holder_id: holder.id,
        holder_name: holderName,
        jurisdiction,
        purpose,
        case_number: input.case,
        until_ms: untilMs,
        given_by_id: caller.id,
        given_by: caller.name,
        given_at_ms: nowMs,
        ended_at_ms: null,
        ended_by: null,
      };
      await tx.tables<WatchlistTables>().insertInto('plate_permit').values(made).execute();
      await audit(tx, { caller, action: 'plate-permit.give', row: made, atMs: nowMs });
      return made;
    });
    await this.load();
    return shown(row);
  }

  /** Those of the caller's area that have not ended, the newest first. */
  async list(caller: Caller): Promise<PermitView[]> {
    const all = this.#deps.database.tables<WatchlistTables>().selectFrom('plate_permit').selectAll();
    const open = all.where('ended_at_ms', 'is', null).where('until_ms', '>', this.#deps.clock.nowMs());
    const rows = await withinJurisdiction(open, 'jurisdiction', ownArea(caller))
      .orderBy('given_at_ms', 'desc')
      .execute();
    return rows.map(shown);
  }

  async end(caller: Caller, id: string): Promise<void> {
    const { database, clock } = this.#deps;
    await database.transaction(async (tx) => {
      const ended = { ended_at_ms: clock.nowMs(), ended_by: caller.name };
      const all = tx.tables<WatchlistTables>().updateTable('plate_permit').set(ended).where('id', '=', requireUuid(id));
      const open = withinJurisdiction(all.where('ended_at_ms', 'is', null), 'jurisdiction', ownArea(caller));
      const row = await open.returningAll().executeTakeFirst();
      if (!row) throw new CitywatchError('not-found');
      await audit(tx, { caller, action: 'plate-permit.end', row, atMs: ended.ended_at_ms });
    });
    await this.load();
  }

  async #holderName(tx: Tables, caller: Caller, { type, id }: PermitInput['holder']): Promise<string> {
    const isSelf = async (other: string) => (await this.#deps.samePersonAmong(tx, caller.id, [other])).size > 0;
    if (await isSelf(id)) throw forOneself();
    if (type !== 'subscription') {
      const present = await this.#deps.whoIsStillThere(tx, [id], this.#deps.clock.nowMs());
      if (!present.has(id)) throw invalid('holder.id', `is no ${type} that can act`);
      return id;
    }
    const all = tx.tables<AlertTables>().selectFrom('subscription').select(['name', 'type', 'owner_id']);
    const found = all.where('id', '=', requireUuid(id)).where('state', '!=', 'removed');
    const row = await withinJurisdiction(found, 'jurisdiction', ownArea(caller)).executeTakeFirst();
    if (!row) throw invalid('holder.id', 'is no subscription of your area');
    if (row.owner_id !== null && (await isSelf(row.owner_id))) throw forOneself();
    if (row.type !== SINK_WITH_PLATES) throw invalid('holder.id', `is no ${SINK_WITH_PLATES}: others tell no plates`);
    return row.name;
  }
}

function forOneself(): CitywatchError {
  return new CitywatchError('auth.forbidden', { detail: 'Nobody lets themselves, or their own webhook, see plates.' });
}

interface Audited {
  caller: Caller;
  action: string;
  row: Permit;
  atMs: number;
}

function audit(tx: Tables, { caller, action, row, atMs }: Audited): Promise<void> {
  const { jurisdiction, purpose, case_number, until_ms } = row;
  const after = {
    holder: `${row.holder_type}/${row.holder_id}`,
    purpose,
    case: case_number,
    until: toRfc3339(until_ms),
  };
  return recordAudit(tx, { caller, action, subject: `plate-permit/${row.id}`, jurisdiction, after, atMs });
}

function shown(row: Permit) {
  return {
    id: row.id,
    holder: { type: row.holder_type, id: row.holder_id, name: row.holder_name },
    jurisdiction: row.jurisdiction,
    purpose: row.purpose,
    case: row.case_number,
    until: toRfc3339(row.until_ms),
    givenBy: row.given_by,
    givenAt: toRfc3339(row.given_at_ms),
  };
}

export type PermitView = ReturnType<typeof shown>;

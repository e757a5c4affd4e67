import type { Clock } from '../core/clock.ts';
import { NATIONWIDE } from '../core/jurisdiction.ts';
import type { Caller } from '../core/types.ts';
import type { Database, Tables } from '../platform/database/database.ts';
import type { Authority } from './authority.ts';
import type { Right } from './rights.ts';
import { ABSOLUTE_MS } from './sessions.ts';
import type { AccessTables } from './tables.ts';

export interface StandingDeps {
  database: Database;
  clock: Pick<Clock, 'nowMs'>;
  authority: Pick<Authority, 'callerFor'>;
}

/**
 * What somebody may do at this moment who began something that goes on for long: the end of their session is no end of
 * it, but the end of their token, their being disabled, and another role, area or agency are.
 */
export class Standing {
  readonly #deps: StandingDeps;

  constructor(deps: StandingDeps) {
    this.#deps = deps;
  }

  /** The caller with the role, area and agency of this moment, asked for in `tables`; null where the right is gone. */
  async now(caller: Caller, right: Right, tables: Tables = this.#deps.database): Promise<Caller | null> {
    if (caller.type === 'system') return caller;
    const stands = caller.type === 'person' ? await this.#person(tables, caller) : await this.#token(tables, caller);
    if (!stands) return null;
    const { name, purpose } = caller;
    return this.#deps.authority.callerFor({ type: caller.type, id: caller.id, name, purpose, ...stands }, [right]);
  }

  /** As {@link now}, of whom is known only who it is; null for the gateway itself, which owns nothing. */
  async ownerNow(owner: Pick<Caller, 'type' | 'id' | 'name'>, right: Right): Promise<Caller | null> {
    if (owner.type === 'system') return null;
    const { type, id, name } = owner;
    return await this.now({ type, id, name, role: 'viewer', jurisdiction: NATIONWIDE, purpose: null }, right);
  }

  /** Whether a login goes on, by what its person names it by (`Session.id`). */
  async isOpen(session: string): Promise<boolean> {
    const { database, clock } = this.#deps;
    const found = await database
      .tables<AccessTables>()
      .selectFrom('session')
      .select('id')
      .where('id', '=', session)
      .where('created_at_ms', '>', clock.nowMs() - ABSOLUTE_MS)
      .executeTakeFirst();
    return found !== undefined;
  }

  #person(tables: Tables, { id }: Caller) {
    const people = tables.tables<AccessTables>().selectFrom('person').select(['role', 'jurisdiction', 'police']);
    return people.where('id', '=', id).where('disabled_at_ms', 'is', null).executeTakeFirst();
  }

  #token(tables: Tables, { id }: Caller) {
    const all = tables.tables<AccessTables>().selectFrom('api_token').select(['role', 'jurisdiction', 'police']);
    return all
      .where('id', '=', id)
      .where('revoked_at_ms', 'is', null)
      .where(({ or, eb }) => or([eb('expires_at_ms', 'is', null), eb('expires_at_ms', '>', this.#deps.clock.nowMs())]))
      .executeTakeFirst();
  }
}

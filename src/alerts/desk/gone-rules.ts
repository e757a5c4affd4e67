import type { Clock } from '../../core/clock.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import { endedBy } from './ends.ts';
import type { AlertLog, Committed, LogInput } from './log.ts';
import type { AlertTables } from './tables.ts';

export interface GoneRulesDeps {
  database: Database<'alerts'>;
  clock: Clock;
  log: Pick<AlertLog, 'publish'>;
  committed(published: Committed): void;
}

const ALERTS_AT_ONCE = 500;

/** Which rules are in force, and the end of what is active of those that are not any more. */
export class GoneRules {
  readonly #deps: GoneRulesDeps;
  #inForce: ReadonlySet<string>;

  /** `inForce`: names of rules. */
  constructor(deps: GoneRulesDeps, inForce: Iterable<string>) {
    this.#deps = deps;
    this.#inForce = new Set(inForce);
  }

  isGone(rule: string): boolean {
    return !this.#inForce.has(rule);
  }

  /** From now on these rules are in force. Throws as `end` does. */
  async replace(inForce: Iterable<string>): Promise<void> {
    // First: what the desk commits while `end` looks is then seen by the desk.
    this.#inForce = new Set(inForce);
    await this.end();
  }

  /**
   * Ends what is active of rules that are gone: as `stale` with the reason `rule-removed`, because nobody will judge
   * whether it is over. Doing it again changes nothing. Throws `store.unavailable` while PostgreSQL is away.
   */
  async end(): Promise<void> {
    const { database, committed } = this.#deps;
    for (let found = ALERTS_AT_ONCE; found === ALERTS_AT_ONCE; ) {
      const published = await database.transaction(async (tx) => {
        const inputs = await this.#lasting(tx);
        found = inputs.length;
        return await this.#deps.log.publish(tx, inputs);
      });
      if (found > 0) committed(published);
    }
  }

  async #lasting(tx: Tables): Promise<LogInput[]> {
    const open = await tx
      .tables<AlertTables>()
      .selectFrom('alert')
      .selectAll()
      .where('handling', '!=', 'closed')
      .where('condition', 'in', ['active', 'recovering'])
      // Not a list of `not in`, which may not be empty.
      .where(sql<boolean>`rule <> ALL(${[...this.#inForce]}::text[])`)
      .orderBy('id')
      .limit(ALERTS_AT_ONCE)
      .forUpdate()
      .execute();
    const atMs = this.#deps.clock.nowMs();
    return open.flatMap((before) => {
      const step = endedBy('rule-removed', before);
      return step ? [{ from: before.version, type: step.event, alert: step.alert, actor: 'citywatch', atMs }] : [];
    });
  }
}

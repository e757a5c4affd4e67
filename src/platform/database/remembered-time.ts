import type { Clock } from '../../core/clock.ts';
import { BelievedTime } from '../../core/mechanisms/believed-time.ts';
import { type Database, sql } from './database.ts';
import type { Ownership } from './ownership.ts';

export interface RememberedTimeDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
  clock: Clock;
}

/** The time of day for whoever deletes what is old, remembered from one start to the next. */
export class RememberedTime extends BelievedTime {
  readonly #deps: RememberedTimeDeps;

  private constructor(deps: RememberedTimeDeps, knownMs: number | null) {
    super(deps.clock, knownMs);
    this.#deps = deps;
  }

  static async open(deps: RememberedTimeDeps): Promise<RememberedTime> {
    const { rows } = await sql<{ at: number }>`select at_ms as at from believed_time`.execute(deps.database.tables());
    return new RememberedTime(deps, rows[0]?.at ?? null);
  }

  /** Writes down what is believed, Unix ms. */
  async remember(nowMs: number): Promise<void> {
    const { database, ownership } = this.#deps;
    await ownership.transaction(database, 'what time it is', (tx) =>
      sql`insert into believed_time (at_ms) values (${nowMs}) on conflict (is_one) do update
        set at_ms = excluded.at_ms`.execute(tx.tables()),
    );
  }
}

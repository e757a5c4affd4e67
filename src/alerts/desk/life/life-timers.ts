import type { Clock } from '../../../core/clock.ts';
import type { Database } from '../../../platform/database/database.ts';
import { DONE, type WorkResult } from '../../../platform/work/work.ts';
import type { AlertLog, Committed } from '../log.ts';
import type { AlertTables } from '../tables.ts';
import { lapsed, lapsesAtMs } from './steps.ts';

export interface LifeTimersDeps {
  database: Database<'alerts'>;
  clock: Clock;
  log: Pick<AlertLog, 'publish'>;
  committed(published: Committed): void;
}

/**
 * Says what has run out: an acknowledgement nobody followed up, a shelf. The times stand in the alert, so that a timer
 * that comes twice, late, or after somebody moved the alert on changes nothing.
 */
export class LifeTimers {
  readonly #deps: LifeTimersDeps;

  constructor(deps: LifeTimersDeps) {
    this.#deps = deps;
  }

  /** Handler of the queue `alert-life`; the key is the alert's id. */
  async handle(id: string): Promise<WorkResult> {
    const { database, clock, log, committed } = this.#deps;
    const { published, next } = await database.transaction(async (tx) => {
      const found = tx.tables<AlertTables>().selectFrom('alert').selectAll().where('id', '=', id).forUpdate();
      const before = await found.executeTakeFirst();
      if (!before) return { published: null, next: null };
      const atMs = clock.nowMs();
      const steps = lapsed(before, atMs);
      const inputs = steps.map(({ alert, event: type }) => {
        return { from: before.version, type, alert, actor: 'citywatch', atMs };
      });
      const after = steps.at(-1)?.alert ?? before;
      return { published: inputs.length > 0 ? await log.publish(tx, inputs) : null, next: lapsesAtMs(after) };
    });
    if (published) committed(published);
    return next === null ? DONE : { again: { atMs: next } };
  }
}

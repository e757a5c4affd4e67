import type { Database } from '../../platform/database/database.ts';
import { DONE, type WorkResult } from '../../platform/work/work.ts';
import type { AlertLog, Committed } from './log.ts';

export interface StageTimersDeps {
  database: Database<'alerts'>;
  log: Pick<AlertLog, 'publish'>;
  committed(published: Committed): void;
}

/** Runs the stages when a timer of one of them has come due. */
export class StageTimers {
  readonly #deps: StageTimersDeps;

  constructor(deps: StageTimersDeps) {
    this.#deps = deps;
  }

  /** Handler of the queue `stage`; the key is `stage timer`. A timer of a stage that is gone comes to nothing. */
  async handle(key: string): Promise<WorkResult> {
    const { database, log, committed } = this.#deps;
    const at = key.indexOf(' ');
    const due = new Map([[key.slice(0, at), [key.slice(at + 1)]]]);
    committed(await database.transaction((tx) => log.publish(tx, [], { due })));
    return DONE;
  }
}

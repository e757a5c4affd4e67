import type { Caller } from '../../../core/types.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { AlertQueries } from '../queries.ts';
import { type HistoryLine, historyOf } from './history.ts';
import { alertsNear, type NearAlert, type NearOptions } from './near.ts';

/** What stands around one alert for who works on it. Each is limited to what the caller may see. */
export class AlertCases {
  readonly #deps: { database: Database; queries: Pick<AlertQueries, 'row'> };

  constructor(deps: { database: Database; queries: Pick<AlertQueries, 'row'> }) {
    this.#deps = deps;
  }

  /** What happened to it and who did it, the newest first, 500 at most. Errors: `not-found`. */
  history(caller: Caller, id: string): Promise<HistoryLine[]> {
    return historyOf(this.#deps, caller, id);
  }

  /** Others of its device or near it that are not closed, 20 at most. Errors: `not-found`. */
  near(caller: Caller, id: string, options: NearOptions): Promise<NearAlert[]> {
    return alertsNear(this.#deps, caller, id, options);
  }
}

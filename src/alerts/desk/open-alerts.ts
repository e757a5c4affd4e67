import type { Caller } from '../../core/types.ts';
import { type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import type { AlertTables } from './tables.ts';

/** Says which alerts are open, for whoever holds something only for as long as an alert is. */
export class OpenAlerts {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** How an alert is that the caller may see; null for any other, as for one that never was. */
  async stateFor(caller: Caller, id: string): Promise<'open' | 'closed' | null> {
    const all = this.#tables.tables<AlertTables>().selectFrom('alert').select('handling').where('id', '=', id);
    const found = await withinJurisdiction(all, 'jurisdiction', caller, 'police').executeTakeFirst();
    if (!found) return null;
    return found.handling === 'closed' ? 'closed' : 'open';
  }

  /** Of these those that are open, as the transaction sees it. */
  async among(tables: Tables, ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    const all = tables.tables<AlertTables>().selectFrom('alert').select('id').where('handling', '<>', 'closed');
    const rows = await all.where('id', 'in', [...new Set(ids)]).execute();
    return new Set(rows.map(({ id }) => id));
  }
}

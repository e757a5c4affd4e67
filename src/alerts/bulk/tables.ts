import type { Caller } from '../../core/types.ts';
import type { ColumnType, Generated } from '../../platform/database/database.ts';
import type { AlertFilter } from '../desk/filter.ts';
import type { Deed } from '../desk/life/deeds.ts';
import type { AlertTables } from '../desk/tables.ts';

type Json<T> = ColumnType<T, string, string>;

/** What somebody does with many alerts; see migrations 0332 and 0359. */
export interface AlertBulkTable {
  id: string;
  jurisdiction: string;
  police: string | null;
  caller: Json<Caller>;
  filter: Json<AlertFilter>;
  deed: Json<Deed>;
  alerts: number;
  state: 'going' | 'done';
  last_id: string | null;
  done: Generated<number>;
  unchanged: Generated<number>;
  refused: Generated<number>;
  refusals: ColumnType<{ alert: string; detail: string }[], string | undefined, string>;
  /** The newest entry of the log when it was counted; null in rows of versions that did not tell. */
  previewed_seq: number | null;
  created_at_ms: number;
  ended_at_ms: number | null;
}

export interface BulkTables extends AlertTables {
  alert_bulk: AlertBulkTable;
}

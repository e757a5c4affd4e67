import type { ColumnType, Generated } from '../../platform/database/database.ts';
import type { AlertRow, AlertTables } from '../desk/tables.ts';

/** Who has duty for a place, and when; see migration 0348. */
export interface DutyShiftTable {
  id: string;
  jurisdiction: string;
  police: string | null;
  /** Ids of people; the first leads. */
  people: string[];
  /** Their user names, in the same order. */
  usernames: string[];
  starts_at_ms: number;
  ends_at_ms: number;
  created_by: string;
  created_at_ms: number;
  removed_at_ms: number | null;
  version: Generated<number>;
}

/** An open alert in a hand-over, as it stood. */
export interface HandedItem extends Pick<AlertRow, 'handling' | 'visibility'> {
  alert: string;
  /** Somebody of the shift that ends has acknowledged it, or it is assigned to them. */
  held: boolean;
}

type Json<T> = ColumnType<T, string, string>;

export interface DutyHandOverTable {
  id: string;
  from_shift: string;
  to_shift: string;
  jurisdiction: string;
  police: string | null;
  note: string;
  items: Json<HandedItem[]>;
  more: number;
  given_by: string;
  given_at_ms: number;
  taken_by: string | null;
  taken_at_ms: number | null;
  left_items: ColumnType<string[] | null, string | null | undefined, string | null>;
  version: Generated<number>;
}

export interface DutyTables extends AlertTables {
  duty_shift: DutyShiftTable;
  duty_hand_over: DutyHandOverTable;
}

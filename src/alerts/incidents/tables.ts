import type { ColumnType, Generated } from '../../platform/database/database.ts';
import type { AlertTables } from '../desk/tables.ts';
import type { Matchers } from '../silences/silence.ts';

/** Which alerts join an incident when they open. */
export type Takes = Pick<Matchers, 'rule' | 'kind' | 'device'>;

/** Alerts that are one happening; see migrations 0333 and 0353. */
export interface IncidentTable {
  id: string;
  title: string;
  jurisdiction: string;
  police: string | null;
  state: 'open' | 'closed';
  takes: ColumnType<Takes | null, string | null, string | null>;
  opened_by: string;
  opened_at_ms: number;
  closed_by: string | null;
  closed_at_ms: number | null;
  /** Of the row; what its alerts add is not in it, see `countsOf`. */
  version: Generated<number>;
}

/** What somebody did with an incident. */
export interface IncidentEntryTable {
  seq: Generated<number>;
  incident_id: string;
  at_ms: number;
  actor: string;
  action: 'opened' | 'merged' | 'split' | 'closed' | 'dissolved';
  text: string | null;
  alerts: string[];
}

export interface IncidentTables extends AlertTables {
  incident: IncidentTable;
  incident_entry: IncidentEntryTable;
}

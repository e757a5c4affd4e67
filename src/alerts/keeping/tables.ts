import type { BulkTables } from '../bulk/tables.ts';
import type { IncidentTables } from '../incidents/tables.ts';

/** What goes when it has been kept long enough. */
export interface KeepingTables extends IncidentTables, BulkTables {
  /** When each alert was first told, for longer than its deliveries are kept. */
  alert_sent: { alert_id: string; at_ms: number };
  /** See migration 0346. */
  alert_gone_picture: { key: string };
}

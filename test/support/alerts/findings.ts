import type { AlertTables } from '../../../src/alerts/desk/tables.ts';
import { type AlertClass, classedBy } from '../../../src/alerts/rules/classes.ts';
import type { Tables } from '../../../src/platform/database/database.ts';

export interface FireOptions {
  /** Its number among the findings of the test. */
  count: number;
  jurisdiction: string;
  kind?: 'fired' | 'cleared' | 'stale';
  severity?: string;
  /** Kiosk-fire unless told. */
  rule?: string;
  data?: object;
  /** An incident unless told. */
  class?: AlertClass;
  /** When it was received, Unix ms; now unless told. */
  atMs?: number;
  /** A drill. */
  exercise?: boolean;
}

/** Stores fires of kiosks, or their ends, as the rules leave them for the desk. Returns the keys of their alerts. */
export async function storeFires(
  database: Tables,
  ...fires: readonly (readonly [device: string, FireOptions])[]
): Promise<string[]> {
  const rows = fires.map(([device, options]) => fireAt(device, options));
  await database.tables<AlertTables>().insertInto('finding').values(rows).execute();
  return rows.map(({ dedup_key }) => dedup_key);
}

function fireAt(device: string, options: FireOptions) {
  const { count, jurisdiction, kind = 'fired', severity = 'extreme', rule = 'kiosk-fire', data = {} } = options;
  const nowMs = options.atMs ?? Date.now();
  return {
    id: `f${count}`,
    dedup_key: `${rule}|${device}`,
    rule,
    rule_version: 1,
    severity,
    ...classedBy({ class: options.class ?? 'incident' }),
    subject: device,
    jurisdiction,
    scope: '',
    kind,
    lane: 'live',
    journal_offset: count,
    device_at_ms: nowMs,
    received_at_ms: nowMs,
    decided_at_ms: nowMs,
    alert_id: null,
    handled_at_ms: null,
    data: JSON.stringify(data),
    exercise: options.exercise ?? false,
  };
}

import { randomUUID } from 'node:crypto';
import type { AlertTables } from '../../../src/alerts/desk/tables.ts';
import type { Tables } from '../../../src/platform/database/database.ts';

/** Stores an open alert as the desk does, for who asks no more than where it is and whether it is open. */
export async function storeAlert(
  database: Tables,
  jurisdiction: string,
  police: string | null = null,
): Promise<string> {
  const id = randomUUID();
  const [rule, atMs] = ['kiosk-fire', 1];
  const row = {
    id,
    dedup_key: `${rule}|${id}`,
    rule,
    rule_version: 1,
    title: JSON.stringify({ en: rule, zh: rule }),
    severity: 'severe',
    condition: 'active' as const,
    handling: 'new' as const,
    visibility: 'normal' as const,
    device: id,
    device_name: id,
    jurisdiction,
    police,
    first_at_ms: atMs,
    last_at_ms: atMs,
    occurrences: 1,
    received_at_ms: atMs,
    decided_at_ms: atMs,
    committed_at_ms: atMs,
    fired_at_ms: atMs,
    data: '{}',
    evidence: '[]',
    comments: '[]',
    cases: '[]',
    receipt: '',
    version: 1,
  };
  const nothing = {
    condition_reason: null,
    verdict: null,
    lat: null,
    lon: null,
    device_at_ms: null,
    acked_by: null,
    acked_by_id: null,
    acked_at_ms: null,
    assigned_to: null,
    closed_by: null,
    closed_at_ms: null,
    previous_id: null,
  };
  const values = { ...row, ...nothing };
  await database.tables<AlertTables>().insertInto('alert').values(values).execute();
  return id;
}

/** As somebody who closes it. */
export async function closeAlert(database: Tables, id: string): Promise<void> {
  const set = { handling: 'closed' as const, closed_by: 'Li', closed_at_ms: 2 };
  await database.tables<AlertTables>().updateTable('alert').set(set).where('id', '=', id).execute();
}

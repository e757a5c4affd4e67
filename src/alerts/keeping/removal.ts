import { createHash } from 'node:crypto';
import type { AlertRow } from '../desk/tables.ts';

/** An entry of the log of an alert that goes. */
export interface GoneEntry {
  alert_id: string;
  body: unknown;
}

type Gone = Pick<AlertRow, 'id' | 'rule' | 'jurisdiction' | 'first_at_ms' | 'closed_at_ms' | 'verdict' | 'version'>;

/**
 * SHA-256, in hex, of alerts that go: a line for each, in the order given, as JSON of its id, rule, jurisdiction, first
 * and last moment (Unix ms), verdict, version, and the SHA-256 of the entries of its log, a line of JSON for each in
 * their order. Whoever has kept an export can show by it what was there.
 */
export function hashOfGone(alerts: readonly Gone[], entries: readonly GoneEntry[]): string {
  const logs = new Map(alerts.map(({ id }) => [id, createHash('sha256')]));
  for (const { alert_id, body } of entries) logs.get(alert_id)?.update(`${JSON.stringify(body)}\n`);
  const all = createHash('sha256');
  for (const { id, rule, jurisdiction, first_at_ms, closed_at_ms, verdict, version } of alerts) {
    const log = logs.get(id)?.digest('hex');
    all.update(`${JSON.stringify([id, rule, jurisdiction, first_at_ms, closed_at_ms, verdict, version, log])}\n`);
  }
  return all.digest('hex');
}

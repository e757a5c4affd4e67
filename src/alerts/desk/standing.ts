import { sql, type Tables } from '../../platform/database/database.ts';
import type { AlertPlace } from './alert.ts';
import type { AlertRow, AlertTables, FindingRow } from './tables.ts';

/** What stands for a key: what is not handled, and its alerts that are not closed. */
export interface Standing {
  key: string;
  /** In the order in which they came. */
  findings: [FindingRow, ...FindingRow[]];
  /** At most one of each area. */
  open: readonly AlertRow[];
  /** The newest alert of the key, in whatever area. */
  previousId: string | null;
  /** Where its device stood a moment ago; absent where nobody asked. */
  place?: AlertPlace | undefined;
}

type Read = FindingRow & { newest_id: string | null };

/** Of these keys, at most `limit` findings. Nothing is locked: whoever writes says what it was made of. */
export async function standingOf(tx: Tables, keys: readonly string[], limit: number): Promise<Standing[]> {
  const db = tx.tables<AlertTables>();
  const { rows } = await sql<Read>`
    SELECT finding.*, (
      SELECT id FROM alert WHERE alert.dedup_key = finding.dedup_key
      ORDER BY first_at_ms DESC, committed_at_ms DESC LIMIT 1
    ) AS newest_id
    FROM finding WHERE dedup_key = ANY (${keys}::text[]) AND handled_at_ms IS NULL
    ORDER BY seq LIMIT ${limit}`.execute(db);
  const standing = new Map<string, Standing>();
  for (const { newest_id: previousId, ...finding } of rows) {
    const key = finding.dedup_key;
    const before = standing.get(key);
    if (before) before.findings.push(finding);
    else standing.set(key, { key, findings: [finding], open: [], previousId });
  }
  // A key that never had an alert has none that is open.
  const known = [...standing.values()].filter(({ previousId }) => previousId !== null).map(({ key }) => key);
  if (known.length === 0) return [...standing.values()];
  const open = await db
    .selectFrom('alert')
    .selectAll()
    .where(sql<boolean>`dedup_key = ANY (${known}::text[])`)
    .where('handling', '!=', 'closed')
    .execute();
  for (const alert of open) {
    const one = standing.get(alert.dedup_key)!;
    one.open = [...one.open, alert];
  }
  return [...standing.values()];
}

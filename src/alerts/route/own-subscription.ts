import { CitywatchError } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { requireUuid } from '../desk/queries.ts';
import type { AlertTables } from '../desk/tables.ts';
import type { Sink, Sinks } from '../sinks/sink.ts';
import { COLUMNS, type SubscriptionRow } from './subscription-view.ts';

/** A subscription that the caller may keep. Errors: `not-found`. */
export async function ownSubscription(tables: Tables, caller: Caller, id: string): Promise<SubscriptionRow> {
  const query = tables
    .tables<AlertTables>()
    .selectFrom('subscription')
    .select(COLUMNS)
    .where('id', '=', requireUuid(id))
    .where('state', '!=', 'removed');
  const row = await withinJurisdiction(query, 'jurisdiction', ownArea(caller), 'police').executeTakeFirst();
  if (!row) throw new CitywatchError('not-found');
  return row;
}

export function sinkOf(sinks: Sinks, type: string): Sink {
  const sink = sinks.get(type);
  if (!sink) throw new CitywatchError('conflict.state', { detail: `This version has no sink ${type}.` });
  return sink;
}

export async function auditSubscription(
  tx: Tables,
  { caller, action, row, atMs }: { caller: Caller; action: string; row: SubscriptionRow; atMs: number },
): Promise<void> {
  const { name, type, target, severities, classes } = row;
  const after = { name, type, target, severities, classes };
  const subject = `subscription/${row.id}`;
  await recordAudit(tx, { caller, action, subject, jurisdiction: row.jurisdiction, after, atMs });
}

import { toRfc3339 } from '../../core/clock.ts';
import type { Selectable, Tables } from '../../platform/database/database.ts';
import type { AlertTables, SubscriptionTable } from '../desk/tables.ts';
import { LEVELS } from '../ladder/levels.ts';

/** A row as it is read, without what is secret. */
export type SubscriptionRow = Omit<Selectable<SubscriptionTable>, 'secrets' | 'version'>;

/** Of such a row. */
export const COLUMNS = [
  'id',
  'name',
  'type',
  'target',
  'jurisdiction',
  'police',
  'severities',
  'classes',
  'state',
  'state_reason',
  'created_by',
  'created_at_ms',
  'owner_type',
  'owner_id',
  'owner_name',
  'previous_until_ms',
  'confirms',
  'level',
  'rules',
  'departments',
] as const;

export function showSubscription(row: SubscriptionRow) {
  return {
    id: row.id,
    name: row.name,
    type: row.type,
    target: row.target,
    jurisdiction: row.jurisdiction,
    police: row.police,
    severities: row.severities,
    classes: row.classes,
    confirms: row.confirms,
    level: LEVELS[row.level]!,
    rules: row.rules,
    departments: row.departments,
    state: row.state,
    stateReason: row.state_reason,
    createdBy: row.created_by,
    createdAt: toRfc3339(row.created_at_ms),
    previousSecretUntil: row.previous_until_ms === null ? null : toRfc3339(row.previous_until_ms),
  };
}

export type SubscriptionView = ReturnType<typeof showSubscription>;

/** A subscription with what became of all that was raised for it. */
export interface CountedSubscription extends SubscriptionView {
  counts: Record<string, number>;
  owner: string;
  /** Its owner's account or token has ended; it goes on until somebody takes it over or ends it. */
  ownerless: boolean;
  /** Of the newest delivery that was tried and still waits; both null while nothing fails. */
  lastStatus: number | null;
  lastError: string | null;
}

/** Of each subscription the newest delivery that was tried and still waits. */
export async function failuresOf(tables: Tables) {
  const rows = await tables
    .tables<AlertTables>()
    .selectFrom('delivery')
    .distinctOn('subscription_id')
    .select(['subscription_id', 'last_status', 'last_error'])
    .where('state', '=', 'waiting')
    .where('last_error', 'is not', null)
    .orderBy('subscription_id')
    .orderBy('seq', 'desc')
    .execute();
  return new Map(rows.map((row) => [row.subscription_id, row]));
}

export interface DeadDelivery {
  id: string;
  alert: string;
  attempts: number;
  raisedAt: string;
  lastStatus: number | null;
  lastError: string | null;
}

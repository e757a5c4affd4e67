import { createHash } from 'node:crypto';
import { CitywatchError } from '../../core/errors.ts';
import type { Caller } from '../../core/types.ts';
import { sql, type Tables } from '../../platform/database/database.ts';
import { SYSTEM } from '../cameras/setup.ts';
import type { WorkOrder } from './order.ts';
import type { OrderTables } from './tables.ts';

/** A request with an id that its sender chose. */
export interface ClientRequest {
  caller: Caller;
  id: string;
  /** Over everything that was asked for. */
  hash: Buffer;
}

/** What is asked for, as a request that is known when it comes again. */
export function requestOf(caller: Caller, id: string, asked: unknown): ClientRequest {
  return { caller, id, hash: createHash('sha256').update(JSON.stringify(asked)).digest() };
}

/** What the gateway does by itself once, however often it comes upon it: `what` says it, and nothing else does. */
export function ownRequest(what: string): ClientRequest {
  const hash = createHash('sha256').update(what).digest();
  const hex = hash.toString('hex');
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
  return { caller: SYSTEM, id, hash };
}

/**
 * What this request was answered when it came before; null where it did not. A second one with the same id waits until
 * the first is over. Errors: `idempotency.mismatch` for another request with the id of an earlier one.
 */
export async function answeredBefore(tx: Tables, { caller, id, hash }: ClientRequest): Promise<WorkOrder | null> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`work_order_step ${id}`}, 0))`.execute(tx.tables());
  const rows = tx.tables<OrderTables>().selectFrom('work_order_step').selectAll().where('id', '=', id);
  const before = await rows.executeTakeFirst();
  if (!before) return null;
  const isSame = before.by_type === caller.type && before.by_id === caller.id && hash.equals(before.request_hash);
  if (isSame) return before.after;
  const detail = 'This `id` was used for another request; choose a new UUID for each.';
  throw new CitywatchError('idempotency.mismatch', { detail });
}

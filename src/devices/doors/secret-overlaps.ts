import { type Clock, DAY_MS } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { JoinedByKey } from '../../core/mechanisms/one-at-a-time.ts';
import type { Logger } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { DONE, enqueueWork, type WorkResult } from '../../platform/work/work.ts';
import type { RegistryTables } from '../registry/tables.ts';

export const SECRETS_QUEUE = 'secrets';

/** For errors. */
const WHAT = 'the end of an old secret';

export interface NewSecret {
  device: DeviceId;
  secretHash: Buffer;
  /** The old one stays valid for so long where the new one is not used before; 0 for not at all. */
  overlapMs: number;
  /** The present one was used, so it is what the device has: not so where one before it is valid still. */
  isPresentUsed?: boolean;
}

/** For an old secret that stays valid until the new one was used, however long that takes. */
export const UNTIL_USED_MS = 100 * 366 * DAY_MS;

/**
 * Replaces the secret of the unit that hangs at a position, in the transaction of who has locked that. What stays valid
 * is what the device is known to have: of a new secret that was never used, the one before.
 */
export async function replaceSecret(
  tx: Tables,
  clock: Clock,
  { device, secretHash, overlapMs, isPresentUsed = false }: NewSecret,
): Promise<void> {
  const nowMs = clock.nowMs();
  const untilMs = nowMs + overlapMs;
  const kept = sql<Buffer>`case when ${isPresentUsed}::boolean or old_until_ms is null
    or old_until_ms <= ${nowMs}::bigint then secret_hash else old_secret_hash end`;
  // Never the same time as before: by that the database knows that what stays is meant to (migration 0261).
  const until = sql<number>`case when old_until_ms = ${untilMs}::bigint then ${untilMs + 1}::bigint
    else ${untilMs}::bigint end`;
  const old = overlapMs > 0 ? { old_secret_hash: kept, old_until_ms: until } : {};
  await unitOf(tx, device)
    .set({ secret_hash: secretHash, ...old })
    .execute();
  if (overlapMs > 0 && overlapMs < UNTIL_USED_MS)
    await enqueueWork(tx, clock, [{ queue: SECRETS_QUEUE, key: device, dueAtMs: untilMs }]);
}

export interface SecretOverlapsDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
  clock: Clock;
  log: Logger;
  /** What a device has open was let in by a secret that is void by now. */
  disconnect(device: DeviceId): void;
  /** In the transaction that ends an old secret: the new one was used. */
  proven(tx: Tables, device: DeviceId): Promise<void>;
}

/** Ends old secrets: when the new one was used for the first time, and when their time is over. */
export class SecretOverlaps {
  readonly #deps: SecretOverlapsDeps;
  readonly #ending = new JoinedByKey<DeviceId>();

  constructor(deps: SecretOverlapsDeps) {
    this.#deps = deps;
  }

  /** The directory lets nobody in by the old one any more; makes that last over a restart. Never rejects. */
  used(device: DeviceId): void {
    void this.#ending
      .run(device, async () => void (await this.#end(device, true)))
      .catch((error: unknown) => {
        this.#deps.log.warn({ device, error: messageOf(error) }, 'an old secret stays valid until its time is over');
      });
  }

  /** Handler of the queue `secrets`; the key is the id of a device. */
  async handle(device: DeviceId): Promise<WorkResult> {
    const { database, clock, disconnect } = this.#deps;
    const rows = database.tables<RegistryTables>().selectFrom('unit').innerJoin('assignment', 'unit_id', 'unit.id');
    const hanging = rows.select('old_until_ms').where('position_id', '=', device).where('to_ms', 'is', null);
    const untilMs = (await hanging.executeTakeFirst())?.old_until_ms ?? null;
    if (untilMs === null) return DONE;
    if (untilMs > clock.nowMs()) return { again: { atMs: untilMs } };
    if (await this.#end(device, false)) disconnect(device);
    return DONE;
  }

  /** Whether there was one. */
  async #end(device: DeviceId, wasUsed: boolean): Promise<boolean> {
    const { database, ownership, proven } = this.#deps;
    return await ownership.transaction(database, WHAT, async (tx) => {
      if (wasUsed) await proven(tx, device);
      const ended = unitOf(tx, device).set({ old_secret_hash: null, old_until_ms: null });
      const { numUpdatedRows } = await ended.where('old_secret_hash', 'is not', null).executeTakeFirst();
      return numUpdatedRows > 0n;
    });
  }
}

function unitOf(tx: Tables, device: DeviceId) {
  const db = tx.tables<RegistryTables>();
  const hanging = db.selectFrom('assignment').select('unit_id').where('position_id', '=', device);
  return db.updateTable('unit').where('id', '=', hanging.where('to_ms', 'is', null));
}

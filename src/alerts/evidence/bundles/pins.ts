import type { Tables } from '../../../platform/database/database.ts';
import type { AlertTables } from '../../desk/tables.ts';

/** Closed alerts that are kept longer than their class says; see migration 0352. */
export interface PinTables extends AlertTables {
  alert_pin: { alert_id: string; bundle: string; until_ms: number };
}

/** Keeps an alert until then (Unix ms); one that was pinned longer stays so. Errors: `not-found`. */
export async function pinAlert(
  tx: Tables,
  alert: string,
  { bundle, untilMs }: { bundle: string; untilMs: number },
): Promise<void> {
  await tx
    .tables<PinTables>()
    .insertInto('alert_pin')
    .values({ alert_id: alert, bundle, until_ms: untilMs })
    .onConflict((conflict) =>
      conflict.columns(['alert_id', 'bundle']).doUpdateSet(({ fn, ref, val }) => ({
        until_ms: fn<number>('greatest', [ref('alert_pin.until_ms'), val(untilMs)]),
      })),
    )
    .execute();
}

/** Forgets pins whose time is over. */
export async function forgetPins(tx: Tables, nowMs: number): Promise<void> {
  await tx.tables<PinTables>().deleteFrom('alert_pin').where('until_ms', '<', Math.floor(nowMs)).execute();
}

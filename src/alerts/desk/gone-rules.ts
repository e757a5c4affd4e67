import type { Clock } from '../../core/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { WorkTicket } from '../../platform/work/work.ts';
import { type AlertLog, saveAlerts } from './log.ts';
import type { AlertTables } from './tables.ts';

export interface GoneRulesDeps {
  database: Database<'alerts'>;
  clock: Clock;
  log: Pick<AlertLog, 'publish'>;
  committed(tickets: WorkTicket[]): void;
}

const ALERTS_AT_ONCE = 500;

/**
 * Ends what is active of rules that are not in force any more: as `stale` with the reason `rule-removed`, because
 * nobody will judge whether it is over. Doing it again changes nothing. Throws `store.unavailable` while PostgreSQL is
 * away.
 */
export async function endAlertsOfGoneRules(deps: GoneRulesDeps, inForce: readonly string[]): Promise<void> {
  const { database, clock, log, committed } = deps;
  for (let ended = ALERTS_AT_ONCE; ended === ALERTS_AT_ONCE; ) {
    const tickets = await database.transaction(async (tx) => {
      const open = await tx
        .tables<AlertTables>()
        .selectFrom('alert')
        .selectAll()
        .where('handling', '!=', 'closed')
        .where('condition', 'in', ['active', 'recovering'])
        .where('rule', 'not in', [...inForce])
        .orderBy('id')
        .limit(ALERTS_AT_ONCE)
        .forUpdate()
        .execute();
      ended = open.length;
      const stale = { condition: 'stale', condition_reason: 'rule-removed' } as const;
      const alerts = open.map((alert) => ({ ...alert, ...stale, version: alert.version + 1 }));
      await saveAlerts(tx, alerts);
      const atMs = clock.nowMs();
      const entries = alerts.map((alert) => ({ type: 'alert.stale', alert, actor: 'citywatch', atMs }) as const);
      return await log.publish(tx, entries);
    });
    if (ended > 0) committed(tickets);
  }
}

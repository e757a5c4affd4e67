import { randomUUID } from 'node:crypto';
import { dedupKey } from '../../../src/alerts/rules/findings.ts';
import { sealPlates } from '../../../src/alerts/rules/plates.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { enqueueWork } from '../../../src/platform/work/work.ts';
import { PLATES, type startAlertDesk } from '../alerts/alert-desk.ts';
import { HERE } from '../api/api.ts';
import { until } from '../time/until.ts';

type Desk = Awaited<ReturnType<typeof startAlertDesk>>;

export interface HitAs {
  data?: object;
  seenBy?: readonly string[] | null;
  jurisdiction?: string;
  /** Of hits that are one alert the same; another one each time without it. */
  scope?: string;
}

/** Raises hits of wanted plates at a desk, as the rules leave them; resolves with the id of the alert. */
export function raisingHits(desk: Desk) {
  const db = desk.database.tables();
  let count = 0;
  return async (
    device: string,
    { data = {}, seenBy = null, jurisdiction = HERE, scope: of }: HitAs = {},
  ): Promise<string> => {
    count += 1;
    const scope = of ?? `s${count}`;
    const all = { watchlist: 'stolen', wanted_plate: '浙B***45', plate: '浙B***45', ...data };
    const finding = { rule: 'wanted', subject: { type: 'device', id: device }, scope } as const;
    const key = dedupKey(finding);
    const sealed = sealPlates(PLATES, { plate: '浙B12345', wanted_plate: '浙B12345' }, key);
    const nowMs = desk.clock.nowMs();
    await sql`insert into finding (id, dedup_key, rule, rule_version, severity, subject, jurisdiction, scope, kind,
      lane, journal_offset, device_at_ms, received_at_ms, decided_at_ms, data, plates_sealed, seen_by)
      values (${randomUUID()}, ${key}, 'wanted', 1, 'severe', ${device}, ${jurisdiction}, ${scope}, 'fired',
      'live', ${count}, ${nowMs}, ${nowMs}, ${nowMs}, ${JSON.stringify(all)}::jsonb, ${sealed},
      ${seenBy as string[]}::text[])`.execute(db);
    await enqueueWork(desk.database, desk.clock, [{ queue: 'desk', key }]);
    desk.doorbell.ring('desk');
    const find = async () => {
      const { rows } = await sql<{ id: string }>`select id from alert where dedup_key = ${key}`.execute(db);
      return rows[0]?.id;
    };
    return await until('the alert', find);
  };
}

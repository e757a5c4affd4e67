import { findCluster } from '../../../src/app/local-services/postgres/postgres.ts';
import { type Database, sql } from '../../../src/platform/database/database.ts';
import { fillRegistry } from '../../../test/support/devices/big-registry.ts';
import { openDatabase } from '../../../test/support/devices/registry.ts';
import type { Gateway } from '../../../test/support/gateway/gateway.ts';

export interface City {
  devices: number;
  /** Of the police desk, each of a device of its own where there are so many. */
  open: number;
  closed: number;
}

/** Fills the registry and the list of alerts of a gateway that runs; it reads the devices at its next start. */
export async function fillCity(gateway: Gateway, { devices, open, closed }: City): Promise<void> {
  const ends: (() => void | Promise<void>)[] = [];
  const { url } = await findCluster(gateway.directory);
  const database = await openDatabase({ teardown: (end) => void ends.push(end) }, url);
  await fillRegistry(database, { from: 1, to: devices + 1 });
  await fillAlerts(database, { devices, open, closed });
  for (const end of ends) await end();
}

/** Alerts of the last 30 days, the open ones of the last three: few extreme ones, most of them minor. */
async function fillAlerts(database: Database<never>, { devices, open, closed }: City): Promise<void> {
  const db = database.tables();
  await sql`
    insert into alert (id, dedup_key, rule, rule_version, title, severity, class, desk, condition, handling, visibility,
      device, device_name, jurisdiction, police, lat, lon, first_at_ms, last_at_ms, occurrences, received_at_ms,
      decided_at_ms, committed_at_ms, data, evidence, comments, closed_at_ms, receipt, version)
    select md5('duty ' || n)::uuid, 'rule-' || n % 70 || '|' || id || '|' || n, 'rule-' || n % 70, 1,
      '{"en":"Kiosk is full","zh":"回收箱已满"}',
      (array['extreme','severe','moderate','minor'])[case when n % 500 = 0 then 1 when n % 50 = 0 then 2
        when n % 3 = 0 then 3 else 4 end],
      'incident', 'police', case when is_open then 'active' else 'cleared' end,
      case when not is_open then 'closed' when n % 40 = 0 then 'acked' else 'new' end, 'normal',
      id, name, jurisdiction, null, lat, lon, at_ms, at_ms + 60000, 1, at_ms, at_ms, at_ms, '{"fill_pct":95.5}', '[]',
      '[]', case when not is_open then at_ms + 600000 end, 'live-1', 1
    from (
      select n, n <= ${open} as is_open, position.*,
        (extract(epoch from now()) * 1000)::bigint
          - case when n <= ${open} then n * (3 * 86400000::bigint / ${open})
            else 4 * 86400000::bigint + n * 1000 end as at_ms
      from generate_series(1, ${open + closed}) n
        join (select row_number() over (order by id) as place, id, name, jurisdiction, lat, lon from position) position
          on place = 1 + n % ${devices}
    ) given`.execute(db);
  await sql`vacuum analyze alert`.execute(db);
}

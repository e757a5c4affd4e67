import type { Database } from '../../../../src/platform/database/database.ts';

/** Has acknowledged some alerts of each day. */
export const HIDDEN_PERSON = 'li';

const AT_ONCE = 50_000;

/**
 * So many alerts of 30 days, made by PostgreSQL itself: a tenth is open; 20,000 devices in 100 communities, 70 rules
 * and one that is rare. What is rare in life is rare here: stale, assigned, silenced, of a class or a level.
 */
export async function fillAlerts(database: Database, rows: number): Promise<void> {
  await database.dedicated(async (statement) => {
    for (let from = 1; from <= rows; from += AT_ONCE) {
      await statement(FILL, [HIDDEN_PERSON, rows, from, Math.min(rows, from + AT_ONCE - 1)]);
    }
    await statement('vacuum analyze alert');
  });
}

const FILL = `
    insert into alert (id, dedup_key, rule, rule_version, title, severity, class, desk, condition, handling, visibility,
      device, device_name, jurisdiction, police, lat, lon, first_at_ms, last_at_ms, occurrences, received_at_ms,
      decided_at_ms, committed_at_ms, data, evidence, comments, acked_by_id, assigned_to, closed_at_ms, storm, level,
      receipt, version)
    select md5(n::text)::uuid, rule || '|' || device || '|' || n, rule, 1, '{"en":"Kiosk is full","zh":"回收箱已满"}',
      (array['extreme','severe','moderate','minor'])[case when n % 500 = 0 then 1 when n % 50 = 0 then 2
        when n % 3 = 0 then 3 else 4 end],
      case when n % 5000 = 17 then 'system' when n % 2 = 0 then 'fault' else 'incident' end,
      case when n % 2 = 0 or n % 5000 = 17 then 'maintenance' else 'police' end,
      case when n % 10000 = 3 then 'stale' when n % 20000 = 7 then 'recovering' when is_open then 'active'
        else 'cleared' end,
      case when not is_open then 'closed' when n % 3000 = 0 then 'assigned' when n % 40 = 0 then 'acked' else 'new' end,
      case when n % 8000 = 0 then 'silenced' when n % 9000 = 0 then 'shelved' when n % 700 = 1 then 'inhibited'
        else 'normal' end,
      device, device, '330203' || lpad((spot % 10)::text, 3, '0') || lpad((spot / 10 % 10)::text, 3, '0'), null, 29.87,
      121.55,
      at_ms, at_ms + 60000, 1, at_ms, at_ms, at_ms, '{"fill_pct":95.5}', '[]', '[]',
      case when n % 20000 = 40 then $1::text end, case when n % 60000 = 0 then $1::text end,
      case when not is_open then at_ms + 600000 end,
      case when n % 700 = 1 then md5((n - 1)::text)::uuid end, case when n % 4000 = 0 then 2 else 0 end, 'live-1', 1
    from (
      select n, n % 10 = 0 as is_open, 'd-' || (n * 7919::bigint % 20000) as device,
        ('x' || substr(md5((n * 7919::bigint % 20000)::text), 1, 4))::bit(16)::int % 100 as spot,
        case when n % 100000 = 11 then 'rare-rule' else 'rule-' || n % 70 end as rule,
        (extract(epoch from now()) * 1000)::bigint - ($2::bigint - n) * (30 * 86400000::bigint / $2::bigint)
          as at_ms
      from generate_series($3::bigint, $4::bigint) n
    ) given`;

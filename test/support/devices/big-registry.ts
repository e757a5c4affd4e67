import { sql, type Tables } from '../../../src/platform/database/database.ts';

const ROADS = [
  '中山',
  '解放',
  '人民',
  '惊驾',
  '百丈',
  '兴宁',
  '环城',
  '鄞县',
  '甬江',
  '通途',
  '世纪',
  '宁穿',
  '天童',
  '钱湖',
];
const SPOTS = ['路口', '小区', '学校', '医院', '广场', '公园', '车站', '市场', '桥头', '码头'];
const OWNERS = ['公安局', '城管局', '交警支队', '环保局', '街道办'];
const KINDS = ['camera', 'camera', 'camera', 'recycling-kiosk', 'recycling-kiosk', 'wifi-ap', 'wifi-ap', 'checkpoint'];
const COUNTIES = ['330203', '330205', '330206', '330211', '330212', '330213', '330225', '330226', '330281', '330282'];

/** A statement is ended after so many seconds; on a machine that is busy this many devices are written in that time. */
const AT_ONCE = 2_500;

/**
 * Writes made-up devices of Ningbo into the tables, numbers `from` (inclusive) to `to` (exclusive), and has the planner
 * know of them. Number n is always the same device.
 */
export async function fillRegistry(tables: Tables, { from, to }: { from: number; to: number }): Promise<void> {
  const db = tables.tables();
  // The trigger of positions comes after all is there; this one would do the same again.
  await sql`alter table assignment disable trigger found_new`.execute(db);
  for (let start = from; start < to; start += AT_ONCE) await write(tables, start, Math.min(start + AT_ONCE, to));
  await sql`alter table assignment enable trigger found_new`.execute(db);
  await sql`delete from followed_change`.execute(db);
  for (const table of ['position', 'unit', 'assignment', 'device_search', 'device_group', 'device_tag_set']) {
    await sql`vacuum analyze ${sql.table(table)}`.execute(db);
  }
}

async function write(tables: Tables, from: number, to: number): Promise<void> {
  const pick = (values: string[], by: string) =>
    sql`(${values}::text[])[1 + (${sql.raw(by)}) % ${sql.lit(values.length)}]`;
  await sql`
    with made as (
      select n, ${pick(KINDS, 'n')} as kind, lpad(to_hex(n * 2654435761 % 281474976710656), 12, '0') as mark
      from generate_series(${from}::bigint, ${to - 1}::bigint) as n
    ), units as (
      insert into unit (id, maker, model, serial, mac, secret_hash, created_at_ms)
      select 'unit-' || n, 'Maker', 'Model', 'SN' || mark, regexp_replace(mark, '(..)(?=.)', '\\1:', 'g'),
        sha256(mark::bytea), 1 from made
    ), positions as (
      insert into position (id, kind, name, jurisdiction, lat, lon, datum, state, version, created_at_ms,
        updated_at_ms, owner, tier, address, tags)
      select kind || '-' || mark, kind, ${pick(ROADS, 'n * 7919')} || '路' || n % 500 || '号' || ${pick(SPOTS, 'n / 3')},
        ${pick(COUNTIES, 'n / 11')}, 29.6 + 0.6 * (n * 7907 % 10007) / 10007.0,
        121.2 + 0.9 * (n * 7013 % 10009) / 10009.0,
        'wgs84', case when n % 50 = 0 then 'retired' when n % 33 = 0 then 'maintenance' else 'in-service' end, 1, 1, 1,
        ${pick(OWNERS, 'n / 7')}, ${pick(['police', 'government', 'social'], 'n')}, ${pick(ROADS, 'n / 5')} || '路',
        case when n % 4 = 0 then array['tag-' || n % 40] else '{}' end
      from made
    )
    insert into assignment (position_id, unit_id, from_ms) select kind || '-' || mark, 'unit-' || n, 1 from made
  `.execute(tables.tables());
}

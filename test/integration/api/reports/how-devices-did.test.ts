import t from 'tap';
import { HOUR_MS, MINUTE_MS, systemClock } from '../../../../src/core/clock.ts';
import { placesOf } from '../../../../src/devices/registry/places.ts';
import { Outages } from '../../../../src/devices/reports/outages.ts';
import { type LastWords, Pickups } from '../../../../src/devices/reports/pickups.ts';
import { Traffic } from '../../../../src/passages/traffic.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { bearer, startApi } from '../../../support/api/api.ts';
import { memoryReports } from '../../../support/api/memory/reports.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';

const NINGBO = callerIn('330200');
const YINZHOU = '330212';
const HAISHU = '330203';

const { database, registry, behindApi, kinds, tokens, jurisdictions, doors, authority, directory } =
  await openRegistry(t);
/** Wednesday, 08:30 in China. */
let nowMs = Date.parse('2026-11-25T00:30:00Z');
/** What each device said last. */
const said = new Map<string, LastWords>();
const latest = (id: string): LastWords | null => said.get(id) ?? null;
const reports = {
  ...memoryReports(() => {}),
  outages: new Outages(database, jurisdictions),
  pickups: new Pickups({ database, kinds, directory, tree: jurisdictions, latest }),
  traffic: new Traffic({
    database,
    clock: { ...systemClock, nowMs: () => nowMs },
    tree: jurisdictions,
    within: (scope) => directory.within(scope),
    namesOf: (ids) => placesOf(database, ids),
  }),
};
const parts = { registry: behindApi, directory: doors, tokens, kinds, jurisdictions, authority, reports };
const api = await startApi(t, parts);

const tokenIn = async (jurisdiction: string): Promise<string> =>
  (await tokens.create(callerIn('000000'), { name: 'n', role: 'viewer', jurisdiction, purpose: null })).token;
const [city, yinzhou, haishu] = await Promise.all(['330200', YINZHOU, HAISHU].map(tokenIn));

const ask = (path: string, token = city) =>
  api.call({ method: 'GET', url: `/api/v1/reports/${path}`, headers: bearer(token!) });

/** Ten hours, long ago enough to be over. */
const fromMs = Math.floor(systemClock.nowMs() / HOUR_MS) * HOUR_MS - 20 * HOUR_MS;
const toMs = fromMs + 10 * HOUR_MS;
const period = `from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}`;
const at = (minutes: number): number => fromMs + minutes * MINUTE_MS;

async function down(id: string, from: number, to: number | null): Promise<void> {
  const row = sql`(${id}, ${at(from)}::bigint, ${to === null ? null : at(to)}::bigint)`;
  await sql`insert into device_downtime (position_id, from_ms, to_ms) values ${row}`.execute(database.tables());
}

async function worked(id: string, from: number, to: number): Promise<void> {
  const row = sql`(${id}, 'r', 'n', ${at(from)}::bigint, ${at(to)}::bigint, ${at(to)}::bigint)`;
  const into = sql`insert into maintenance (position_id, reason, by_name, from_ms, until_ms, ended_ms)`;
  await sql`${into} values ${row}`.execute(database.tables());
}

t.before(async () => {
  const camera = { kind: 'camera', jurisdiction: HAISHU, location: { lat: 29.87, lon: 121.54 } };
  await registry.create(NINGBO, kiosk({ id: 'cabinet', kind: 'cabinet' }));
  for (const id of ['steady', 'flaky', 'worked-on', 'new', 'planned']) {
    await registry.create(NINGBO, kiosk({ id, ...(id === 'planned' && { state: 'planned' }) }));
  }
  await registry.create(NINGBO, kiosk({ id: 'below', parent: 'cabinet' }));
  await registry.create(NINGBO, kiosk({ ...camera, id: 'cam' }));
  const db = database.tables();
  // All but one were heard; that one, and one that came half way through, are registered with the others here.
  await sql`update position set created_at_ms = ${at(-60)}::bigint`.execute(db);
  await sql`update position set created_at_ms = ${at(300)}::bigint where id = 'new'`.execute(db);
  await sql`
    insert into device_health (position_id, health, since_ms)
    select id, 'online', 0 from position where id not in ('cabinet', 'planned')`.execute(db);
  await down('flaky', -30, 60);
  await down('flaky', 120, 150);
  await down('worked-on', 60, 180);
  await worked('worked-on', 90, 240);
  await down('below', 100, 130);
  await worked('cabinet', 90, 150);
  await down('new', 330, 335);
  await down('cam', 480, null);
});

t.test(
  'the online rate leaves out maintenances, also of what a device hangs on, and what was not there yet',
  async (t) => {
    const { body } = await ask(`online?${period}`);
    const kiosks = {
      devices: 5,
      unheard: 0,
      // 600 minutes each: without 150 of work, without 60 of work at the cabinet, and half of them for the new one.
      expectedS: (600 + 600 + 450 + 540 + 300) * 60,
      offlineS: (60 + 30 + 30 + 0 + 5) * 60,
      percent: 95,
    };
    t.match(body, {
      items: [
        { jurisdiction: HAISHU, kind: 'camera', devices: 1, expectedS: 36_000, offlineS: 7_200, percent: 80 },
        { jurisdiction: YINZHOU, kind: 'cabinet', devices: 1, unheard: 1, expectedS: 0, percent: null },
        { jurisdiction: YINZHOU, kind: 'recycling-kiosk', ...kiosks },
      ],
      sum: { devices: 7, unheard: 1, expectedS: kiosks.expectedS + 36_000, offlineS: kiosks.offlineS + 7_200 },
    });
    t.match((await ask(`online?${period}&kind=camera&format=csv`)).text, /330203,camera,1,0,36000,7200,80\r\n$/);
  },
);

t.test('the time of a repair goes from the fault until the device is back; work is no fault', async (t) => {
  const { body } = await ask(`repairs?${period}`);
  const worst = { worstS: 7_200, worstDevice: 'worked-on' };
  t.match(body, {
    items: [
      { jurisdiction: HAISHU, kind: 'camera', outages: 0, medianS: null, worstDevice: null, stillOffline: 1 },
      // 5, 30, 90 and 120 minutes: what began while the cabinet was worked on is none.
      {
        jurisdiction: YINZHOU,
        kind: 'recycling-kiosk',
        outages: 4,
        medianS: 1_800,
        p90S: 7_200,
        ...worst,
        stillOffline: 0,
      },
    ],
    sum: { outages: 4, medianS: 1_800, stillOffline: 1 },
  });
  t.match((await ask(`repairs?${period}&minutes=10`)).body, { sum: { outages: 3, medianS: 5_400 } });
  t.match((await ask('repairs?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z&kind=cabinet')).body, {
    sum: { outages: 0, medianS: null, p90S: null, worstS: null, worstDevice: null, stillOffline: 0 },
    items: [],
  });
  t.match((await ask('repairs?from=2020-01-02T00:00:00Z&to=2020-01-01T00:00:00Z')).body, { code: 'request.invalid' });
});

t.test('another district is in no number', async (t) => {
  for (const report of ['online', 'repairs']) {
    const { text, body } = await ask(`${report}?${period}`, yinzhou);
    t.notMatch(text, /330203|camera|"cam"/);
    t.match(body, report === 'online' ? { sum: { devices: 6 } } : { sum: { outages: 4, stillOffline: 0 } });
    const beyond = await ask(`${report}?${period}&jurisdiction=${YINZHOU}`, haishu);
    t.match(beyond.body, { items: [], sum: report === 'online' ? { devices: 0 } : { outages: 0 } });
  }
});

t.test('kiosks that are full are a way to drive: by division, the fullest first, on a map too', async (t) => {
  const words = (values: Record<string, number>, over: Partial<LastWords> = {}): LastWords => ({
    fields: new Map(Object.entries(values).map(([name, value]) => [name, { value, atMs: fromMs }])),
    online: true,
    stale: false,
    ...over,
  });
  const haishu = { jurisdiction: HAISHU, location: { lat: 29.87, lon: 121.54 } };
  await registry.create(NINGBO, kiosk({ id: 'far', ...haishu }));
  said.set('steady', words({ fill_pct: 90, fill_paper_pct: 90, fill_metal_pct: 20, weight_kg: 12.5 }));
  said.set('flaky', words({ fill_pct: 100 }, { stale: true }));
  said.set('new', words({ fill_pct: 89.9 }));
  said.set('cabinet', words({ temp_c: 95 }));
  said.set('far', words({ fill_pct: 95 }, { online: false }));
  const { body } = await ask('pickups');
  t.match(body, {
    items: [
      { device: 'far', jurisdiction: HAISHU, fillPercent: 95, current: false, lat: 29.87 },
      { device: 'flaky', fillPercent: 100, current: false, weightKg: null, bins: [] },
      { device: 'steady', fillPercent: 90, current: true, bins: ['paper'], weightKg: 12.5 },
    ],
  });
  const first = (await ask('pickups?limit=2')).body as { next: string };
  t.match((await ask(`pickups?limit=2&cursor=${first.next}`)).body, { items: [{ device: 'steady' }], next: undefined });
  t.match((await ask('pickups?full=80')).body, { items: [{}, {}, {}, { device: 'new' }] });
  const { body: map, headers } = await ask('pickups?format=geojson');
  t.match(headers['content-type'], /geo\+json/);
  t.match(map, {
    type: 'FeatureCollection',
    features: [{ type: 'Feature', geometry: { coordinates: [121.54, 29.87] }, properties: { device: 'far' } }, {}, {}],
  });
  t.match((await ask('pickups?format=csv&titles=zh')).text, /^\ufeff设备编号,名称,.*\r\nfar,/);
  t.notMatch((await ask('pickups', yinzhou)).text, /"far"|330203/, 'another district is in no list');
  t.match((await ask(`pickups?jurisdiction=${HAISHU}`, yinzhou)).body, { items: [] });
});

t.test('traffic of a week is told against another, hour by hour where the week is not over', async (t) => {
  const passed = async (device: string, at: string, passages: number): Promise<void> => {
    const hour = Date.parse(at) / HOUR_MS;
    const db = database.tables();
    await sql`insert into passage_device values (${device}) on conflict do nothing`.execute(db);
    await sql`insert into passage_count values (${device}, ${hour}::int, ${passages}::int)`.execute(db);
  };
  const kakou = { kind: 'checkpoint', name: '南门卡口' };
  await registry.create(NINGBO, kiosk({ ...kakou, id: 'kakou' }));
  await registry.create(NINGBO, kiosk({ ...kakou, id: 'beyond', jurisdiction: HAISHU }));
  // Monday begins at 16:00 UTC of Sunday.
  await passed('kakou', '2026-11-08T15:00:00Z', 1_000);
  await passed('kakou', '2026-11-08T16:00:00Z', 100);
  await passed('kakou', '2026-11-15T15:00:00Z', 100);
  await passed('kakou', '2026-11-15T16:00:00Z', 150);
  await passed('kakou', '2026-11-18T01:00:00Z', 75);
  await passed('kakou', '2026-11-22T16:00:00Z', 30);
  await passed('kakou', '2026-11-24T23:00:00Z', 40);
  await passed('beyond', '2026-11-15T16:00:00Z', 7);
  await passed('retired-long-ago', '2026-11-15T16:00:00Z', 7);
  const own = { device: 'kakou', name: '南门卡口', passages: 225, against: 200, index: 112.5 };
  t.match((await ask('traffic')).body, {
    week: '2026-11-16',
    against: '2026-11-09',
    hours: 168,
    items: [{ device: 'beyond', passages: 7, against: 0, index: null }, own],
    sum: { passages: 232, against: 200, index: 116 },
  });
  t.match(
    (await ask('traffic?week=2026-11-29&format=csv', yinzhou)).text,
    /\r\nkakou,南门卡口,330212,70,150,46.7\r\n$/,
  );
  t.match((await ask('traffic?week=2026-11-25', yinzhou)).body, { hours: 56, sum: { passages: 70, against: 150 } });
  t.match((await ask('traffic', yinzhou)).body, { items: [own], sum: { passages: 225, index: 112.5 } });
  t.notMatch((await ask('traffic', yinzhou)).text, /beyond/, 'another district is in no number');
  for (const query of ['week=2026-11-30', 'week=2026-11-25&against=2026-11-23'])
    t.match((await ask(`traffic?${query}`)).body, { code: 'request.invalid' });
  nowMs = Date.parse('2026-11-29T16:00:00Z');
  t.match((await ask('traffic', yinzhou)).body, {
    week: '2026-11-23',
    sum: { passages: 70, against: 225, index: 31.1 },
  });
});

t.test('what was retired counts for as long as it was there, and is not repaired by that', async (t) => {
  const of = async (report: string) =>
    (await ask(`${report}?${period}&kind=recycling-kiosk&jurisdiction=${YINZHOU}`)).body as { sum: object };
  const [online, repairs] = [await of('online'), await of('repairs')];
  const { percent: _, ...sum } = online.sum as Record<'percent' | 'devices' | 'expectedS' | 'offlineS', number>;
  const { version } = await registry.get(NINGBO, 'flaky');
  await registry.retire(NINGBO, 'flaky', version);
  const gone = (minutes: number) =>
    sql`update position set retired_at_ms = ${at(minutes)}::bigint where id = 'flaky'`.execute(database.tables());
  await gone(300);
  t.match((await of('online')).sum, { ...sum, expectedS: sum.expectedS - 300 * 60 });
  t.strictSame(await of('repairs'), repairs, 'faults of before were repaired');
  await gone(150);
  t.match((await of('repairs')).sum, { outages: (repairs.sum as { outages: number }).outages - 1 });
  await gone(-10);
  t.match((await of('online')).sum, { devices: sum.devices - 1, offlineS: sum.offlineS - 90 * 60 });
});

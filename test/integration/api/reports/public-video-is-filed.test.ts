import { randomUUID } from 'node:crypto';
import t from 'tap';
import { DAY_MS, systemClock } from '../../../../src/core/clock.ts';
import { Filing } from '../../../../src/devices/reports/filing.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { bearer, startApi } from '../../../support/api/api.ts';
import { memoryReports } from '../../../support/api/memory/reports.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';

const NINGBO = callerIn('330200');
const YINZHOU = '330212';
const HAISHU = '330203';
const ACCEPTED = '2026-03-31T18:00:00.000Z';

const { database, registry, behindApi, kinds, tokens, jurisdictions, doors, authority } = await openRegistry(t);
const filing = new Filing({ database, clock: systemClock, kinds, tree: jurisdictions });
const reports = { ...memoryReports(() => {}), filing };
const api = await startApi(t, {
  registry: behindApi,
  directory: doors,
  tokens,
  kinds,
  jurisdictions,
  authority,
  reports,
});

const tokenIn = async (jurisdiction: string): Promise<string> =>
  (await tokens.create(callerIn('000000'), { name: 'n', role: 'viewer', jurisdiction, purpose: null })).token;
const [city, yinzhou] = [await tokenIn('330200'), await tokenIn(YINZHOU)];

const ask = (path: string, token = city) =>
  api.call({ method: 'GET', url: `/api/v1/reports/filing${path}`, headers: bearer(token) });

const file = { owner: '市公安局', placeType: 'square', address: '天一广场', tier: 'police', storageDays: 90 };

t.before(async () => {
  const add = (id: string, more: object) =>
    registry.create(NINGBO, kiosk({ id, kind: 'camera', name: `=${id}`, purpose: '治安', ...more }));
  await add('cam-whole', { file: { ...file, gbId: '33021200001320000001' } });
  await add('cam-short', { file: { ...file, storageDays: 15, owner: '@boss' }, purpose: null });
  await add('cam-other', { file, jurisdiction: HAISHU, location: { lat: 29.87, lon: 121.54 } });
  await add('cam-planned', { file, state: 'planned' });
  await registry.create(NINGBO, kiosk({ id: 'no-camera', file }));
  const db = database.tables();
  const photo = randomUUID();
  await sql`alter table acceptance drop constraint acceptance_photo_fkey`.execute(db);
  await sql`
    insert into acceptance
      (id, request_hash, device, at_ms, by_type, by_id, by_name, purpose, photo, unit, grade, steps)
    select ${randomUUID()}::uuid, '', position_id, ${Date.parse(ACCEPTED)}::bigint, 'token', 'a', 'a', 'p',
      ${photo}::uuid, unit_id, 'ok', '[]' from assignment where position_id = 'cam-whole'`.execute(db);
});

t.test('systems are counted by department, and positions listed with what their filing lacks', async (t) => {
  t.match((await ask('')).body, {
    items: [
      { owner: '@boss', jurisdiction: YINZHOU, kind: 'camera', positions: 1, complete: 0, storageDays: 15, signs: 0 },
      { owner: '市公安局', jurisdiction: HAISHU, positions: 1, complete: 0, storageDays: 90 },
      { owner: '市公安局', jurisdiction: YINZHOU, positions: 1, complete: 1, signs: 1, since: ACCEPTED },
    ],
  });
  const { items } = (await ask('/devices')).body as { items: object[] };
  t.match(items, [
    { device: 'cam-other', lacks: ['sign'] },
    { device: 'cam-short', lacks: ['purpose', 'storageDays', 'sign'], signAt: null },
    { device: 'cam-whole', lacks: [], signAt: ACCEPTED, since: ACCEPTED, gbId: '33021200001320000001' },
  ]);
  t.equal(items.length, 3, 'neither plans nor what has no video');
  t.match((await ask('/devices?owner=%40boss')).body, { items: [{ device: 'cam-short' }] });
});

t.test('the table is what an office takes: in Chinese, by days of China, no formula, and on record', async (t) => {
  const { text } = await ask(`/devices?format=csv&titles=zh&jurisdiction=${YINZHOU}`);
  const [title, short, whole] = text.split('\r\n');
  t.match(title, /^\ufeff点位编号,国标编码,点位名称,/);
  t.match(short, /^cam-short,,'=cam-short,camera,330212,天一广场,[\d.]+,[\d.]+,中心广场,'@boss,一类,,/);
  t.match(short, /,否,用途、存储天数\(不少于30天\)、提示标识$/);
  t.match(whole, /,2026-04-01,2026-04-01,2026-05-01,否,$/);
  const { rows } = await sql<{ after: object }>`
    select after from audit_entry where action = 'filing.export'`.execute(database.tables());
  t.match(rows, [{ after: { filter: { jurisdiction: YINZHOU } } }]);
});

t.test('what was not filed as it must be when its day had passed is told', async (t) => {
  const since = async (id: string, at: string) =>
    await sql`update position set created_at_ms = ${Date.parse(at)}::bigint where id = ${id}`.execute(
      database.tables(),
    );
  const [before, after] = ['2025-03-31T15:59:59Z', '2025-03-31T16:00:00Z'];
  await since('cam-short', before);
  await since('cam-other', after);
  t.match((await ask('/devices')).body, {
    items: [
      { device: 'cam-other', due: '2025-05-01', overdue: true },
      { device: 'cam-short', due: '2025-06-30', overdue: true },
      { device: 'cam-whole', due: '2026-05-01', overdue: false },
    ],
  });
  const { items } = (await ask('/devices?overdue=true')).body as { items: object[] };
  t.equal(items.length, 2);
  t.match((await ask('?overdue=false')).body, { items: [{ positions: 1, overdue: 0, due: '2026-05-01' }] });
  await since('cam-short', new Date(systemClock.nowMs() - 29 * DAY_MS).toISOString());
  t.match((await ask('/devices?owner=%40boss')).body, { items: [{ overdue: false }] });
});

t.test('another district is in no list and no number', async (t) => {
  t.notMatch((await ask('', yinzhou)).text, /330203/);
  t.notMatch((await ask('/devices?format=csv', yinzhou)).text, /cam-other|330203/);
  t.match((await ask(`/devices?jurisdiction=${HAISHU}`, yinzhou)).body, { items: [] });
});

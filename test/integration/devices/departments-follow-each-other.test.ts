import t from 'tap';
import { Departments } from '../../../src/devices/departments/departments.ts';
import { type DepartmentInput, departmentInput } from '../../../src/devices/departments/input.ts';
import { DepartmentReport } from '../../../src/devices/departments/report.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { listAudit } from '../../../src/platform/records/audit.ts';
import { callerIn, kiosk, openRegistry } from '../../support/devices/registry.ts';

const ground = await openRegistry(t);
const { database, departments, search, registry } = ground;
const report = new DepartmentReport({ departments, search });
const nation = callerIn('000000');
const mianyang = callerIn('510700');

const OWNERS: [id: string, owner: string | null, jurisdiction: string][] = [
  ['a-1', '环保', '510703'],
  ['a-2', '生态环境局', '510703'],
  ['a-3', '绵阳市环境保护局', '510704'],
  ['a-4', '食药监', '510703'],
  ['a-5', '一个小店', '510703'],
  ['a-6', null, '510703'],
  ['b-1', '应急办', '330212'],
  ['b-2', '绵阳市环境保护局', '330212'],
];
const location = { lat: 31.46, lon: 104.68 };
for (const [id, owner, jurisdiction] of OWNERS) {
  const at = jurisdiction.startsWith('51') ? { location } : {};
  await registry.create(
    nation,
    kiosk({ id, jurisdiction, confirm: true, ...at, ...(owner ? { file: { owner } } : {}) }),
  );
}

const add = (caller: typeof nation, input: object) =>
  departments.add(caller, departmentInput.parse(input) as DepartmentInput);
const idsOf = async (caller: typeof nation, department: string) =>
  (await search.list(caller, { department, limit: 100 })).items.map(({ id }) => id);
const nameOn = (owner: string, area: string, on: string) => {
  const named = departments.named(owner, area);
  return named && departments.inForce(named, on).name.zh;
};

t.test('a department of before leads to what stands in its place on a day', async (t) => {
  t.equal(nameOn('环保', '510703', '2018-04-15'), '环境保护局');
  t.equal(nameOn('环保', '510703', '2018-04-16'), '生态环境局');
  t.equal(nameOn('食药监', '510703', departments.today()), '市场监督管理局');
  t.equal(nameOn('应急办', '330212', departments.today()), '应急管理局');
  t.equal(nameOn('一个小店', '330212', departments.today()), null);
});

t.test('a city adds its own departments with its own days, which mean nothing elsewhere', async (t) => {
  const old = await add(mianyang, { name: { zh: '绵阳市环境保护局' }, names: ['环保'], jurisdiction: '510700' });
  const next = { name: { zh: '绵阳市生态环境局' }, jurisdiction: '510700', validFrom: '2019-02-01' };
  const now = await add(mianyang, { ...next, replaces: [old.id] });
  t.equal(nameOn('环保', '510703', '2019-01-31'), '绵阳市环境保护局', 'of two the smaller area counts');
  t.equal(nameOn('环保', '510703', '2019-02-01'), '绵阳市生态环境局');
  t.equal(nameOn('环保', '330212', '2019-01-31'), '生态环境局', 'elsewhere it is that of the country');
  t.equal(nameOn('绵阳市环境保护局', '330212', '2019-02-01'), null);
  t.same(await idsOf(nation, now.id), ['a-1', 'a-3'], 'what its predecessor owns, there alone');
  t.same(await idsOf(callerIn('510704'), now.id), ['a-3'], 'as far as the caller sees');
  t.same(await idsOf(callerIn('330212'), now.id), []);
  t.same(await idsOf(nation, 'ecology'), ['a-2']);
  t.same(await idsOf(nation, 'no-such'), []);
  t.notOk(
    departments.list(callerIn('330200')).some(({ id }) => id === now.id),
    'nobody elsewhere is told of it',
  );
  t.ok(
    departments.list(callerIn('510703')).some(({ id }) => id === now.id),
    'those below are',
  );
  const audit = await listAudit(database, nation, { subject: `department/${now.id}`, limit: 10 });
  t.match(audit, [{ action: 'department.add', jurisdiction: '510700' }]);
  const counts = (await report.of(mianyang, {})).map(({ department, positions }) => [department?.name.zh, positions]);
  t.same(new Map(counts as [string, number][]).get('绵阳市生态环境局'), 2);
  t.same(counts.at(-1), [undefined, 2], 'what nobody answers for comes last');
  const before = await report.of(mianyang, { on: '2017-01-01' });
  t.ok(before.some(({ department }) => department?.name.zh === '食品药品监督管理局'));
});

t.test('a department is called otherwise and ends, and its files still mean what is there now', async (t) => {
  const own = await add(mianyang, { name: { zh: '城管局' }, jurisdiction: '510700', validFrom: '2019-01-01' });
  const next = await add(mianyang, { name: { zh: '综合执法局' }, jurisdiction: '510700' });
  const named = await departments.rename(mianyang, own.id, { zh: '城市管理局', en: null });
  t.match([named.name.zh, named.names], ['城市管理局', ['城管局']]);
  t.equal(nameOn('城管局', '510703', '2020-01-01'), '城市管理局');
  await t.rejects(departments.rename(mianyang, own.id, { zh: '综合执法局', en: null }), { code: 'conflict.exists' });
  const invalidly = (path: string) => ({ code: 'request.invalid', issues: [{ path }] });
  await t.rejects(departments.end(mianyang, own.id, { on: '2018-01-01', successor: null }), invalidly('on'));
  await t.rejects(departments.end(mianyang, own.id, { on: '2022-01-01', successor: own.id }), invalidly('successor'));
  await t.rejects(departments.end(callerIn('330200'), own.id, { on: '2022-01-01', successor: null }), {
    code: 'not-found',
  });
  await departments.end(mianyang, own.id, { on: '2022-01-01', successor: next.id });
  t.equal(nameOn('城管局', '510703', '2022-01-01'), '综合执法局');
  await t.rejects(departments.end(mianyang, own.id, { on: '2023-01-01', successor: null }), { code: 'conflict.state' });
});

t.test('what is not of the own area can neither be replaced nor named', async (t) => {
  const foreign = await add(callerIn('330200'), { name: { zh: '宁波城管' }, jurisdiction: '330200' });
  const name = { zh: '另一个局' };
  const wish = { name, jurisdiction: '510700', validFrom: '2020-01-01' };
  const refused = (input: object, path: string) =>
    t.rejects(add(mianyang, input), { code: 'request.invalid', issues: [{ path }] }, JSON.stringify(input));
  await refused({ name, jurisdiction: '330212' }, 'jurisdiction');
  await refused({ ...wish, replaces: [foreign.id] }, 'replaces.0');
  await refused({ ...wish, replaces: ['ecology'] }, 'replaces.0');
  await refused({ ...wish, replaces: ['no-such'] }, 'replaces.0');
  await refused({ name, jurisdiction: '510700', validTo: '2020-01-01', successor: foreign.id }, 'successor');
  await t.rejects(add(mianyang, { name: { zh: '环保' }, jurisdiction: '510700' }), { code: 'conflict.exists' });
  for (const wrong of [
    { ...wish, validFrom: null, replaces: ['x'] },
    { ...wish, validTo: '2021-01-01' },
    { ...wish, successor: 'x', validTo: '2019-01-01' },
    { ...wish, name: { zh: '' } },
    { ...wish, jurisdiction: '51' },
  ]) {
    t.equal(departmentInput.safeParse(wrong).success, false, JSON.stringify(wrong));
  }
});

t.test('another start keeps what was changed by hand, and corrects what was not', async (t) => {
  const tables = database.tables();
  await sql`update department set name_en = 'By hand' where id = 'ecology'`.execute(tables);
  await sql`update department set name_en = 'As it was', shipped = jsonb_set(shipped, '{name_en}', '"As it was"')
    where id = 'weather'`.execute(tables);
  const again = new Departments({ database, clock: database.clock, jurisdictions: ground.jurisdictions });
  await again.seed();
  const english = new Map(again.list(nation).map(({ id, name }) => [id, name.en]));
  t.equal(english.get('ecology'), 'By hand');
  t.equal(english.get('weather'), 'Weather');
});

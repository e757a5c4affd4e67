import t from 'tap';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { RowVerdict } from '../../../../src/devices/import-export/apply.ts';
import { ROUNDED } from '../../../../src/devices/import-export/column-types.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { openImports } from '../../../support/devices/imports.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';
import { csvOf, xlsxOf } from '../../../support/devices/spreadsheets.ts';

const parts = await openRegistry(t);
const { registry, database, directory, connections } = parts;
const { imports, work, run, heard } = openImports(parts);
const YINZHOU = callerIn('330212');
const NATION = callerIn('000000');
const HEADER = ['编号', '类型', '名称', '行政区划', '纬度', '经度', '上级', '用途'];
const row = (id: string, over: Partial<Record<string, string>> = {}): string[] => {
  const cells = {
    编号: id,
    类型: 'recycling-kiosk',
    名称: `点位 ${id}`,
    行政区划: '330212',
    纬度: '29.83',
    经度: '121.55',
  };
  return HEADER.map((title) => ({ ...cells, ...over })[title] ?? '');
};
const told = ({ id, verdict, fields, faults }: RowVerdict): string =>
  [id, verdict, ...fields, ...faults.map(({ column, message }) => `${column}: ${message}`)].join(' | ');
const dry = async (rows: string[][], caller = YINZHOU) =>
  (await imports.dryRun(caller, Buffer.from(csvOf(rows)))).items.map(told);

/** Everything an import could have touched, as one text. */
async function everything(): Promise<string> {
  const { rows } = await sql<{ all: string }>`select
    (select json_agg(p order by id) from position p)::text || (select count(*) from unit) ||
    (select count(*) from audit_entry) || (select count(*) from import_batch) as all`.execute(database.tables());
  return rows[0]!.all;
}

t.test('a dry run says of each row what would become of it, and writes nothing', async (t) => {
  await registry.create(NATION, kiosk({ id: 'd-there', name: 'here', purpose: 'old' }));
  await registry.create(NATION, kiosk({ id: 'd-foreign', jurisdiction: '330203' }));
  await registry.retire(NATION, (await registry.create(NATION, kiosk({ id: 'd-gone' }))).device.id, 1);
  const before = await everything();
  const rows = [
    ['鄞州区点位表'],
    HEADER,
    row('d-new'),
    row('d-child', { 上级: 'd-parent' }),
    row('d-parent'),
    row('d-there', { 名称: ' here ', 用途: 'new' }),
    ['d-there2'],
    row('d-foreign'),
    row('d-gone'),
    row('d-kind', { 类型: '烤面包机' }),
    row('d-district', { 行政区划: '330203' }),
    row('d-nowhere', { 纬度: '0', 经度: '0' }),
    row('d-word', { 纬度: 'north' }),
    row('d-orphan', { 上级: 'nobody' }),
    row('1.23E+19'),
    row('../x'),
    row('__proto__'),
    row('d-twin'),
    row('d-twin', { 名称: 'other' }),
    row('', {}),
    [...row('d-wide'), '', 'more'],
    row('d-zh', { 类型: '智能分类回收机' }),
  ];
  const verdicts = await dry(rows);
  const expected = [
    'd-new | create',
    'd-child | create',
    'd-parent | create',
    'd-there | change | purpose',
    /^d-there2 \| error \| kind \(类型\): must be given for a new device .*name.*jurisdiction.*lat \(纬度\): must be given/,
    'd-foreign | error | id (编号): stands for a device that is not yours to see: use another one',
    'd-gone | error | id (编号): was retired, and an id is never given out again',
    /^d-kind \| error \| kind \(类型\): must be one of .*recycling-kiosk/,
    /^d-district \| error \| jurisdiction \(行政区划\): is no code of GB\/T 2260 within your jurisdiction/,
    /^d-nowhere \| error \| lat \(纬度\): lies at 0\/0/,
    'd-word | error | lat (纬度): must be a number such as 31.4675',
    'd-orphan | error | parent (上级): is no device you can see, or is retired',
    /^1.23E\+19 \| error \| id \(编号\): Excel rounded this/,
    /^..\/x \| error \| id \(编号\): use 1 to 64 letters/,
    /^__proto__ \| error \| id \(编号\): use 1 to 64 letters/,
    'd-twin | error | id (编号): the same stands in line 19: leave one of them',
    'd-twin | error | id (编号): the same stands in line 18: leave one of them',
    /^ \| error \| id \(编号\): must be given/,
    'd-wide | error | null: cell 10 has no title above it',
    'd-zh | create',
  ];
  for (const [index, wanted] of expected.entries()) {
    if (typeof wanted === 'string') t.equal(verdicts[index], wanted);
    else t.match(verdicts[index], wanted);
  }
  t.equal(await everything(), before);
  t.equal(directory.get('d-new'), undefined);
});

t.test('the run does what the dry run said, and the same file again changes nothing', async (t) => {
  const rows = [HEADER, row('r-child', { 上级: 'r-parent' }), row('r-parent'), row('r-bad', { 上级: 'nobody' })];
  await registry.create(NATION, kiosk({ id: 'r-old', purpose: 'keep me' }));
  rows.push(row('r-old', { 名称: 'renamed', 用途: '' }));
  const planned = await dry(rows);
  const first = await run(YINZHOU, rows);
  t.match(first, {
    state: 'done',
    rows: 4,
    done: 4,
    counts: { create: 2, change: 1, same: 0, error: 1 },
    secretsWaiting: 2,
  });
  const { items } = await imports.list.rows(YINZHOU, first.id, { limit: 10 });
  t.strictSame(items.map(told), planned);
  t.match(await registry.get(YINZHOU, 'r-child'), { parent: 'r-parent', version: 1 });
  t.match(await registry.get(YINZHOU, 'r-old'), { name: 'renamed', purpose: 'keep me', version: 2 });
  const audit = await listAudit(database, NATION, { subject: 'device/r-old', limit: 5 });
  t.strictSame(audit.map(({ action, callerId }) => [action, callerId])[0], ['device.update', YINZHOU.id]);

  const again = await run(YINZHOU, rows);
  t.match(again, { counts: { create: 0, change: 0, same: 3, error: 1 }, secretsWaiting: 0 });
  t.equal((await registry.get(YINZHOU, 'r-old')).version, 2);
});

t.test('an exact cell that a spreadsheet holds as a number is refused, not guessed', async (t) => {
  const file = await xlsxOf([
    HEADER,
    [7, ...row('x').slice(1)],
    ['x-7', ...row('x').slice(1, 3), 330212, 29.83, 121.55],
  ]);
  const { items } = await imports.dryRun(YINZHOU, file);
  t.strictSame(items.map(told), [`7 | error | id (编号): ${ROUNDED}`, 'x-7 | create']);
});

t.test('a file that is taken whole is taken whole or not at all', async (t) => {
  const good = [HEADER, row('w-1'), row('w-2', { 上级: 'w-1' })];
  const refused = await run(YINZHOU, [...good, row('w-3', { 上级: 'nobody' })], 'whole');
  t.match(refused, { state: 'refused', secretsWaiting: 0, counts: { create: 2, error: 1 } });
  await t.rejects(registry.get(YINZHOU, 'w-1'), { code: 'not-found' });
  t.equal(directory.get('w-1'), undefined);
  await t.rejects(imports.undo(YINZHOU, refused.id), { code: 'conflict.state' });
  t.match(await run(YINZHOU, good, 'whole'), { state: 'done', counts: { create: 2, error: 0 } });
  t.ok(directory.get('w-2'));
});

t.test('secrets of new devices are given once, to whoever sent the file, and are sealed until then', async (t) => {
  const { id } = await run(YINZHOU, [HEADER, row('s-1'), row('s-2')]);
  const stored = await sql<{ all: string }>`select coalesce(string_agg(secret::text, ' '), '') as all from import_row
    where batch = ${id}`.execute(database.tables());
  await t.rejects(imports.takeSecrets({ ...YINZHOU, id: 'another' }, id), { code: 'auth.forbidden' });
  await t.rejects(imports.takeSecrets(callerIn('330203'), id), { code: 'not-found' });
  const secrets = await imports.takeSecrets(YINZHOU, id);
  t.strictSame(
    secrets.map(({ id }) => id),
    ['s-1', 's-2'],
  );
  for (const { id, secret } of secrets) {
    t.ok(directory.authenticate(id, secret));
    t.notOk(stored.rows[0]!.all.includes(Buffer.from(secret).toString('hex')));
  }
  await t.rejects(imports.takeSecrets(YINZHOU, id), { code: 'conflict.state' });
  t.equal((await imports.list.get(YINZHOU, id)).secretsWaiting, 0);
  const audit = await listAudit(database, NATION, { subject: `import/${id}`, limit: 5 });
  t.strictSame(
    audit.map(({ action }) => action),
    ['import.take-secrets', 'import.end', 'import.start'],
  );
});

t.test('undoing brings back what was; what was changed since is a conflict', async (t) => {
  await registry.create(NATION, kiosk({ id: 'u-old', name: 'before', purpose: 'p' }));
  const rows = [HEADER, row('u-parent'), row('u-child', { 上级: 'u-parent' }), row('u-heard'), row('u-edited')];
  rows.push(row('u-old', { 名称: 'after', 用途: '(clear)', 纬度: '29.84' }));
  const { id } = await run(YINZHOU, rows);
  t.match(await registry.get(YINZHOU, 'u-old'), { name: 'after', purpose: null });
  await registry.update(YINZHOU, 'u-edited', 1, { name: 'mine' });
  heard.add('u-heard');
  await imports.undo(YINZHOU, id);
  await work(id);
  const after = await imports.list.get(YINZHOU, id);
  t.match(after, { state: 'undone', done: 5, undone: 4, conflicts: 1 });
  const conflicts = await imports.list.rows(YINZHOU, id, { verdict: 'conflict', limit: 10 });
  t.match(conflicts.items, [{ id: 'u-edited', undone: 'conflict', why: /changed since/ }]);
  t.match(await registry.get(YINZHOU, 'u-old'), { name: 'before', purpose: 'p', location: { lat: 29.83 } });
  t.match(await registry.get(YINZHOU, 'u-edited'), { name: 'mine', state: 'in-service' });
  t.match(await registry.get(YINZHOU, 'u-heard'), { state: 'retired' });
  await t.rejects(registry.get(YINZHOU, 'u-child'), { code: 'not-found' });
  t.equal(directory.get('u-parent'), undefined);
  await t.rejects(imports.undo(YINZHOU, id), { code: 'conflict.state' });
  // The ids of what was never heard of are free again for the file as it should have been.
  t.match(await run(YINZHOU, [HEADER, row('u-parent'), row('u-heard')]), { counts: { create: 1, error: 1 } });
});

t.test('a camera keeps the passwords that a file leaves out, and tells them to no other address', async (t) => {
  const header = [
    'id',
    'kind',
    'name',
    'jurisdiction',
    'lat',
    'lon',
    'streamUrl',
    'onvifAddress',
    'onvifUser',
    'onvifPassword',
  ];
  const camera = (url: string, xaddr: string, user = '', password = ''): string[][] => [
    header,
    ['c-1', 'camera', 'cam', '330212', '29.83', '121.55', url, xaddr, user, password],
  ];
  const given = camera('rtsp://u:p%40ss@192.0.2.7/1', 'http://192.0.2.7/onvif', 'admin', 's3cret');
  t.match(await run(YINZHOU, given), { counts: { create: 1 } });
  t.match(await run(YINZHOU, given), { counts: { same: 1 } });
  t.match(await run(YINZHOU, camera('rtsp://192.0.2.7/1', 'http://192.0.2.7/onvif')), { counts: { same: 1 } });
  t.match(await connections.streamSource('c-1', 'main'), { login: { username: 'u', password: 'p@ss' } });
  const moved = await dry(camera('rtsp://192.0.2.8/1', ''));
  t.match(moved, [/streamUrl .* is another address than before: write the login/]);
  t.match(await dry(camera('', 'http://192.0.2.8/onvif')), [
    /onvifAddress .* is another address .*: give user and password/,
  ]);
  const changed = await run(YINZHOU, camera('', '', '', 'new'));
  t.match(changed, { counts: { change: 1 } });
  t.match(await connections.onvifAccess('c-1'), { username: 'admin', password: 'new' });
  await imports.undo(YINZHOU, changed.id);
  await work(changed.id);
  t.match(await connections.onvifAccess('c-1'), { username: 'admin', password: 's3cret' });
  const { rows } = await sql<{
    all: string;
  }>`select string_agg(coalesce(content::text, '') || coalesce(before::text, '')
    || faults::text, ' ') as all from import_row`.execute(database.tables());
  for (const word of ['s3cret', 'p@ss']) t.notOk(rows[0]!.all.includes(Buffer.from(word).toString('hex')));
});

t.test('an import is seen by those who may see all that its sender may see', async (t) => {
  const { id } = await run(callerIn('330200'), [HEADER, row('v-1')]);
  await t.rejects(imports.list.get(YINZHOU, id), { code: 'not-found' });
  t.match(await imports.list.get(NATION, id), { id, by: 'test' });
  const seen = await imports.list.newest(YINZHOU, { limit: 100 });
  t.notOk(seen.items.some((one) => one.id === id));
  const page = await imports.list.newest(NATION, { limit: 1 });
  t.equal(page.items[0]!.id, id);
  const next = await imports.list.newest(NATION, { limit: 1, after: page.next! });
  t.not(next.items[0]!.id, id);
});

t.test('what cannot be taken now is taken later, and is no fault of a row', async (t) => {
  const failing = { ...parts, kinds: Object.assign(Object.create(parts.kinds), { latest: down }) } as typeof parts;
  const { imports: broken } = openImports(failing);
  const { id } = await imports.start(YINZHOU, {
    file: Buffer.from(csvOf([HEADER, row('f-1')])),
    fileName: null,
    mode: 'rows',
  });
  await t.rejects(broken.handle(id, new AbortController().signal), { code: /./ });
  t.match(await imports.list.get(YINZHOU, id), { state: 'waiting', done: 0 });
  await work(id);
  t.match(await imports.list.get(YINZHOU, id), { state: 'done', counts: { create: 1 } });
});

t.test('what leaves no audit row is not done', async (t) => {
  const { id } = await imports.start(YINZHOU, {
    file: Buffer.from(csvOf([HEADER, row('a-1')])),
    fileName: null,
    mode: 'rows',
  });
  const done = await run(YINZHOU, [HEADER, row('a-2')]);
  await sql`create function refuse_audit() returns trigger language plpgsql as
    $$ begin raise exception 'no'; end $$`.execute(database.tables());
  await sql`create trigger refuse_audit before insert on audit_entry for each row
    execute function refuse_audit()`.execute(database.tables());
  const before = await everything();
  const file = Buffer.from(csvOf([HEADER, row('a-3')]));
  await t.rejects(imports.start(YINZHOU, { file, fileName: null, mode: 'rows' }));
  await t.rejects(work(id));
  await t.rejects(imports.takeSecrets(YINZHOU, done.id));
  await t.rejects(imports.undo(YINZHOU, done.id));
  t.equal(await everything(), before);
  await sql`drop trigger refuse_audit on audit_entry`.execute(database.tables());
  await work(id);
  t.match(await imports.list.get(YINZHOU, id), { state: 'done', counts: { create: 1 } });
});

function down(): never {
  throw new CitywatchError('store.unavailable');
}

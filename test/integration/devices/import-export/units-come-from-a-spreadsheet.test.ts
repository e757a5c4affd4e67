import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import type { RowVerdict } from '../../../../src/devices/import-export/apply.ts';
import { ROUNDED } from '../../../../src/devices/import-export/column-types.ts';
import { DeviceExport } from '../../../../src/devices/import-export/writing/device-export.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { openImports } from '../../../support/devices/imports.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';
import { csvOf, xlsxOf } from '../../../support/devices/spreadsheets.ts';
import { openUnits, unitOf } from '../../../support/devices/units.ts';

const parts = await openRegistry(t);
const { registry, search, database, directory } = parts;
const { imports, work, run, restated } = openImports(parts);
const { units, history } = openUnits(parts);
const deviceExport = new DeviceExport({ database, clock: systemClock });
const YINZHOU = callerIn('330212');
const CITY = callerIn('330200');
const HEADER = ['编号', '类型', '名称', '行政区划', '纬度', '经度', '厂商', '型号', '序列号', 'MAC地址', '固件版本'];
const BASE = ['recycling-kiosk', 'kiosk', '330212', '29.83', '121.55'];
/** A row: id, then maker, model, serial number, hardware addresses, firmware. */
const row = (id: string, ...unit: string[]): string[] => [
  id,
  ...BASE,
  ...unit,
  ...['', '', '', '', ''].slice(unit.length),
];
const told = ({ id, verdict, fields, faults }: RowVerdict): string =>
  [id, verdict, ...fields, ...faults.map(({ column, message }) => `${column}: ${message}`)].join(' | ');
const dry = async (rows: string[][], caller = YINZHOU) =>
  (await imports.dryRun(caller, Buffer.from(csvOf([HEADER, ...rows])))).items.map(told);
const unitAt = async (id: string) => (await registry.get(CITY, id)).unit;
const CERTIFICATE = ['设备证书', '证书截止日期'];
const END_MS = Date.parse('2027-03-05T08:00:00Z');
const MAC = '02:00:5e:10:00:01';

t.test('new points get their units, and points without one too; the file again changes nothing', async (t) => {
  await registry.create(CITY, kiosk({ id: 'n-old' }));
  const rows = [
    row('n-1', 'Hikvision', '2.10', '007', '02-00-5E-10-00-01;02-00-5E-10-00-02', '1e5'),
    row('n-old', 'Dahua', '', 'N-2'),
    row('n-none'),
  ];
  const planned = await dry(rows);
  t.strictSame(planned, ['n-1 | create', 'n-old | change | name | serial | maker', 'n-none | create']);
  const { id, counts } = await run(YINZHOU, [HEADER, ...rows]);
  t.match(counts, { create: 2, change: 1 });
  const whole = { maker: 'Hikvision', model: '2.10', serial: '007', mac: `${MAC},02:00:5e:10:00:02`, firmware: '1e5' };
  t.match(await unitAt('n-1'), whole);
  t.match(await registry.get(YINZHOU, 'n-old'), { unit: { serial: 'N-2' }, name: 'kiosk', version: 3 });
  t.match(await unitAt('n-none'), { serial: null, mac: null });
  t.ok(restated.includes('n-old'));
  const found = await search.list(YINZHOU, { q: '007', limit: 10 });
  t.match(found.items, [{ id: 'n-1' }]);
  const { items } = await history.ofPosition(YINZHOU, 'n-old', { limit: 5 });
  t.match(items, [{ how: 'assigned', unit: { serial: 'N-2' }, by: YINZHOU.name }, { how: 'registered' }]);
  t.strictSame(await dry(rows), ['n-1 | same', 'n-old | same', 'n-none | same']);

  await imports.undo(YINZHOU, id);
  await work(id);
  t.match(await imports.list.get(YINZHOU, id), { undone: 3, conflicts: 0 });
  t.match(await registry.get(YINZHOU, 'n-old'), { unit: { serial: null }, name: 'Kiosk at the market' });
  t.match(await run(YINZHOU, [HEADER, ...rows]), { counts: { create: 2, change: 1 } }, 'and its units are free again');
});

t.test('what is written of a unit is completed and corrected, and a unit is never swapped', async (t) => {
  await registry.create(CITY, kiosk({ id: 'c-1', confirm: true }));
  await units.assign(CITY, 'c-1', { unit: unitOf('C-1', { mac: '02:00:5e:20:00:01' }), reason: null });
  const verdicts = await dry([row('c-1', 'Dahua', 'DH-2', '', '02-00-5E-20-00-01;02-00-5E-20-00-02', '2.10')]);
  t.strictSame(verdicts, ['c-1 | change | name | model | mac | firmware']);
  const refusals = {
    'another serial number': [
      row('c-1', '', '', 'C-2'),
      /serial \(序列号\): is of another unit .*Dahua C-1.*devices\/c-1\/swap/,
    ],
    'another address': [row('c-1', '', '', '', '02:00:5e:20:00:09'), /mac .* is of another unit/],
    'a stand-in': [row('c-1', '', '', '777', '02:00:5e:20:00:01'), /serial .*is a stand-in, and C-1 is known/],
    emptied: [row('c-1', '', '', '(clear)'), /serial .*stays.*swap/],
    'a maker and no mark': [row('c-1', 'Hikvision'), /maker .*is Dahua here: give the serial number/],
    'no address': [row('c-1', '', '', 'C-1', 'xyz'), /mac .*must be a hardware address/],
  } as const;
  for (const [name, [one, message]] of Object.entries(refusals)) t.match(await dry([one as string[]]), [message], name);

  const { id } = await run(YINZHOU, [HEADER, row('c-1', 'Dahua Tech', 'DH-2', 'C-1', '02-00-5E-20-00-02', '2.10')]);
  const now = { maker: 'Dahua Tech', model: 'DH-2', serial: 'C-1', firmware: '2.10' };
  t.match(await unitAt('c-1'), { ...now, mac: '02:00:5e:20:00:01,02:00:5e:20:00:02' });
  t.match(await listAudit(database, CITY, { subject: 'device/c-1', limit: 1 }), [
    { action: 'device.correct-unit', before: { unit: { model: null } }, after: { unit: { model: 'DH-2' } } },
  ]);
  await imports.undo(YINZHOU, id);
  await work(id);
  t.match(await unitAt('c-1'), { maker: 'Dahua', model: null, serial: 'C-1', mac: '02:00:5e:20:00:01' });
});

t.test('a unit hangs at one point only: in the file, in the registry, and across a border', async (t) => {
  await registry.create(CITY, kiosk({ id: 'd-far', jurisdiction: '330203', confirm: true }));
  await units.assign(CITY, 'd-far', { unit: unitOf('D-9'), reason: null });
  await registry.create(CITY, kiosk({ id: 'd-here', confirm: true }));
  await units.assign(CITY, 'd-here', { unit: unitOf('D-8'), reason: null });
  const rows = [
    row('d-1', 'Dahua', '', 'D-1'),
    row('d-2', 'dahua', '', ' D-1 '),
    row('d-3', 'Hikvision', '', 'D-1'),
    row('d-4', '', '', 'D-4', '02-00-5e-30-00-01'),
    row('d-5', '', '', 'D-5', '02:00:5E:30:00:01'),
    row('d-6', 'Dahua', '', 'D-9'),
    row('d-7', 'Dahua', '', 'D-8'),
    row('d-8', '', 'DS-1'),
    row('d-9', '', '', '000000'),
    row('d-10', '', '', '1.23E+19'),
  ];
  const same = /the same unit stands in line/;
  const expected = [same, same, /d-3 \| create/, same, same, /hangs at a position outside your jurisdiction/];
  expected.push(/hangs at d-here; take it down there first/, /model .*does not tell this unit/);
  expected.push(/serial .*does not tell this unit/, /serial .*Excel rounded/);
  t.match(await dry(rows), expected);
  t.match(await run(YINZHOU, [HEADER, ...rows]), { counts: { create: 1, error: 9 } });
  const typed = await xlsxOf([HEADER, [...row('d-11').slice(0, 8), 7, null, null]]);
  t.strictSame((await imports.dryRun(YINZHOU, typed)).items.map(told), [`d-11 | error | serial (序列号): ${ROUNDED}`]);

  const seen = await units.takeDown(CITY, 'd-here', { replaces: (await unitAt('d-here'))!.id, reason: 'moved' });
  t.equal(seen.device.unit!.serial, null);
  t.match(await run(YINZHOU, [HEADER, row('d-7', 'Dahua', '', 'D-8')]), { counts: { create: 1 } });
  const stays = await history.ofUnit(CITY, { serial: 'D-8' }, { limit: 5 });
  t.strictSame(new Set(stays.items.map(({ unit }) => unit.id)).size, 1, 'it is known as the one that hung at d-here');
  t.ok(directory.get('d-7'));
});

t.test('an export changes nothing, also of channels that have the serial number of their recorder', async (t) => {
  for (const id of ['e-1', 'e-2']) await registry.create(CITY, kiosk({ id, file: { owner: 'e' }, confirm: true }));
  await units.assign(CITY, 'e-1', { unit: unitOf('=E', { firmware: '1e5', endpoint: 'urn:uuid:1' }), reason: null });
  const { unit } = await registry.get(CITY, 'e-2');
  const ofUnits = database.tables<{ unit: Record<string, unknown> }>().updateTable('unit');
  const twin = { serial: '=E', mac: '02:00:5e:40:00:01,02:00:5e:40:00:02' };
  await ofUnits.set(twin).where('id', '=', unit!.id).execute();
  const certificate = { cert_fingerprint: '0a'.repeat(32), cert_subject: 'CN=e', cert_not_after_ms: END_MS };
  await ofUnits.set(certificate).where('id', '=', unit!.id).execute();
  const ending = async (day: string) =>
    (await search.list(YINZHOU, { certificateBefore: Date.parse(day), limit: 9 })).items.map(({ id }) => id);
  t.strictSame([await ending('2027-03-05T08:00:00Z'), await ending('2027-03-05T08:00:01Z')], [[], ['e-2']]);
  const seen = async (id: string, ...cells: string[]) =>
    (
      await imports.dryRun(
        YINZHOU,
        Buffer.from(
          csvOf([
            ['编号', ...CERTIFICATE],
            [id, ...cells],
          ]),
        ),
      )
    ).items.map(told);
  t.strictSame(await seen('e-2', Array(32).fill('0A').join(':'), '2027年3月5日'), ['e-2 | same']);
  t.match(await seen('e-2', '0b'.repeat(32)), [/设备证书.*0a0a.* was seen: leave the cell empty/]);
  t.match(await seen('e-1', '', '2027-03-05'), [/证书截止日期.*nothing of the kind was seen/]);
  t.match(await seen('e-2', '(clear)'), [/was seen: leave the cell empty/]);
  for (const titles of ['en', 'zh'] as const) {
    const page = (one: { limit: number }) => search.list(YINZHOU, { owner: 'e', ...one });
    const query = { format: 'csv', titles, filter: {}, tellsAddresses: () => true, page } as const;
    const pieces: Buffer[] = [];
    for await (const piece of (await deviceExport.open(YINZHOU, query)).pieces) pieces.push(Buffer.from(piece));
    const text = Buffer.concat(pieces);
    t.match(text.toString(), /'=E.*urn:uuid:1.*1e5/);
    t.match(text.toString(), /(0a){32},2027-03-05/);
    t.match((await imports.dryRun(YINZHOU, text)).counts, { same: 2, error: 0, change: 0, create: 0 });
  }
});

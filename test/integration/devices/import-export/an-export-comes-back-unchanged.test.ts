import fc from 'fast-check';
import readExcelFile from 'read-excel-file/node';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { DeviceExport } from '../../../../src/devices/import-export/writing/device-export.ts';
import { deviceInput } from '../../../../src/devices/registry/input.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { anyCharacter } from '../../../support/any-text.ts';
import { readCsv } from '../../../support/csv.ts';
import { openImports } from '../../../support/devices/imports.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';

const parts = await openRegistry(t);
const { registry, search, behindApi, database } = parts;
const { imports } = openImports(parts);
const deviceExport = new DeviceExport({ database, clock: systemClock });
const YINZHOU = callerIn('330212');

async function exported(caller: Caller, over: { format?: 'csv' | 'xlsx'; titles?: 'en' | 'zh'; owner?: string } = {}) {
  const { format = 'csv', titles = 'en', owner } = over;
  const filter = owner === undefined ? {} : { owner };
  const { pieces } = await deviceExport.open(caller, {
    format,
    titles,
    filter,
    tellsAddresses: () => true,
    page: (page) => search.list(caller, { ...filter, ...page }),
  });
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(Buffer.from(piece as string));
  return Buffer.concat(all);
}

/** What a person may type in a registry, and what goes wrong on the way through a spreadsheet. */
const nasty = fc
  .oneof(
    fc.constantFrom(
      '=1+1',
      '+1',
      '-1',
      '@SUM(A1)',
      "'=x",
      "'",
      "''a",
      '(clear)',
      '（清空）',
      ' =x ',
      '＝1',
      '"',
      'a,b;c',
    ),
    fc.constantFrom(
      '007',
      '2.10',
      '1e5',
      'true',
      '1.23E+19',
      '#N/A',
      '_x0041_',
      '<b>&amp;',
      '🎥 绵阳',
      '__proto__',
      '%00',
    ),
    fc.string({ minLength: 1, maxLength: 20 }),
    fc.string({ unit: anyCharacter, minLength: 1, maxLength: 12 }),
  )
  .filter((text) => /^[^\p{Cc}\p{Cs}]*$/u.test(text) && text.trim() !== '');
const code = fc.constantFrom('007', '2.10', '1e5', 'true', '=A1', '-7', '34020000001320000001');
const point = fc.record({
  name: nasty,
  purpose: fc.option(nasty),
  lat: fc.double({ min: 29.7, max: 29.9, noNaN: true }),
  lon: fc.double({ min: 121.4, max: 121.6, noNaN: true }),
  datum: fc.constantFrom('wgs84' as const, 'gcj02' as const),
  pole: fc.option(code),
  address: fc.option(nasty),
  tags: fc.uniqueArray(fc.oneof(nasty, fc.constantFrom('a;b', '\\', '\\;', '；')), { maxLength: 3 }),
  heading: fc.option(fc.double({ min: 0, max: 359, noNaN: true })),
  wdr: fc.option(fc.boolean()),
});

t.test('whatever the devices are called, their export changes nothing', async (t) => {
  let round = 0;
  const property = fc.asyncProperty(fc.array(point, { minLength: 30, maxLength: 30 }), async (points) => {
    round += 1;
    const prefix = `e${round}-`;
    const inputs = points.map(({ name, purpose, lat, lon, datum, pole, address, tags, heading, wdr }, index) =>
      deviceInput.parse({
        ...kiosk({ id: `${prefix}${index}`, name, purpose, location: { lat, lon, datum }, confirm: true }),
        file: { pole, address, tags, heading, wdr, owner: prefix },
        ...(index > 0 && index % 5 === 0 ? { parent: `${prefix}0` } : {}),
      }),
    );
    const made = await behindApi.createMany(YINZHOU, inputs);
    t.strictSame(
      made.filter((one) => one instanceof CitywatchError),
      [],
    );
    for (const [format, titles] of [
      ['csv', 'en'],
      ['xlsx', 'zh'],
    ] as const) {
      const { counts, items } = await imports.dryRun(
        YINZHOU,
        await exported(YINZHOU, { format, titles, owner: prefix }),
      );
      t.strictSame(
        items.filter(({ verdict }) => verdict !== 'same'),
        [],
      );
      t.equal(counts.same, points.length);
    }
  });
  await fc.assert(property, { numRuns: 6 });
});

t.test('no cell is a formula, and another program reads the same from both files', async (t) => {
  const csv = (await exported(YINZHOU)).toString('utf8');
  t.ok(csv.startsWith('\ufeffid,kind,'));
  const rows = readCsv(csv.slice(1));
  t.ok(rows.length > 150);
  const cells = rows.flatMap((row) => Object.values(row));
  t.strictSame(
    cells.filter((cell) => /^[=+\-@\t\r]/.test(cell)),
    [],
  );
  t.ok(cells.some((cell) => cell.startsWith("'=")));
  const [{ data = [] } = {}] = (await readExcelFile(await exported(YINZHOU, { format: 'xlsx' }))) as never as {
    data?: (string | null)[][];
  }[];
  const [header = [], ...others] = data;
  const plain = (text: unknown) => String(text ?? '').trim();
  t.strictSame(header, Object.keys(rows[0]!));
  t.strictSame(
    others.map((row) => header.map((_, index) => plain(row[index]))),
    rows.map((row) => Object.values(row).map(plain)),
  );
});

t.test('an export holds what its reader may see, tells no password, and leaves a row', async (t) => {
  await registry.create(callerIn('000000'), kiosk({ id: 'x-foreign', jurisdiction: '330203' }));
  await registry.create(YINZHOU, {
    ...kiosk({ id: 'x-cam', kind: 'camera' }),
    file: { owner: 'x-cam' },
    stream: { url: 'rtsp://admin:s3cret@192.0.2.7/1' },
    onvif: { xaddr: 'http://192.0.2.7/onvif', username: 'root', password: 'hunter22' },
  });
  const text = (await exported(YINZHOU)).toString('utf8');
  t.match(text, 'rtsp://192.0.2.7/1');
  t.notMatch(text, /x-foreign|s3cret|hunter22|root/);
  const rows = await listAudit(database, callerIn('000000'), { subject: 'devices', limit: 1 });
  t.match(rows, [{ action: 'device.export', callerId: YINZHOU.id, after: { format: 'csv' } }]);
  const { items } = await imports.dryRun(YINZHOU, await exported(YINZHOU, { owner: 'x-cam' }));
  t.match(items, [{ id: 'x-cam', verdict: 'same' }]);
});

import t from 'tap';
import { directoryEntries } from '../../../src/devices/registry/queries.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { listAudit } from '../../../src/platform/records/audit.ts';
import { callerIn, kiosk, type OpenRegistry, openRegistry } from '../../support/registry.ts';

/** What is answered, audited and kept in memory of a new device is made from what was asked, not from the tables. */
const NATION = callerIn('000000');
const YINZHOU = callerIn('330212');
const CAMERA = { kind: 'camera', name: 'Camera at the market', purpose: ' 路口 ' };
const ONVIF = { xaddr: 'http://192.0.2.7/onvif?token=abc', username: 'u', password: 'p' };
const STREAM = { url: 'rtsp://u:p@192.0.2.7/main?pwd=abc', subUrl: 'rtsp://192.0.2.7/sub' };

let parts: OpenRegistry;

t.before(async () => {
  parts = await openRegistry(t);
  await parts.registry.create(YINZHOU, kiosk({ ...CAMERA, id: 'seen' }));
});

for (const [what, input] of Object.entries({
  'at a place of many digits': { location: { lat: 29.830000000000002, lon: 121.55000000000001 } },
  'at a place in GCJ-02': { location: { lat: 29.83, lon: 121.55, datum: 'gcj02' } },
  'at a whole number of degrees': { location: { lat: 30, lon: 121.4 } },
  'with its own secret': { secret: 'my-own-secret-0123456789' },
  'with streams and logins': { ...CAMERA, stream: STREAM, onvif: ONVIF },
  'with one stream': { ...CAMERA, stream: { url: STREAM.subUrl }, onvif: null },
  'with a parent': { parent: 'seen' },
  'with a camera': { cameras: ['seen'] },
})) {
  t.test(`a device ${what} is answered, audited and kept as it stands in the tables`, async (t) => {
    const { registry, directory, database, kinds } = parts;
    const { device, secret, addresses } = await registry.create(YINZHOU, kiosk(input));
    const { id } = device;
    t.strictSame(device, await registry.get(YINZHOU, id));
    t.strictSame(addresses, await registry.shownAddresses(id));
    t.strictSame(directory.get(id), (await directoryEntries(database, kinds, { ids: [id], limit: 1 }))[0]);
    t.ok(directory.authenticate(id, secret));
    const [row, ...more] = await listAudit(database, NATION, { subject: `device/${id}`, limit: 5 });
    t.match(row, { action: 'device.create', before: null });
    t.strictSame(row?.after, JSON.parse(JSON.stringify(device)));
    t.strictSame(more, []);
  });
}

t.test('of devices that come together each gets its own answer, and only the good ones are there', async (t) => {
  const { registry, directory, database } = parts;
  const inputs = Array.from({ length: 60 }, (_, number) => {
    const id = `rush-${number}`;
    if (number % 6 === 1) return { id: 'rush-twin', is: 'twin' };
    if (number % 6 === 2) return { id, jurisdiction: '330203', is: 'request.invalid' };
    if (number % 6 === 3) return { id, location: { lat: 0, lon: 0 }, is: 'request.confirm' };
    if (number % 6 === 4) return { id, parent: 'nobody', is: 'request.invalid' };
    return { id, is: 'made' };
  });
  const outcomes = await Promise.all(
    inputs.map(({ is: _, ...input }) =>
      registry.create(YINZHOU, kiosk(input)).then(
        () => 'made',
        (error: { code: string }) => error.code,
      ),
    ),
  );
  const twins = outcomes.filter((_, number) => inputs[number]?.is === 'twin').sort();
  t.strictSame(twins, [...Array(9).fill('conflict.exists'), 'made']);
  for (const [number, { id, is }] of inputs.entries()) if (is !== 'twin') t.equal(outcomes[number], is, id);
  const made = [...new Set(inputs.filter((_, number) => outcomes[number] === 'made').map(({ id }) => id))].sort();
  const rows = async (query: ReturnType<typeof sql<{ id: string }>>) =>
    (await query.execute(database.tables())).rows.map(({ id }) => id).sort();
  t.strictSame(await rows(sql`select id from position where id like 'rush-%'`), made);
  t.strictSame(
    await rows(sql`select substr(subject, 8) as id from audit_entry where subject like 'device/rush-%'`),
    made,
  );
  t.strictSame([...new Set(inputs.map(({ id }) => id))].filter((id) => directory.get(id)).sort(), made);
  t.strictSame(
    await rows(sql`select u.id::text from unit u left join assignment on unit_id = u.id where unit_id is null`),
    [],
  );
});

import t from 'tap';
import { CitywatchError } from '../../../src/core/errors.ts';
import type { PositionFile } from '../../../src/core/registry/position-file.ts';
import { deviceInput } from '../../../src/devices/registry/input.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { listAudit } from '../../../src/platform/records/audit.ts';
import { callerIn, kiosk, openRegistry } from '../../support/devices/registry.ts';

const NATION = callerIn('000000');
const YINZHOU = callerIn('330212');
const HAISHU = callerIn('330203');
const TECHNICIAN = callerIn('330212', 'technician');
const GB_ID = '33021200001320000001';

/** Every key, each with what a number, a boolean or a trimmed text would not bring back. */
const FILE: Required<PositionFile> = {
  gbId: '00021200001320000007',
  tier: 'police',
  placeType: 'main-road',
  address: '鄞州区百丈东路 7 号，灯杆 007',
  owner: '市公安局鄞州分局',
  heading: 271.5,
  mounting: 'pole',
  heightM: 6.5,
  lowLight: true,
  hlc: false,
  wdr: true,
  resolution: '2560x1440',
  network: 'video',
  link: 'fibre',
  storageDays: 90,
  maintainer: '2.10',
  warrantyEnd: '2027-03-31',
  power: 'mains',
  circuit: '1e5',
  pole: '007',
  loginShared: false,
  tags: ['true', '2.10'],
};

const { registry, database, search } = await openRegistry(t);

t.test('all that is known of a point comes back as it was given, on every way, with its audit row', async (t) => {
  const { device } = await registry.create(YINZHOU, kiosk({ id: 'f-1', file: FILE, accessClass: 'key-site' }));
  t.strictSame(device.file, FILE);
  t.strictSame(await registry.get(YINZHOU, 'f-1'), device);
  const { items } = await search.list(YINZHOU, { limit: 10, gbId: FILE.gbId });
  t.strictSame(items, [device]);
  const [row] = await listAudit(database, NATION, { subject: 'device/f-1', limit: 5 });
  t.match(row, { action: 'device.create', after: { file: FILE, accessClass: 'key-site' } });
  const bare = await registry.create(YINZHOU, kiosk({ id: 'f-bare', file: { owner: null, tags: null } }));
  t.strictSame([bare.device.file, bare.device.accessClass], [{}, 'public']);
  t.strictSame(await registry.get(YINZHOU, 'f-bare'), bare.device);
});

t.test('a change leaves what it does not name and clears what it sets to null', async (t) => {
  const changed = await registry.update(YINZHOU, 'f-1', 1, {
    file: { owner: null, tags: null, hlc: true, pole: '07' },
  });
  const { owner: _owner, tags: _tags, ...rest } = FILE;
  t.strictSame(changed.file, { ...rest, hlc: true, pole: '07' });
  t.strictSame((await registry.update(YINZHOU, 'f-1', 2, { name: 'n' })).file, changed.file);
  t.strictSame((await registry.update(YINZHOU, 'f-1', 3, { file: FILE })).file, FILE);
  await t.rejects(registry.update(YINZHOU, 'f-1', 3, { file: {} }), { code: 'precondition.stale' });
  const [row] = await listAudit(database, NATION, { subject: 'device/f-1', limit: 1 });
  t.match(row, { action: 'device.update', before: { file: { pole: '07' } }, after: { file: { pole: '007' } } });
});

t.test('what no file may hold is refused, naming the field', async (t) => {
  const cases: [object, RegExp][] = [
    [{ gbId: '3402000000132000000' }, /file.gbId: use the 20 digits/],
    [{ gbId: 34020000 }, /file.gbId/],
    [{ tier: '一类' }, /file.tier/],
    [{ placeType: 'moon' }, /file.placeType/],
    [{ placeType: '__proto__' }, /file.placeType/],
    [{ heading: 360 }, /file.heading/],
    [{ heading: -1 }, /file.heading/],
    [{ heightM: 5000 }, /file.heightM/],
    [{ lowLight: 'true' }, /file.lowLight/],
    [{ resolution: '1080p' }, /file.resolution: use width x height/],
    [{ resolution: '999999x1' }, /file.resolution/],
    [{ storageDays: 0 }, /file.storageDays/],
    [{ storageDays: 30.5 }, /file.storageDays/],
    [{ warrantyEnd: '2027-02-30' }, /file.warrantyEnd: use a day/],
    [{ pole: 7 }, /file.pole/],
    [{ owner: 'a\nb' }, /file.owner: must not hold control/],
    [{ address: 'x'.repeat(257) }, /file.address/],
    [{ tags: ['a', 'a'] }, /file.tags: the same tag/],
    [{ tags: Array.from({ length: 17 }, (_, index) => `${index}`) }, /file.tags/],
    [{ colour: 'red' }, /file.colour: unknown field/],
  ];
  for (const [file, message] of cases) {
    const refused = { code: 'request.invalid', message };
    await t.rejects(registry.create(YINZHOU, kiosk({ file })), refused, JSON.stringify(file));
    await t.rejects(registry.update(YINZHOU, 'f-1', 4, { file }), refused, JSON.stringify(file));
  }
  await t.rejects(registry.create(YINZHOU, kiosk({ accessClass: 'secret' })), { message: /accessClass/ });
  t.equal((await registry.get(YINZHOU, 'f-1')).version, 4);
});

t.test('a GB/T 28181 id names one position in use, found by it within the border only', async (t) => {
  const taken = { code: 'conflict.exists', message: /file.gbId/ };
  await registry.create(YINZHOU, kiosk({ id: 'g-1', file: { gbId: GB_ID } }));
  await t.rejects(registry.create(HAISHU, kiosk({ jurisdiction: '330203', file: { gbId: GB_ID } })), taken);
  await t.rejects(registry.update(YINZHOU, 'f-1', 4, { file: { gbId: GB_ID } }), taken);
  t.strictSame((await search.list(HAISHU, { limit: 9, gbId: GB_ID })).items, []);
  t.match((await search.list(NATION, { limit: 9, gbId: GB_ID })).items, [{ id: 'g-1' }]);
  t.equal((await registry.update(YINZHOU, 'g-1', 1, { file: { gbId: GB_ID } })).version, 2, 'its own may come again');
  await registry.retire(YINZHOU, 'g-1', 2);
  await registry.create(YINZHOU, kiosk({ id: 'g-2', file: { gbId: GB_ID } }));
  await registry.update(YINZHOU, 'g-2', 1, { file: { gbId: null } });
  await registry.create(YINZHOU, kiosk({ id: 'g-3', file: { gbId: GB_ID } }));
});

t.test('of many at once, one whose GB/T 28181 id is taken keeps no other from its place', async (t) => {
  const own = '33021200001320000002';
  const inputs = [
    { id: 'b-1', file: { gbId: own } },
    { id: 'b-2', file: { gbId: own } },
    { id: 'b-3', file: { gbId: GB_ID } },
    { id: 'g-3', file: { gbId: '33021200001320000003' } },
    { id: 'b-4', file: { pole: '007' } },
    { id: 'b-5' },
  ];
  const outcomes = await registry.createMany(
    YINZHOU,
    inputs.map((input) => deviceInput.parse(kiosk(input))),
  );
  t.same(
    outcomes.map((one) => (one instanceof CitywatchError ? `${one.code} ${one.issues[0]?.path ?? 'id'}` : 'made')),
    ['made', 'conflict.exists file.gbId', 'conflict.exists file.gbId', 'conflict.exists id', 'made', 'made'],
  );
  t.strictSame((await registry.get(YINZHOU, 'b-4')).file, { pole: '007' });
  t.equal((await listAudit(database, NATION, { subject: 'device/b-2', limit: 5 })).length, 0);
});

t.test('a room where people sleep, wash, change or nurse is refused, new, by a change and by a move', async (t) => {
  const rooms = ['hotel-room', 'dormitory', 'bath', 'toilet', 'changing-room', 'nursing-room', 'private-dining-room'];
  const refused = { code: 'request.invalid', message: /file.placeType: .*Decree 799/ };
  await registry.create(YINZHOU, kiosk({ id: 'r-1', file: { placeType: 'hospital' } }));
  for (const placeType of rooms) {
    await t.rejects(registry.create(YINZHOU, kiosk({ file: { placeType } })), refused, placeType);
    await t.rejects(registry.update(YINZHOU, 'r-1', 1, { file: { placeType } }), refused, placeType);
    const move = { location: { lat: 29.84, lon: 121.56 }, file: { placeType } };
    await t.rejects(registry.update(YINZHOU, 'r-1', 1, move), refused, placeType);
    const byHand = sql`update position set place_type = ${placeType} where id = 'r-1'`.execute(database.tables());
    await t.rejects(byHand, { code: 'store.refused' }, placeType);
  }
  t.match(await registry.get(YINZHOU, 'r-1'), { version: 1, file: { placeType: 'hospital' } });
});

t.test('who guards pictures better may do it; only an administrator makes them freer', async (t) => {
  await registry.create(TECHNICIAN, kiosk({ id: 'a-1' }));
  t.match(await registry.update(TECHNICIAN, 'a-1', 1, { accessClass: 'minors' }), { accessClass: 'minors' });
  for (const accessClass of ['public', 'key-site']) {
    const freer = registry.update(TECHNICIAN, 'a-1', 2, { accessClass });
    await t.rejects(freer, { code: 'auth.forbidden', message: /left to administrators/ });
  }
  t.match(await registry.update(TECHNICIAN, 'a-1', 2, { accessClass: 'minors', name: 'n' }), { version: 3 });
  t.match(await registry.update(YINZHOU, 'a-1', 3, { accessClass: 'public' }), { accessClass: 'public' });
});

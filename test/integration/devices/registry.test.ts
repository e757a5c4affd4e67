import t from 'tap';
import type { Device } from '../../../src/core/types.ts';
import { lockTree } from '../../../src/devices/registry/checks.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { listAudit } from '../../../src/platform/records/audit.ts';
import { callerIn, kiosk, type OpenRegistry, openDatabase, openRegistry } from '../../support/devices/registry.ts';
import { sealAll, walkAll } from '../../support/records/chains.ts';
import { until } from '../../support/time/until.ts';

const NATION = callerIn('000000');
const NINGBO = callerIn('330200');
const YINZHOU = callerIn('330212');
const HAISHU = callerIn('330203');

let parts: OpenRegistry;
/** Called in the transaction of an edit that retires a device, last of all. */
let retiring = async (): Promise<void> => {};

t.before(async () => {
  const followers = [{ follow: () => retiring(), settle: async () => {} }];
  parts = await openRegistry(t, { database: await openDatabase(t), followers });
});

t.test('a created device is there, with its audit row, and can authenticate at once', async (t) => {
  const { registry, directory, database } = parts;
  const { device, secret } = await registry.create(YINZHOU, kiosk({ id: 'k-1', purpose: 'waste' }));
  t.match(device, { id: 'k-1', version: 1, state: 'in-service', purpose: 'waste', cameras: [], parent: null });
  t.match(device.unit, { serial: null });
  t.strictSame(await registry.get(NINGBO, 'k-1'), device);
  t.match(secret, /^[A-Za-z0-9_-]{43}$/);
  t.match(directory.authenticate('k-1', secret), { id: 'k-1', kindVersion: 3, jurisdiction: '330212' });
  t.equal(directory.authenticate('k-1', `${secret}x`), null);
  t.equal(directory.authenticate('nobody', secret), null);
  t.match(await listAudit(database, NATION, { subject: 'device/k-1', limit: 5 }), [{ action: 'device.create' }]);
});

t.test('a device may bring its secret, but not a weak one; it is stored only as a hash', async (t) => {
  const { registry, directory, database } = parts;
  const secret = 'my-own-secret-0123456789';
  t.equal((await registry.create(YINZHOU, kiosk({ id: 'own', secret }))).secret, secret);
  t.ok(directory.authenticate('own', secret));
  await t.rejects(registry.create(YINZHOU, kiosk({ secret: 'short' })), { code: 'request.invalid', message: /secret/ });
  const { rows } = await sql<{ text: string }>`
    select u::text || p::text || (select string_agg(a::text, '') from audit_entry a) as text
    from unit u join assignment on unit_id = u.id join position p on p.id = position_id`.execute(database.tables());
  t.notMatch(rows.map((row) => row.text).join(), secret);
});

t.test('wrong input is refused naming the field', async (t) => {
  const { registry } = parts;
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ id: '.hidden' }, /^.*id: use 1 to 64/],
    [{ id: 'a/b' }, /id: use 1 to 64/],
    [{ id: 'x'.repeat(65) }, /id: use 1 to 64/],
    [{ kind: 'toaster' }, /kind: must be one of bike-dock, cabinet, camera, .*recycling-kiosk/],
    [{ jurisdiction: '999999' }, /jurisdiction: is no code/],
    [{ jurisdiction: '33021' }, /jurisdiction: use the 6, 9 or 12 digits/],
    [{ jurisdiction: '330204' }, /abolished on 2016-09-14: use 330212/],
    [{ location: { lat: 91, lon: 0 } }, /location.lat/],
    [{ location: { lat: Number.NaN, lon: 0 } }, /location.lat/],
    [{ location: { lat: 0, lon: 181 } }, /location.lon/],
    [{ location: { lat: 0, lon: 0, datum: 'bd09' } }, /location.datum/],
    [{ location: { lat: 0, lon: 0, alt: 3 } }, /location.alt: unknown field/],
    [{ name: '  ' }, /name: must not be empty/],
    [{ name: 'a\u0000b' }, /name: must not hold control/],
    [{ name: '\ud800' }, /name: must not hold control/],
    [{ role: 'admin' }, /role: unknown field/],
    [{ version: 7 }, /version: unknown field/],
    [{ parent: 'no-such' }, /parent: is no device you can see/],
    [{ cameras: ['k-1'] }, /cameras.0: is a recycling-kiosk, which has no stream/],
    [{ cameras: ['no-such'] }, /cameras.0: is no device/],
    [{ cameras: ['c', 'c'] }, /cameras: the same camera/],
    [{ stream: { url: 'rtsp://h/1' } }, /stream: devices of kind recycling-kiosk have no stream/],
  ];
  for (const [over, message] of cases) {
    await t.rejects(registry.create(NINGBO, kiosk(over)), { code: 'request.invalid', message }, JSON.stringify(over));
  }
  await t.rejects(registry.create(NINGBO, 'text'), { code: 'request.invalid' });
  await t.rejects(registry.create(NINGBO, kiosk({ id: 'k-1' })), { code: 'conflict.exists' });
});

t.test('nobody reads, lists, changes or links across a border', async (t) => {
  const { registry } = parts;
  const camera = { kind: 'camera', name: 'c', location: { lat: 29.8, lon: 121.5 } };
  await registry.create(HAISHU, { ...camera, id: 'cam-haishu', jurisdiction: '330203' });
  await registry.create(YINZHOU, { ...camera, id: 'cam-yinzhou', jurisdiction: '330212' });
  await t.rejects(registry.get(YINZHOU, 'cam-haishu'), { code: 'not-found' });
  await t.rejects(registry.get(YINZHOU, 'never-was'), { code: 'not-found' });
  await t.rejects(registry.update(YINZHOU, 'cam-haishu', 1, { name: 'mine' }), { code: 'not-found' });
  await t.rejects(registry.retire(YINZHOU, 'cam-haishu', 1), { code: 'not-found' });
  await t.rejects(registry.rotateSecret(YINZHOU, 'cam-haishu'), { code: 'not-found' });
  await t.rejects(registry.create(YINZHOU, kiosk({ jurisdiction: '330203' })), { message: /jurisdiction/ });
  await t.rejects(registry.create(YINZHOU, kiosk({ parent: 'cam-haishu' })), { message: /parent/ });
  await t.rejects(registry.create(YINZHOU, kiosk({ cameras: ['cam-haishu'] })), { message: /cameras.0/ });
  await t.rejects(registry.update(YINZHOU, 'k-1', 1, { jurisdiction: '330203' }), { message: /jurisdiction/ });
  t.strictSame(
    (await parts.search.list(HAISHU, { limit: 500 })).items.map(({ id }) => id),
    ['cam-haishu'],
  );
  t.strictSame((await parts.search.list(HAISHU, { limit: 500, jurisdiction: '330212' })).items, []);
  const { items } = await parts.search.list(NATION, { limit: 500, jurisdiction: '330200' });
  t.ok(items.some(({ id }) => id === 'k-1') && items.some(({ id }) => id === 'cam-haishu'));
});

t.test('parents and cameras beyond the border stay hidden, and survive an edit from inside', async (t) => {
  const { registry } = parts;
  const links = { parent: 'cam-haishu', cameras: ['cam-haishu', 'cam-yinzhou'] };
  await registry.create(NINGBO, kiosk({ id: 'k-links', ...links }));
  t.match(await registry.get(NINGBO, 'k-links'), links);
  const seen = await registry.get(YINZHOU, 'k-links');
  t.match(seen, { parent: null, cameras: ['cam-yinzhou'] });
  await registry.update(YINZHOU, 'k-links', 1, { parent: null, cameras: [] });
  t.match(await registry.get(NINGBO, 'k-links'), { parent: 'cam-haishu', cameras: ['cam-haishu'] });
  await registry.create(YINZHOU, kiosk({ id: 'k-below', parent: 'k-links' }));
  t.equal(parts.directory.topmost('k-below'), 'cam-haishu', 'which decides their slot, whoever sees it');
  await registry.update(NINGBO, 'k-links', 2, { parent: null, cameras: ['cam-yinzhou'] });
  t.match(await registry.get(NINGBO, 'k-links'), { parent: null, cameras: ['cam-yinzhou'] });
  t.equal(parts.directory.topmost('k-below'), 'k-links');
  t.equal(parts.directory.topmost('nobody'), 'nobody');
});

t.test(
  'what hangs on a site, its cabinet and its switch has them as parents, and they hang on nothing smaller',
  async (t) => {
    const { registry, directory } = parts;
    const at = (kind: string, id: string, parent?: string) => registry.create(YINZHOU, kiosk({ id, kind, parent }));
    await at('site', 's-1');
    await at('cabinet', 's-cabinet', 's-1');
    await at('switch', 's-switch', 's-cabinet');
    for (const parent of ['s-1', 's-cabinet', 's-switch']) await at('camera', `s-camera-on-${parent}`, parent);
    await at('recorder', 's-recorder', 's-switch');
    await at('camera', 's-channel', 's-recorder');
    t.equal(directory.topmost('s-channel'), 's-1', 'they share a slot and an outage');
    const wrong: [string, string, RegExp][] = [
      ['site', 's-channel', /parent: is a camera; this hangs on site or on nothing/],
      ['cabinet', 's-switch', /parent: is a switch; this hangs on site, cabinet or on nothing/],
      ['switch', 's-recorder', /parent: is a recorder; this hangs on site, cabinet, switch or on nothing/],
    ];
    for (const [kind, parent, message] of wrong) {
      await t.rejects(at(kind, `s-wrong-${kind}`, parent), { code: 'request.invalid', message });
    }
    const moved = registry.update(YINZHOU, 's-1', 1, { parent: 's-cabinet' });
    await t.rejects(moved, { code: 'request.invalid', message: /parent: is a cabinet/ });
    await t.rejects(registry.retire(YINZHOU, 's-cabinet', 1), { code: 'conflict.reference' });
  },
);

t.test('a stale version is refused and changes nothing', async (t) => {
  const { registry } = parts;
  await registry.create(YINZHOU, kiosk({ id: 'k-stale' }));
  const updated = await registry.update(YINZHOU, 'k-stale', 1, { name: 'first' });
  t.match(updated, { name: 'first', version: 2 });
  await t.rejects(registry.update(YINZHOU, 'k-stale', 1, { name: 'second' }), { code: 'precondition.stale' });
  await t.rejects(registry.retire(YINZHOU, 'k-stale', 1), { code: 'precondition.stale' });
  await t.rejects(registry.update(YINZHOU, 'k-stale', 2, { kind: 'camera' }), { message: /kind: unknown field/ });
  t.match(await registry.get(YINZHOU, 'k-stale'), { name: 'first', version: 2 });
});

t.test('of 500 edits of one version at once exactly one wins', async (t) => {
  const { registry } = parts;
  await registry.create(YINZHOU, kiosk({ id: 'k-rush' }));
  const names = Array.from({ length: 500 }, (_, index) => `name ${index}`);
  // On a loaded machine some wait for a connection longer than anybody may: they ask again, as a client would.
  const edit = async (name: string): Promise<unknown> => {
    const asked = registry.update(YINZHOU, 'k-rush', 1, { name });
    return await asked.catch((error: { code: string }) => {
      if (error.code !== 'store.unavailable') throw error;
      return edit(name);
    });
  };
  const results = await Promise.allSettled(names.map(edit));
  const winner = results.findIndex(({ status }) => status === 'fulfilled');
  const losers = results.filter((result) => result.status === 'rejected');
  t.equal(losers.length, 499);
  t.same([...new Set(losers.map(({ reason }) => reason.code))], ['precondition.stale']);
  t.match(await registry.get(YINZHOU, 'k-rush'), { name: names[winner], version: 2 });
});

t.test('of concurrent edits each either counts or is refused: none is lost', async (t) => {
  const { registry, database } = parts;
  await registry.create(YINZHOU, kiosk({ id: 'k-race', purpose: '0' }));
  const add = async (): Promise<void> => {
    for (;;) {
      const { version, purpose } = await registry.get(YINZHOU, 'k-race');
      const done = await registry
        .update(YINZHOU, 'k-race', version, { purpose: String(Number(purpose) + 1) })
        .catch((error: { code: string }) => t.equal(error.code, 'precondition.stale') && null);
      if (done) return;
    }
  };
  const worker = async () => {
    for (let count = 0; count < 25; count += 1) await add();
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  t.match(await registry.get(YINZHOU, 'k-race'), { purpose: '100', version: 101 });
  await sealAll(database);
  t.match(await walkAll(database), { broken: null, unsealed: 0 });
});

t.test('parents never form a circle, not even by two edits at once', async (t) => {
  const { registry } = parts;
  for (const id of ['ring-a', 'ring-b', 'ring-c']) await registry.create(YINZHOU, kiosk({ id }));
  await registry.update(YINZHOU, 'ring-b', 1, { parent: 'ring-a' });
  await t.rejects(registry.update(YINZHOU, 'ring-a', 1, { parent: 'ring-b' }), { message: /lies below this device/ });
  await t.rejects(registry.update(YINZHOU, 'ring-a', 1, { parent: 'ring-a' }), { message: /parent/ });
  const results = await Promise.allSettled([
    registry.update(YINZHOU, 'ring-a', 1, { parent: 'ring-c' }),
    registry.update(YINZHOU, 'ring-c', 1, { parent: 'ring-b' }),
  ]);
  t.strictSame(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
});

t.test('nothing is hung on a device while that is being retired', async (t) => {
  const { registry, database } = parts;
  for (const id of ['pole', 'mast', 'moves']) await registry.create(YINZHOU, kiosk({ id }));
  let moved: unknown;
  // After the pole was found to carry nothing, and before that it is retired is committed.
  retiring = async () => {
    moved = registry.update(YINZHOU, 'moves', 1, { parent: 'pole' }).catch((error: unknown) => error);
    await until('the other edit waits for this one', async () => {
      const { rows } = await sql`select from pg_locks where not granted
        and pid in (select pid from pg_stat_activity where datname = current_database())`.execute(database.tables());
      return rows.length > 0;
    });
  };
  await registry.retire(YINZHOU, 'pole', 1).finally(() => (retiring = async () => {}));
  t.match(await moved, { code: 'request.invalid', message: /retired/ });
  t.match(await registry.get(YINZHOU, 'moves'), { parent: null });
  const [retired] = await database.transaction(async (tx) => {
    // As whoever hangs a device on it, who has not committed yet.
    await lockTree(tx);
    await sql`update position set parent = 'mast' where id = 'moves'`.execute(tx.tables());
    // It may be refused before anybody looks: the commit that lets it go on is waited for first.
    return [registry.retire(YINZHOU, 'mast', 1).catch((error: unknown) => error)];
  });
  t.match(await retired, { code: 'conflict.reference' });
  await registry.update(YINZHOU, 'moves', 1, { parent: null });
});

t.test('a retired device is refused at every door, and its id is never given out again', async (t) => {
  const { registry, directory, disconnected } = parts;
  const { secret } = await registry.create(YINZHOU, kiosk({ id: 'k-old' }));
  await registry.create(YINZHOU, kiosk({ id: 'k-child', parent: 'k-old' }));
  await t.rejects(registry.retire(YINZHOU, 'k-old', 1), { code: 'conflict.reference' });
  await registry.update(YINZHOU, 'k-child', 1, { parent: null });
  await registry.retire(YINZHOU, 'k-old', 1);
  t.equal(directory.authenticate('k-old', secret), null);
  t.equal(directory.identity('k-old'), undefined);
  t.ok(disconnected.includes('k-old'));
  t.match(await registry.get(YINZHOU, 'k-old'), { state: 'retired' });
  await t.rejects(registry.update(YINZHOU, 'k-old', 2, { name: 'x' }), { code: 'conflict.state' });
  await t.rejects(registry.rotateSecret(YINZHOU, 'k-old'), { code: 'conflict.state' });
  await t.rejects(registry.create(YINZHOU, kiosk({ id: 'k-old' })), { code: 'conflict.exists' });
  await t.rejects(registry.create(YINZHOU, kiosk({ parent: 'k-old' })), { message: /retired/ });
  const ids = (devices: { items: Device[] }) => devices.items.map(({ id }) => id);
  t.notOk(ids(await parts.search.list(YINZHOU, { limit: 500 })).includes('k-old'));
  t.ok(ids(await parts.search.list(YINZHOU, { limit: 500, state: 'retired' })).includes('k-old'));
});

t.test('a rotated secret works at once and the old one no longer', async (t) => {
  const { registry, directory, disconnected } = parts;
  const { secret } = await registry.create(YINZHOU, kiosk({ id: 'k-rotate' }));
  const next = await registry.rotateSecret(YINZHOU, 'k-rotate');
  t.equal(directory.authenticate('k-rotate', secret), null);
  t.ok(directory.authenticate('k-rotate', next));
  t.ok(disconnected.includes('k-rotate'));
});

t.test('a place given in GCJ-02 is stored as WGS-84, and writing back what was read does not shift it', async (t) => {
  const { registry } = parts;
  const location = { lat: 31.175304, lon: 121.5315419, datum: 'gcj02' };
  const { device } = await registry.create(YINZHOU, kiosk({ id: 'k-gcj', location, confirm: true }));
  t.ok(Math.abs(device.location.lat - 31.1774276) < 2e-7 && Math.abs(device.location.lon - 121.5272106) < 2e-7);
  t.equal(device.location.datum, 'gcj02');
  const again = await registry.update(YINZHOU, 'k-gcj', 1, { location: device.location });
  t.strictSame(again.location, device.location);
});

t.test('the directory of a fresh start equals the one that was kept in step', async (t) => {
  const { directory, database, kinds } = parts;
  const { Directory } = await import('../../../src/devices/registry/directory.ts');
  const fresh = new Directory(parts.hasher);
  const { Registry } = await import('../../../src/devices/registry/registry.ts');
  const { clock } = database;
  const { quietObserver } = await import('../../support/services/services.ts');
  const deps = {
    ...parts,
    kinds,
    directory: fresh,
    clock,
    observer: quietObserver(),
    followers: [],
    cameraNetworks: [],
  };
  await new Registry(deps).loadDirectory();
  t.equal(fresh.size, directory.size);
  const { items } = await parts.search.list(NATION, { limit: 500 });
  for (const { id } of items) t.strictSame(fresh.get(id), directory.get(id), id);
});

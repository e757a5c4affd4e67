import t from 'tap';
import { codeAlone } from '../../../src/core/jurisdiction.ts';
import { checkPlace } from '../../../src/devices/registry/unlikely-place.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { callerIn, kiosk, type OpenRegistry, openRegistry } from '../../support/devices/registry.ts';

const NINGBO = callerIn('330200');
const HERE = { lat: 29.83, lon: 121.55 };
/** A degree of latitude is 111.32 km. */
const north = (km: number) => ({ ...HERE, lat: HERE.lat + km / 111.32 });
const east = (km: number) => ({ ...HERE, lon: HERE.lon + km / (111.32 * Math.cos((HERE.lat * Math.PI) / 180)) });
const UNLIKELY = { code: 'request.confirm' };

let parts: OpenRegistry;

t.before(async () => {
  parts = await openRegistry(t);
});

const create = (over: Record<string, unknown>) => parts.registry.create(NINGBO, kiosk(over));

t.test('0/0 needs a word, wherever it is entered, and the answer says which', async (t) => {
  await t.rejects(create({ location: { lat: 0, lon: 0 } }), {
    ...UNLIKELY,
    status: 422,
    message: /location: lies at 0\/0.*"confirm": true/,
  });
  await t.rejects(create({ location: { lat: 0, lon: 0 }, confirm: false }), UNLIKELY);
  const { device } = await create({ location: { lat: 0, lon: 0 }, confirm: true });
  t.match(device.location, { lat: 0, lon: 0 });
});

t.test('a district without devices has no far; one at 0/0 is no neighbour', async (t) => {
  const { device } = await create({ id: 'first', location: HERE });
  t.match(device.location, HERE);
});

t.test('far is more than 50 km from every device of the district; its only device goes where it likes', async (t) => {
  await t.resolves(parts.registry.update(NINGBO, 'first', 1, { location: { lat: 20, lon: 110 } }));
  await t.resolves(parts.registry.update(NINGBO, 'first', 2, { location: HERE }));
  const tooFar = { ...UNLIKELY, message: /50 km from every device of 330212/ };
  await t.resolves(create({ location: north(49.9) }));
  await t.rejects(create({ location: north(-50.1) }), tooFar);
  await t.rejects(create({ location: east(50.1) }), tooFar);
  await t.resolves(create({ location: east(-49.9) }));
});

t.test('devices of other districts do not count, nor do retired ones; swapped numbers are seen', async (t) => {
  const { registry } = parts;
  const beijing = { lat: 40, lon: 116 };
  await create({ location: beijing, jurisdiction: '330203' });
  await t.rejects(create({ location: beijing }), UNLIKELY);
  await t.rejects(create({ location: { lat: 31.55, lon: 29.83 } }), UNLIKELY);
  await create({ id: 'gone', location: beijing, confirm: true });
  await registry.retire(NINGBO, 'gone', 1);
  await t.rejects(create({ location: beijing }), UNLIKELY);
});

t.test('a change is asked back only where it moves the device', async (t) => {
  const { registry } = parts;
  await create({ id: 'near', location: HERE });
  await t.rejects(registry.update(NINGBO, 'near', 1, { location: { lat: 0, lon: 0 } }), UNLIKELY);
  await t.rejects(
    registry.update(NINGBO, 'near', 1, { jurisdiction: '330203' }),
    UNLIKELY,
    'far from its new district',
  );
  await registry.update(NINGBO, 'near', 1, { location: { lat: 20, lon: 110 }, confirm: true });
  await t.resolves(
    registry.update(NINGBO, 'near', 2, { name: 'renamed', location: { lat: 20, lon: 110, datum: 'wgs84' } }),
  );
});

t.test('what lies beyond the border of who asks is no measure', async (t) => {
  await create({ jurisdiction: '330205', location: HERE });
  await t.resolves(
    parts.registry.create(callerIn('330206'), kiosk({ jurisdiction: '330206', location: { lat: 20, lon: 110 } })),
  );
});

t.test('devices of other districts are not read, however many stand before those of the own', async (t) => {
  const placing = { scope: codeAlone('330200'), id: 'next', jurisdiction: '330281', ...HERE, confirm: false };
  await parts.database.transaction(async (tx) => {
    const standAt = (jurisdiction: string, count: number) =>
      sql`
      insert into position (id, kind, name, jurisdiction, lat, lon, datum, state, version, created_at_ms, updated_at_ms)
      select ${jurisdiction} || '-' || number, 'camera', 'one of many', ${jurisdiction}, ${HERE.lat}::float8,
             ${HERE.lon}::float8, 'wgs84', 'in-service', 1, 0, 0
      from generate_series(1, ${count}::int) as number`.execute(tx.tables());
    await standAt('330203', 3_000);
    await standAt('330281', 1_000);
    await sql`analyze position`.execute(tx.tables());
    const read = async (): Promise<number> => {
      const { rows } = await sql<{ read: number }>`
        select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) as read
        from pg_stat_xact_user_tables where relname = 'position'`.execute(tx.tables());
      return rows[0]?.read ?? Number.NaN;
    };
    const before = await read();
    const known = { within: () => ['of long ago', '330203-1', '330281-7'].map((id) => ({ id })) };
    await checkPlace(tx, known, placing);
    const rows = (await read()) - before;
    t.ok(rows < 10, `${rows} rows were read`);
    await t.rejects(checkPlace(tx, known, { ...placing, lat: 40 }), UNLIKELY);
    const nobody = { within: () => [] };
    await checkPlace(tx, nobody, placing);
    await t.rejects(checkPlace(tx, nobody, { ...placing, lat: 40 }), UNLIKELY);
  });
});

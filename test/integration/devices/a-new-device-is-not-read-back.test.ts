import t from 'tap';
import { CitywatchError } from '../../../src/core/errors.ts';
import { directoryEntries } from '../../../src/devices/registry/queries.ts';
import { type Database, sql, type Tables } from '../../../src/platform/database/database.ts';
import { listAudit } from '../../../src/platform/records/audit.ts';
import { callerIn, kiosk, type OpenRegistry, openRegistry } from '../../support/devices/registry.ts';
import { ManualClock } from '../../support/time/clock.ts';
import { until } from '../../support/time/until.ts';

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

t.test('devices that come together are committed together', async (t) => {
  const { registry, database } = parts;
  await Promise.all(
    Array.from({ length: 40 }, (_, number) => registry.create(YINZHOU, kiosk({ id: `all-${number}` }))),
  );
  const { rows } = await sql<{ devices: number; commits: number }>`
    select count(*) as devices, count(distinct xmin::text) as commits from position where id like 'all-%'`.execute(
    database.tables(),
  );
  t.match(rows, [{ devices: 40, commits: 1 }]);
});

t.test('a device whose audit row is refused is not there, and those that came with it are', async (t) => {
  const { registry, directory, database } = parts;
  await database.dedicated(async (run) => {
    await run(`create function refuse_one() returns trigger language plpgsql as $$ begin
      if new.subject = 'device/poor-3' then raise exception 'no'; end if; return new; end $$`);
    await run('create trigger refuse_one before insert on audit_entry for each row execute function refuse_one()');
  });
  t.teardown(() => database.dedicated((run) => run('drop trigger refuse_one on audit_entry')));
  const ids = Array.from({ length: 8 }, (_, number) => `poor-${number}`);
  const outcomes = await Promise.allSettled(ids.map((id) => registry.create(YINZHOU, kiosk({ id }))));
  const made = ids.filter((_, number) => outcomes[number]?.status === 'fulfilled');
  t.strictSame(
    made,
    ids.filter((id) => id !== 'poor-3'),
  );
  t.match(outcomes[3], { reason: { code: 'store.refused' } });
  const { rows } = await sql<{ id: string }>`select id from position where id like 'poor-%' order by id`.execute(
    database.tables(),
  );
  t.strictSame(
    rows.map(({ id }) => id),
    made,
  );
  t.equal(directory.get('poor-3'), undefined);
});

t.test(
  'where the answer of their commit is lost, all are let in once the database says that they are there',
  async (t) => {
    const { database } = parts;
    let isLost = false;
    const losing = {
      clock: database.clock,
      tables: database.tables.bind(database),
      dedicated: database.dedicated.bind(database),
      transaction: async <R>(run: (tx: Tables) => Promise<R>): Promise<R> => {
        const result = await database.transaction(run);
        if (isLost) throw new CitywatchError('store.unavailable');
        return result;
      },
    } as Database<never>;
    const clock = new ManualClock();
    const { registry, directory } = await openRegistry(t, { database: losing, clock });
    isLost = true;
    const ids = Array.from({ length: 8 }, (_, number) => `lost-${number}`);
    const secret = 'my-own-secret-0123456789';
    const outcomes = await Promise.allSettled(ids.map((id) => registry.create(YINZHOU, kiosk({ id, secret }))));
    for (const outcome of outcomes) t.match(outcome, { reason: { code: 'store.unavailable' } });
    t.strictSame(
      ids.filter((id) => directory.get(id)),
      [],
    );
    await clock.advance(1_000);
    await until('all are let in', () => ids.every((id) => directory.authenticate(id, secret)));
  },
);

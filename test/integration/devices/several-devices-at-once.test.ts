import t from 'tap';
import { CitywatchError } from '../../../src/core/errors.ts';
import { deviceInput } from '../../../src/devices/registry/input.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { listAudit } from '../../../src/platform/records/audit.ts';
import { callerIn, kiosk, openDatabase, openRegistry } from '../../support/registry.ts';

const NATION = callerIn('000000');
const YINZHOU = callerIn('330212');
const parts = await openRegistry(t);
const { registry, directory, database } = parts;
const input = (over: object) => deviceInput.parse(kiosk({ ...over }));
const codeOf = (outcome: object): string =>
  outcome instanceof CitywatchError ? `${outcome.code} ${outcome.issues[0]?.path ?? ''}`.trim() : 'made';

/** Transactions that made these devices. */
async function transactions(like: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(distinct xmin::text)::int as count from position where id like ${like}`.execute(database.tables());
  return rows[0]!.count;
}

t.test('each of several devices has its own outcome, by the checks of a single one, and its audit row', async (t) => {
  await registry.create(YINZHOU, kiosk({ id: 'm-taken' }));
  const camera = { kind: 'camera', name: 'c', onvif: { xaddr: 'http://192.0.2.7/onvif', username: 'u', password: 'p' } };
  const cases: [object, string][] = [
    [{ id: 'm-below', parent: 'm-above', cameras: ['m-camera'] }, 'made'],
    [{ id: 'm-above' }, 'made'],
    [{ id: 'm-camera', ...camera }, 'made'],
    [{ id: 'm-taken' }, 'conflict.exists'],
    [{ id: 'm-above', name: 'another' }, 'conflict.exists'],
    [{ id: 'm-foreign', jurisdiction: '330203' }, 'request.invalid jurisdiction'],
    [{ id: 'm-kind', kind: 'toaster' }, 'request.invalid kind'],
    [{ id: 'm-stream', stream: { url: 'rtsp://h/1' } }, 'request.invalid stream'],
    [{ id: 'm-nowhere', location: { lat: 0, lon: 0 } }, 'request.confirm location'],
    [{ id: 'm-orphan', parent: 'nobody' }, 'request.invalid parent'],
    [{ id: 'm-child', parent: 'm-below' }, 'made'],
    [{}, 'made'],
  ];
  const outcomes = await registry.createMany(YINZHOU, cases.map(([over]) => input(over)));
  t.same(outcomes.map(codeOf), cases.map(([, code]) => code));
  for (const outcome of outcomes) {
    if (outcome instanceof CitywatchError) continue;
    const { device, secret, addresses } = outcome;
    t.strictSame(device, await registry.get(YINZHOU, device.id));
    t.strictSame(addresses, await registry.shownAddresses(device.id));
    t.ok(directory.authenticate(device.id, secret));
    const audit = await listAudit(database, NATION, { subject: `device/${device.id}`, limit: 5 });
    t.match(audit, [{ action: 'device.create', callerId: YINZHOU.id, before: null }]);
    t.equal(audit.length, 1);
  }
  t.match(await registry.get(YINZHOU, 'm-below'), { parent: 'm-above', cameras: ['m-camera'] });
  t.match(await registry.get(YINZHOU, 'm-taken'), { version: 1 });
  await t.rejects(registry.get(NATION, 'm-orphan'), { code: 'not-found' });
  t.same(await registry.createMany(YINZHOU, []), []);
});

t.test('many devices share a handful of transactions, linked ones too, also beside a wrong one', async (t) => {
  const ids = Array.from({ length: 150 }, (_, number) => `s-${String(number).padStart(3, '0')}`);
  t.same(new Set((await registry.createMany(YINZHOU, ids.map((id) => input({ id })))).map(codeOf)), new Set(['made']));
  t.ok((await transactions('s-%')) <= 4, 'at most 64 in each, and the first alone');
  const below = ids.map((id) => input({ id: `l-${id}`, parent: id }));
  t.same(new Set((await registry.createMany(YINZHOU, below)).map(codeOf)), new Set(['made']));
  t.ok((await transactions('l-%')) <= 4);
});

t.test('when connections are cut meanwhile, what is answered as made is there, and nothing without its row', async (t) => {
  const cutter = await openDatabase(t, parts.url);
  const ids = Array.from({ length: 200 }, (_, number) => `cut-${number}`);
  let isOver = false;
  const cutting = (async () => {
    while (!isOver) {
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where pid <> pg_backend_pid() and datname = current_database() and query ilike '%insert into%'`.execute(
        cutter.tables(),
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const outcomes = await registry.createMany(YINZHOU, ids.map((id) => input({ id }))).catch(() => []);
  isOver = true;
  await cutting;
  for (const outcome of outcomes) {
    if (outcome instanceof CitywatchError) t.equal(outcome.code, 'store.unavailable');
    else t.equal((await registry.get(YINZHOU, outcome.device.id)).version, 1);
  }
  const { rows } = await sql<{ id: string }>`
    select id from position where id like 'cut-%' and
      (select count(*) from audit_entry where subject = 'device/' || id) <> 1`.execute(cutter.tables());
  t.same(rows, [], 'each that is there has one row');
  const again = await registry.createMany(YINZHOU, ids.map((id) => input({ id })));
  t.ok(again.map(codeOf).every((code) => code === 'made' || code === 'conflict.exists'));
});

import t from 'tap';
import { CitywatchError } from '../../../src/core/errors.ts';
import { deviceInput } from '../../../src/devices/registry/input.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { listAudit } from '../../../src/platform/records/audit.ts';
import { callerIn, kiosk, openRegistry } from '../../support/devices/registry.ts';

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
  const camera = {
    kind: 'camera',
    name: 'c',
    onvif: { xaddr: 'http://192.0.2.7/onvif', username: 'u', password: 'p' },
  };
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
  const outcomes = await registry.createMany(
    YINZHOU,
    cases.map(([over]) => input(over)),
  );
  t.same(
    outcomes.map(codeOf),
    cases.map(([, code]) => code),
  );
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
  t.same(
    new Set(
      (
        await registry.createMany(
          YINZHOU,
          ids.map((id) => input({ id })),
        )
      ).map(codeOf),
    ),
    new Set(['made']),
  );
  t.ok((await transactions('s-%')) <= 4, 'at most 64 in each, and the first alone');
  const below = ids.map((id) => input({ id: `l-${id}`, parent: id }));
  t.same(new Set((await registry.createMany(YINZHOU, below)).map(codeOf)), new Set(['made']));
  t.ok((await transactions('l-%')) <= 4);
});

t.test('when a connection dies meanwhile, what was in hand is refused whole and the rest is there', async (t) => {
  const run = (text: string) => sql`${sql.raw(text)}`.execute(database.tables());
  await run(`create function die() returns trigger language plpgsql as
    $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); return new; end $$`);
  await run(`create trigger die after insert on audit_entry for each row
    when (new.subject = 'device/cut-100') execute function die()`);
  const ids = Array.from({ length: 200 }, (_, number) => `cut-${number}`);
  const outcomes = await registry.createMany(
    YINZHOU,
    ids.map((id) => input({ id })),
  );
  const lost = ids.filter((_, index) => codeOf(outcomes[index]!) === 'store.unavailable');
  t.ok(lost.includes('cut-100') && lost.length < 100, `${lost.length} were in hand`);
  await run('drop trigger die on audit_entry');
  for (const id of ids) {
    const there = await registry.get(YINZHOU, id).then(
      () => true,
      () => false,
    );
    const rows = (await listAudit(database, NATION, { subject: `device/${id}`, limit: 5 })).length;
    t.same({ there, rows }, lost.includes(id) ? { there: false, rows: 0 } : { there: true, rows: 1 }, id);
  }
  const again = await registry.createMany(
    YINZHOU,
    ids.map((id) => input({ id })),
  );
  t.same(
    again.map(codeOf),
    ids.map((id) => (lost.includes(id) ? 'made' : 'conflict.exists')),
  );
});

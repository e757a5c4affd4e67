import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { Idempotency } from '../../../../src/platform/records/idempotency.ts';
import { bearer, startApi } from '../../../support/api/api.ts';
import { kiosk, openRegistry } from '../../../support/devices/registry.ts';

const BOOTSTRAP = 'bootstrap-token-of-at-least-32-characters';
const URL = '/api/v1/devices/batch';

interface Answer {
  created: number;
  refused: number;
  items: { id: string | null; version?: number; secret?: string; secretWithheld?: boolean; problem?: object }[];
}

/** An API that keeps answers for idempotency in its database. */
async function start(t: Test) {
  const { database, behindApi: registry, directory, ...others } = await openRegistry(t);
  const { doors, tokens, kinds, jurisdictions } = others;
  await tokens.ensureBootstrap(BOOTSTRAP);
  const idempotency = new Idempotency({ database, clock: systemClock });
  const api = await startApi(t, { registry, directory: doors, tokens, kinds, jurisdictions, idempotency });
  const send = async (devices: unknown, key?: string) => {
    const headers = { ...bearer(BOOTSTRAP), ...(key ? { 'idempotency-key': key } : {}) };
    const { body, ...rest } = await api.call({ method: 'POST', url: URL, headers, payload: { devices } as object });
    return { ...rest, body: body as Answer };
  };
  return { database, directory, send };
}

t.test('one request registers several devices, says of each what became of it, and happens once', async (t) => {
  const { directory, send } = await start(t);
  const wrong = kiosk({ id: 'b-wrong', name: ' ', location: { lat: '29', lon: 500 }, stream: { url: 'x' }, pole: 7 });
  const devices = [
    kiosk({ id: 'b-1' }),
    wrong,
    'text',
    kiosk({ id: 'b-1' }),
    kiosk({ id: 'b-2', parent: 'b-1' }),
    kiosk(),
  ];

  const first = await send(devices, 'batch-1');
  t.match(first, { status: 200, body: { created: 3, refused: 3 } });
  const [one, bad, text, twin, two, unnamed] = first.body.items;
  for (const made of [one, two, unnamed]) t.ok(directory.authenticate(made?.id ?? '', made?.secret ?? ''));
  t.match(bad, {
    id: 'b-wrong',
    problem: { code: 'request.invalid', status: 400, issues: [{ path: 'name' }, {}, {}] },
  });
  t.match(text, { id: null, problem: { code: 'request.invalid' } });
  t.match(twin, { id: 'b-1', problem: { code: 'conflict.exists', status: 409 } });

  const again = await send(devices, 'batch-1');
  t.equal(again.headers['idempotency-replayed'], 'true');
  t.match(again.body, { created: 3, items: [{ id: 'b-1', version: 1, secretWithheld: true }] });
  t.notOk(
    again.body.items.some((item) => 'secret' in item),
    'a secret is shown once',
  );

  const unknown = Object.fromEntries(
    Array.from({ length: 3 }, (_, number) => [`"${'\u0001'.repeat(110)}${number}`, 1]),
  );
  const worst = Array.from({ length: 200 }, () => kiosk(unknown));
  t.match(await send(worst, 'batch-2'), { status: 200, body: { refused: 200 } });
  t.match(await send(worst, 'batch-2'), { headers: { 'idempotency-replayed': 'true' } }, 'the largest answer is kept');
  const bounds = [[], Array.from({ length: 201 }, () => kiosk()), 'all'];
  for (const list of bounds) t.match(await send(list), { status: 400, body: { issues: [{ path: 'devices' }] } });
});

t.test('an answer with rows that could not be registered now is not kept: the same key tries them again', async (t) => {
  const { database, directory, send } = await start(t);
  await sql`create function no_room() returns trigger language plpgsql as $$
    begin raise exception 'not now' using errcode = '53000'; end $$`.execute(database.tables());
  await sql`create trigger no_room before insert on position for each row when (new.id = 'b-2')
    execute function no_room()`.execute(database.tables());
  const devices = [kiosk({ id: 'b-1' }), kiosk({ id: 'b-2', parent: 'b-1' })];
  t.match(await send(devices, 'batch-1'), {
    status: 200,
    body: { created: 1, refused: 1, items: [{ id: 'b-1' }, { problem: { code: 'store.unavailable', status: 503 } }] },
  });
  await sql`drop trigger no_room on position`.execute(database.tables());
  const again = await send(devices, 'batch-1');
  t.equal(again.headers['idempotency-replayed'], undefined);
  t.match(again.body, { created: 1, items: [{ problem: { code: 'conflict.exists' } }, { id: 'b-2' }] });
  t.ok(directory.authenticate('b-2', again.body.items[1]?.secret ?? ''));
  t.equal((await send(devices, 'batch-1')).headers['idempotency-replayed'], 'true', 'what is settled is kept');
});

import { randomBytes } from 'node:crypto';
import t from 'tap';
import { composePassages } from '../../../../src/app/compose/ingest/passages.ts';
import type { DeviceEvent } from '../../../../src/core/types.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { AccessRegister } from '../../../../src/platform/records/access-register.ts';
import { Idempotency } from '../../../../src/platform/records/idempotency.ts';
import { bearer, DEVICE_SECRET, ELSEWHERE, HERE, KIOSK, startApi, TOKENS } from '../../../support/api/api.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { AT_MS, batch, decoded, event } from '../../../support/ingest/batches.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const PLATE = '浙B12345';
const clock = new ManualClock(AT_MS + 3_600_000);
const { database, registry, directory, jurisdictions: tree } = await openRegistry(t, { clock });
const register = new AccessRegister({ database, clock, needsIncident: () => false });
const { passages, search } = composePassages({
  database,
  ownership: firstOwner(),
  clock,
  believed: clock,
  observer: quietObserver(),
  directory,
  tree,
  register,
  keepDays: 90,
  plateKey: randomBytes(32),
  vaultKey: randomBytes(32),
});
const idempotency = new Idempotency({ database, clock });
const api = await startApi(t, { passages: search, accessRegister: register, idempotency, clock });
const admin = callerIn('000000');

const day = { from: '2026-01-05T00:00:00Z', to: '2026-01-06T00:00:00Z' };
const asked = { ...day, purpose: 'investigation', case: 'A-2026-1' };

interface Answer {
  items: { device: string; plate: string | null; event: string; at: string; data: object }[];
  next?: string;
}

async function ask(payload: object, token: string = TOKENS.operator, headers = {}) {
  const answer = await api.call({
    method: 'POST',
    url: '/api/v1/passages/search',
    headers: { ...bearer(token), ...headers },
    payload,
  });
  return { ...answer, items: (answer.body as Answer | null)?.items ?? [] };
}

/** Rows of the register, newest last. */
async function looks(): Promise<Record<string, unknown>[]> {
  const statement = sql<Record<string, unknown>>`select * from access_register where act = 'plates' order by seq`;
  return (await statement.execute(database.tables())).rows;
}

let offset = 0;

async function pass(device: string, records: DeviceEvent[]): Promise<void> {
  const over = { id: device, channel: 'event' as const, offset, receivedAtMs: clock.nowMs() };
  const placed = records.map((record, index) => ({ ...record, index, plates: ['plate'] }));
  const message = decoded(placed, over);
  offset = message.message.endOffset;
  const write = await passages.take(batch([message]), []);
  await database.transaction(async (tx) => write?.(tx));
}

async function checkpoint(id: string, jurisdiction: string): Promise<void> {
  const place = { name: id, jurisdiction, location: { lat: 29.8, lon: 121.5 } };
  await registry.create(admin, { id, kind: 'checkpoint', ...place } as never);
}

t.before(async () => {
  await checkpoint('kakou-1', HERE);
  await checkpoint('kakou-2', HERE);
  await checkpoint('kakou-far', ELSEWHERE);
  const passage = (plate: string, at: number) =>
    event('passage', { plate, lane: 2, speedKmh: 54 }, { atMs: AT_MS + at, id: `e-${at}` });
  await pass('kakou-1', [passage('浙B·12345', 1), passage('浙B99999', 2)]);
  await pass('kakou-2', [event('wrong_way', { plate: PLATE, lane: 1 }, { atMs: AT_MS + 3, id: 'w-1' })]);
  await pass('kakou-2', [event('passage', { lane: 1 }, { atMs: AT_MS + 4, id: 'u-1' })]);
  await pass('kakou-far', [passage(PLATE, 5)]);
});

t.test('a plate is found however it is written, in every event that tells one, newest first', async (t) => {
  for (const plate of [PLATE, '浙b 12345', '浙Ｂ·１２３４５']) {
    const { status, items, headers } = await ask({ ...asked, plate });
    t.equal(status, 200);
    t.match(items, [
      { device: 'kakou-2', event: 'wrong_way', plate: PLATE, at: '2026-01-05T00:00:00.003Z', receipt: /^live-/ },
      { device: 'kakou-1', event: 'passage', plate: '浙B·12345', data: { lane: 2, speedKmh: 54 }, clock: 'device' },
    ]);
    t.equal(items.length, 2);
    t.equal(headers['cache-control'], 'no-store');
  }
});

t.test('a plate is found by whoever did not read one or two places of it, and the register says so', async (t) => {
  const before = (await looks()).length;
  for (const plate of ['浙B1234?', '?B12345', '浙B?2？45']) {
    const { status, items } = await ask({ ...asked, plate });
    t.equal(status, 200);
    t.same(
      items.map(({ device, plate: whole }) => [device, whole]),
      [
        ['kakou-2', PLATE],
        ['kakou-1', '浙B·12345'],
      ],
      plate,
    );
  }
  t.same((await ask({ ...asked, plate: '浙B1234?', limit: 1 })).items.length, 1);
  t.same((await ask({ ...asked, plate: '浙C1234?' })).items, []);
  const said = (await looks()).slice(before).map((row) => (row.asked as { unread?: number }).unread);
  t.same(said, [1, 1, 2, 1, 1]);
});

t.test('an area leaves out what stands elsewhere', async (t) => {
  t.equal((await ask({ ...asked, plate: PLATE, jurisdiction: HERE })).items.length, 2);
  t.same((await ask({ ...asked, plate: PLATE, jurisdiction: ELSEWHERE })).items, []);
  t.same((await ask({ ...day, purpose: 'x', devices: ['kakou-1'], jurisdiction: ELSEWHERE })).items, []);
});

t.test('without a plate, plates are masked unless the case asks for them whole', async (t) => {
  const { items } = await ask({ ...day, purpose: 'traffic study' });
  t.same(
    items.map(({ plate }) => plate),
    [null, '浙B***45', '浙B***99', '浙B***45'],
  );
  const whole = await ask({ ...asked, full: true, devices: ['kakou-1'] });
  t.same(
    whole.items.map(({ plate }) => plate),
    ['浙B99999', '浙B·12345'],
  );
});

t.test('pages miss and repeat nothing, and belong to their question', async (t) => {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const { body, status } = await ask({ ...asked, limit: 1, ...(cursor ? { cursor } : {}) });
    t.equal(status, 200);
    const page = body as Answer;
    seen.push(...page.items.map(({ device, at }) => `${device} ${at.slice(-4)}`));
    cursor = page.next;
    if (cursor) t.match((await ask({ ...asked, case: 'B-7', cursor })).body, { code: 'request.cursor' });
  } while (cursor);
  t.same(seen, ['kakou-2 004Z', 'kakou-2 003Z', 'kakou-1 002Z', 'kakou-1 001Z']);
});

t.test('who may ask, and for what', async (t) => {
  for (const token of [TOKENS.viewer, TOKENS.technician, `${KIOSK}:${DEVICE_SECRET}`]) {
    t.match(await ask({ ...asked, plate: PLATE }, token), { status: 403, body: { code: 'auth.forbidden' } });
  }
  t.equal((await ask({ ...asked, plate: PLATE }, TOKENS.admin)).items.length, 2);
  t.match((await ask({ ...asked, plate: PLATE }, TOKENS.foreign)).items, [{ device: 'kakou-far' }]);
  const foreign = await ask({ ...asked, devices: ['kakou-1', 'kakou-far'] });
  const absent = await ask({ ...asked, devices: ['kakou-1', 'never-was'] });
  t.equal(foreign.status, 404);
  t.match(foreign.body, { code: 'not-found', issues: [{ path: 'devices.1' }] });
  const plain = ({ text }: { text: string }) => ({ ...JSON.parse(text), requestId: '' });
  t.same(plain(foreign), plain(absent), 'foreign and absent answer alike');
});

t.test('rights follow where the device stands today, also a retired one', async (t) => {
  const { version } = await registry.get(admin, 'kakou-2');
  const moved = await registry.update(admin, 'kakou-2', version, { jurisdiction: ELSEWHERE } as never);
  t.same(
    (await ask({ ...asked, plate: PLATE })).items.map(({ device }) => device),
    ['kakou-1'],
  );
  t.equal((await ask({ ...asked, plate: PLATE }, TOKENS.foreign)).items.length, 2);
  const back = await registry.update(admin, 'kakou-2', moved.version, { jurisdiction: HERE } as never);
  await registry.retire(admin, 'kakou-2', back.version);
  t.equal((await ask({ ...asked, plate: PLATE })).items.length, 2);
  t.equal((await ask({ ...asked, devices: ['kakou-2'] })).items.length, 2);
});

t.test('a question that cannot be right is refused with its field and the remedy', async (t) => {
  const wrong: [object, string, RegExp][] = [
    [{ ...asked, plate: '浙B*' }, 'plate', /whole plate/],
    [{ ...asked, plate: '浙B1???5' }, 'plate', /2 places at most/],
    [{ ...asked, plate: '??' }, 'plate', /whole plate/],
    [{ ...asked, plate: '--' }, 'plate', /whole plate/],
    [{ ...day, plate: PLATE, purpose: 'x' }, 'case', /names the case/],
    [{ ...day, full: true, purpose: 'x' }, 'case', /names the case/],
    [{ ...asked, purpose: undefined }, 'purpose', /say why/],
    [{ ...asked, to: day.from }, 'to', /later than/],
    [{ ...asked, to: '2026-02-05T00:00:01Z' }, 'to', /at most 31 days/],
    [{ ...asked, devices: [] }, 'devices', /./],
    [{ ...asked, devices: Array.from({ length: 501 }, (_, n) => `k-${n}`) }, 'devices', /./],
    [{ ...asked, limit: 501 }, 'limit', /./],
    [{ ...asked, color: 'blue' }, 'color', /unknown field/],
  ];
  const before = (await looks()).length;
  for (const [payload, path, message] of wrong) {
    const { status, body, text } = await ask(payload);
    t.equal(status, 400);
    t.match(body, { code: 'request.invalid', issues: [{ path, message }] });
    t.notMatch(text, /浙B/);
  }
  t.equal((await looks()).length, before);
});

t.test('the look is registered before anything is looked up, also when looking fails', async (t) => {
  const before = (await looks()).length;
  await sql`alter table passage rename to passage_away`.execute(database.tables());
  const failed = await ask({ ...asked, plate: PLATE });
  await sql`alter table passage_away rename to passage`.execute(database.tables());
  t.equal(failed.status, 500);
  const rows = (await looks()).slice(before);
  t.equal(rows.length, 1);
  t.match(rows[0], {
    viewer_id: 'operator',
    act: 'plates',
    jurisdiction: HERE,
    purpose: 'investigation',
    case_number: 'A-2026-1',
    asked: { plate: '浙B***45', plateHash: /^[0-9a-f]{32}$/, from: '2026-01-05T00:00:00.000Z', full: false },
  });
  const deaf = { add: async () => Promise.reject(new Error('no register')) } as unknown as AccessRegister;
  const { search: blind } = composePassages({
    database: null as never,
    ownership: firstOwner(),
    clock,
    believed: clock,
    observer: quietObserver(),
    directory,
    tree,
    register: deaf,
    keepDays: 90,
    plateKey: randomBytes(32),
    vaultKey: randomBytes(32),
  });
  const query = { plate: PLATE, fromMs: AT_MS, toMs: AT_MS + 1, purpose: 'p', case: 'c', full: false, limit: 1 };
  await t.rejects(blind.search(admin, query), { message: 'no register' });
  const { body } = await api.call({
    method: 'GET',
    url: '/api/v1/access-register?viewer=operator',
    headers: bearer(TOKENS.admin),
  });
  t.match(body, { items: [{ act: 'plates', asked: { plate: '浙B***45' } }] });
});

t.test('each asking is a look of its own: no answer is kept for a second one', async (t) => {
  const before = (await looks()).length;
  const key = { 'idempotency-key': 'again' };
  for (let turn = 0; turn < 2; turn += 1) {
    const { status, headers } = await ask({ ...asked, plate: PLATE }, TOKENS.operator, key);
    t.equal(status, 200);
    t.equal(headers['idempotency-replayed'], undefined);
  }
  t.equal((await looks()).length, before + 2);
});

t.test('a plate stands in no log, metric, error, register or table', async (t) => {
  const whole = /浙B·?\d{5}|%E6%B5%99B12345/;
  await ask({ ...asked, plate: PLATE });
  t.ok(api.logLines.some((line) => line.includes('/passages/search')));
  t.notMatch(api.logLines.join(''), whole);
  t.notMatch(await api.deps.observer.metrics.metrics(), whole);
  const { rows: tables } = await sql<{ name: string }>`
    select quote_ident(relname) as name from pg_class join pg_namespace n on n.oid = relnamespace
    where relkind = 'r' and nspname = 'public'`.execute(database.tables());
  t.ok(tables.length > 20);
  for (const { name } of tables) {
    const { rows } = await sql<{ text: string }>`select t::text as text from ${sql.raw(name)} t`.execute(
      database.tables(),
    );
    t.notOk(
      rows.some(({ text }) => whole.test(text)),
      name,
    );
  }
});

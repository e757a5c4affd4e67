import { randomBytes } from 'node:crypto';
import t from 'tap';
import { DAY_MS, HOUR_MS } from '../../../src/core/clock.ts';
import type { CitywatchError } from '../../../src/core/errors.ts';
import { NATIONWIDE } from '../../../src/core/jurisdiction.ts';
import type { DecodedBatch, DeviceEvent } from '../../../src/core/types.ts';
import { Ledger } from '../../../src/ingest/ledger/ledger.ts';
import { pruneCounts } from '../../../src/passages/counts.ts';
import { byDevice, byPlate } from '../../../src/passages/search.ts';
import { DATABASE_LIMITS, Database, type RawBuilder, sql } from '../../../src/platform/database/database.ts';
import { dayOf } from '../../../src/platform/database/day-partitions.ts';
import { migrate } from '../../../src/platform/database/migrate.ts';
import { AT_MS, batch, decoded, event } from '../../support/ingest/batches.ts';
import { PAYLOADS } from '../../support/ingest/ingest.ts';
import { incarnationOf } from '../../support/ingest/journal.ts';
import { openPassages } from '../../support/ingest/passages.ts';
import { firstOwner } from '../../support/services/ownership.ts';
import { quietObserver, startPostgres } from '../../support/services/services.ts';
import { ManualClock } from '../../support/time/clock.ts';

const server = await startPostgres(t);
const clock = new ManualClock();
const database = await Database.open({ url: server.url, observer: quietObserver(), clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);
const ledger = new Ledger({
  ownership: firstOwner(),
  database,
  journals: {},
  incarnationOf,
  clock,
  jurisdictionOf: () => undefined,
  payloads: PAYLOADS,
});
const key = randomBytes(32);
const { passages, find } = openPassages({ database, clock, key });

const PLATES = { plates: ['plate'] };
let offset = 0;

/** A batch of one message with these passages of a checkpoint, behind all others. */
function passing(records: DeviceEvent[], device = 'kakou-1'): DecodedBatch {
  const placed = records.map((record, index) => ({ ...record, index }));
  const message = decoded(placed, { id: device, channel: 'event', offset, receivedAtMs: clock.nowMs() });
  offset = message.message.endOffset;
  return batch([message]);
}

function passage(plate: string | null, over: Partial<DeviceEvent> = {}): DeviceEvent {
  return event('passage', { ...(plate === null ? {} : { plate }), lane: 2 }, { ...PLATES, ...over });
}

async function enter(what: DecodedBatch): Promise<void> {
  await ledger.commit(what, [], await passages.take(what, []));
}

const days = async (): Promise<string[]> => {
  const { rows } = await sql<{ name: string }>`select inhrelid::regclass::text as name from pg_inherits
    where inhparent = 'passage'::regclass order by 1`.execute(database.tables());
  return rows.map(({ name }) => name);
};

t.test('a batch that is entered twice, and a record that comes again, are one row', async (t) => {
  const first = passing([passage('浙B12345', { id: 'e-1' }), passage(null, { id: 'e-2', atMs: AT_MS + 1 })]);
  await enter(first);
  await enter(first);
  t.equal((await find({})).length, 2);
  await enter(passing([passage('浙B12345', { id: 'e-1' })]));
  await enter(passing([passage('浙B12345', { id: 'marked', duplicate: true })]));
  t.equal((await find({})).length, 2, 'by its id, also where the index of duplicates has forgotten it');
  const timeNs = `${AT_MS + 5}000007`;
  await enter(passing([passage('浙B12345', { timeNs }), passage('浙B12345', { timeNs: `${AT_MS + 5}000008` })]));
  await enter(passing([passage('浙B12345', { timeNs })]));
  t.equal((await find({})).length, 4, 'by time and content where it has none');
  await enter(passing([passage('浙B99999', { id: 'e-1' })], 'kakou-2'));
  t.equal((await find({})).length, 5, 'ids are those of a device');
});

t.test('a car with three plates is one passage that each of its plates finds', async (t) => {
  const three = '粤ZJ068澳|MX7742|ZM127';
  const what = passing([passage(three, { id: 'three', atMs: AT_MS + 7 })], 'kakou-3');
  await enter(what);
  await enter(passing([passage(three, { id: 'three', atMs: AT_MS + 7 })], 'kakou-3'));
  for (const plate of ['粤ZJ068澳', 'mx 7742', 'ZM127']) t.match(await find({ plate }), [{ plate: three }], plate);
  const all = await find({ devices: ['kakou-3'] });
  t.match(all, [{ plate: '粤Z***8澳|MX***42|***' }]);
  t.equal(all.length, 1);
});

t.test('a kill between rows and cursor leaves neither, and what comes after is not written twice', async (t) => {
  const what = passing([passage('苏E55555', { id: 'killed', atMs: AT_MS + 10 })]);
  const write = await passages.take(what, []);
  const killed = ledger.commit(what, [], async (tx) => {
    await write?.(tx);
    throw new Error('killed');
  });
  await t.rejects(killed, { message: 'killed' });
  t.same(await find({ plate: '苏E55555' }), []);
  t.not(await ledger.load('live'), what.to);
  await enter(what);
  t.match(await find({ plate: '苏E55555' }), [{ device: 'kakou-1', plate: '苏E55555' }]);
});

t.test('which events are passages is said by their kind; what no store took is none', async (t) => {
  const before = (await find({})).length;
  t.equal(await passages.take(batch([decoded([event('jam', { plate: '浙B12345' })], { channel: 'event' })]), []), null);
  const two = passing([passage('浙B11111', { id: 'r-1' }), passage('浙B22222', { id: 'r-2' })]);
  const rejected = [{ offset: two.from, index: 0, reason: 'x', detail: '' }];
  await ledger.commit(two, rejected, await passages.take(two, rejected));
  t.equal((await find({})).length, before + 1);
  const pair = event(
    'passage',
    { plate: '浙B33333', trailer: '浙B44444挂' },
    { plates: ['plate', 'trailer'], id: 'p' },
  );
  await enter(passing([pair]));
  t.equal((await find({ plate: '浙B33333' })).length, 1);
  t.match(await find({ plate: '浙B44444挂' }), [{ data: {} }], 'a vehicle and its trailer are found by either plate');
});

t.test('passages are counted by the hour, each once, and what is no passage is none', async (t) => {
  const counts = async () => {
    const { rows } = await sql`select hour, passages from passage_count where device = 'counted'`.execute(
      database.tables(),
    );
    return rows;
  };
  const hour = Math.floor(AT_MS / HOUR_MS);
  const two = passing([passage('浙B1|浙B2', { id: 'c-1' }), passage(null, { id: 'c-2' })], 'counted');
  await enter(two);
  await enter(two);
  await enter(passing([passage('浙B1|浙B2', { id: 'c-1' })], 'counted'));
  const speeding = event('overspeed', { plate: '浙B12345', lane: 2 }, { ...PLATES, id: 'c-3' });
  await enter(passing([speeding, passage('浙B3', { id: 'c-4' })], 'counted'));
  t.strictSame(await counts(), [{ hour, passages: 3 }]);
  await enter(passing([passage(null, { id: 'c-5', atMs: AT_MS + HOUR_MS })], 'counted'));
  t.strictSame((await counts()).length, 2);
  await sql`insert into passage_count values ('counted', ${hour - 401 * 24}, 9)`.execute(database.tables());
  await pruneCounts({ database, ownership: firstOwner() }, clock);
  t.strictSame((await counts()).length, 2, 'what was long ago is forgotten');
});

t.test('a row tells the plate to nobody who has only the table', async (t) => {
  const { rows } = await sql<{ text: string; plate_masked: string }>`
    select passage::text || encode(coalesce(plate_sealed, ''), 'escape') as text, plate_masked from passage
    where plate_masked is not null`.execute(database.tables());
  t.ok(rows.length > 5);
  for (const { text } of rows) t.notMatch(text, /[浙苏]\w\d{5}|[BE](12345|55555)/);
  t.ok(rows.some(({ plate_masked: masked }) => masked === '浙B***45'));
  const other = openPassages({ database, clock, key: randomBytes(32) });
  t.same(await other.find({ plate: '浙B12345' }), [], 'nor to one with another key');
  await t.rejects(other.find({ full: true }), { code: 'service.failed', message: /CITYWATCH_VAULT_KEY_FILE/ });
});

t.test('late data lands in the table of its own day, which is made by whoever comes first', async (t) => {
  const late = AT_MS - 29 * DAY_MS;
  const writers = Array.from({ length: 4 }, () => openPassages({ database, clock, key }).passages);
  const batches = writers.map((_, index) => passing([passage('京A00001', { id: `l-${index}`, atMs: late + index })]));
  await Promise.all(writers.map((writer, index) => writer.take(batches[index]!, [])));
  for (const each of batches) await enter(each);
  t.match(await days(), ['passage_20251207', 'passage_20260105'], 'two days, each once');
  t.equal((await find({ plate: '京A00001', fromMs: dayOf(late), toMs: dayOf(late) + DAY_MS })).length, 4);
  const edges = [dayOf(late) + DAY_MS - 1, dayOf(late) + DAY_MS];
  await enter(passing(edges.map((atMs, index) => passage('京A00002', { id: `m-${index}`, atMs }))));
  t.same(await days(), ['passage_20251207', 'passage_20251208', 'passage_20260105']);
});

t.test('a day that somebody dropped is made again', async (t) => {
  await sql`drop table passage_20251208`.execute(database.tables());
  const what = passing([passage('京A00003', { id: 'n-1', atMs: Date.UTC(2025, 11, 8) })]);
  await t.rejects(enter(what), { code: 'store.refused' });
  await enter(what);
  t.equal((await find({ plate: '京A00003', fromMs: AT_MS - 30 * DAY_MS, toMs: AT_MS })).length, 1);
});

t.test('a search looks only into the days and devices it is about', async (t) => {
  const plan = async (statement: RawBuilder<unknown>): Promise<string> => {
    const { rows } = await sql<Record<string, string>>`explain ${statement}`.execute(database.tables());
    return rows.flatMap((row) => Object.values(row)).join('\n');
  };
  await sql`insert into passage (device, at_ms, identity, event, kind, jurisdiction, received_at_ms, clock, lane,
      journal_offset, record_index, plate_hash, plate_masked, data)
    select 'full-' || n % 30, ${AT_MS}::bigint + n * 400, gen_random_uuid(), 'passage', 'checkpoint', '330200', 0,
      'device', 'bulk', n, 0, substring(sha256(n::text::bytea) for 16), '浙B***00', '{}'
    from generate_series(1, 20000) n`.execute(database.tables());
  await sql`analyze passage`.execute(database.tables());
  const range = { fromMs: AT_MS, toMs: AT_MS + DAY_MS, after: null, limit: 101 };
  const after = { atMs: AT_MS + 4_000_000, device: 'full-9', identity: '00000000-0000-4000-8000-000000000000' };
  for (const asked of [range, { ...range, after }]) {
    const plate = await plan(byPlate([Buffer.alloc(16)], ['full-1', 'full-2'], asked));
    t.match(plate, /Index Scan Backward using passage_20260105_plate_hash_at_ms_idx/);
    const devices = await plan(byDevice(['full-1', 'full-2'], asked));
    t.match(devices, /Index Scan\D+passage_20260105_pkey/);
    for (const each of [plate, devices]) t.notMatch(each, /passage_2025|Seq Scan on passage/, 'no other day is opened');
  }
});

t.test('nothing older than the limit is found, and nothing younger is ever dropped', async (t) => {
  const later = new ManualClock();
  const kept = openPassages({ database, clock: later, key, keepDays: 31 });
  const all = { fromMs: AT_MS - 30 * DAY_MS, toMs: AT_MS };
  await kept.passages.keep();
  t.same(await days(), ['passage_20251207', 'passage_20251208', 'passage_20260105', 'passage_20260106']);
  // 31 days after the middle of the first day: half of it is too old, and the table is still there.
  await later.advance(2.5 * DAY_MS);
  await kept.passages.keep();
  t.ok((await days()).includes('passage_20251207'));
  t.equal((await kept.find({ ...all, plate: '京A00001' })).length, 0, 'too old to be found');
  t.equal((await kept.find({ ...all, plate: '京A00002' })).length, 1, 'the other half is');
  t.equal((await find({ ...all, plate: '京A00001' })).length, 4, 'and by a longer limit both');
  await later.advance(0.5 * DAY_MS);
  await kept.passages.keep();
  t.notOk((await days()).includes('passage_20251207'));
  t.ok((await days()).includes('passage_20251208'));
  const tooLate = passing([passage('京A00009', { id: 'o-1', atMs: Date.UTC(2025, 11, 7, 23) })]);
  t.equal(await kept.passages.take(tooLate, []), null, 'its day is over, and no table is made for it again');
  await ledger.commit(tooLate, []);
});

t.test('a table that is being read is dropped later, and who writes does not wait for that', async (t) => {
  const later = new ManualClock();
  const old = openPassages({ database, clock: later, key, keepDays: 31 });
  await enter(passing([passage('京A00004', { id: 'q-1', atMs: AT_MS - 20 * DAY_MS })]));
  await later.advance(20 * DAY_MS);
  let read = (): void => {};
  const reading = database.transaction(async (tx) => {
    await sql`select count(*) from passage`.execute(tx.tables());
    await new Promise<void>((resolve) => {
      read = resolve;
    });
  });
  await t.rejects(old.passages.keep(), { code: 'store.unavailable' });
  await enter(passing([passage('京A00005', { id: 'q-2', atMs: later.nowMs() })]));
  read();
  await reading;
  await old.passages.keep();
  t.notOk((await days()).includes('passage_20251216'));
  t.ok(await sql`select from passage`.execute(database.tables()));
  t.equal((await ledger.balance({ jurisdiction: NATIONWIDE } as never)).balanced, true);
});

t.test('a clock that is set ahead deletes nothing before it stood for a day', async (t) => {
  const set = new ManualClock();
  const careful = openPassages({ database, clock: set, key, keepDays: 31 }).passages;
  await careful.keep();
  const there = await days();
  set.setWall(AT_MS + 365 * DAY_MS);
  await careful.keep();
  const waiting = passing([passage('京A00006', { id: 's-1' })]);
  t.ok(await careful.take(waiting, []), 'nor is what waited in the journal taken for too old');
  await enter(waiting);
  await set.advance(DAY_MS - 1);
  await careful.keep();
  t.same((await days()).slice(0, there.length), there);
  set.setWall(AT_MS + DAY_MS);
  await careful.keep();
  t.same((await days()).slice(0, there.length), there, 'it was wrong, and is right again');
  set.setWall(AT_MS + 365 * DAY_MS);
  await careful.keep();
  await set.advance(DAY_MS);
  await careful.keep();
  t.same(await days(), ['passage_20270105', 'passage_20270106', 'passage_20270107'], 'so late it is');
});

t.test('while PostgreSQL is away a batch is not taken, and may be tried again', async (t) => {
  const what = passing([passage('京A00007', { id: 't-1', atMs: AT_MS - 3 * DAY_MS })]);
  await server.stop();
  const error = await passages.take(what, []).catch((cause: CitywatchError) => cause);
  t.match(error, { code: 'store.unavailable', retryable: true });
  t.equal(await passages.take(batch([decoded([event('jam', {})], { channel: 'event' })]), []), null);
});

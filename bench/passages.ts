import { randomBytes } from 'node:crypto';
import { DAY_MS, systemClock } from '../src/core/clock.ts';
import type { DecodedBatch, DeviceEvent } from '../src/core/types.ts';
import { PayloadSeal } from '../src/ingest/ledger/dead-letter-payloads.ts';
import { Ledger } from '../src/ingest/ledger/ledger.ts';
import { passageDays } from '../src/passages/passages.ts';
import { plateHash } from '../src/passages/rows.ts';
import type { PassageQuery } from '../src/passages/search.ts';
import { DATABASE_LIMITS, Database } from '../src/platform/database/database.ts';
import { dayOf } from '../src/platform/database/day-partitions.ts';
import { migrate } from '../src/platform/database/migrate.ts';
import { batch, decoded, event, reading } from '../test/support/ingest/batches.ts';
import { incarnationOf } from '../test/support/ingest/journal.ts';
import { DETECTIVE, openPassages } from '../test/support/ingest/passages.ts';
import { firstOwner } from '../test/support/services/ownership.ts';
import { quietObserver, startPostgres } from '../test/support/services/services.ts';
import { tell, tellMachine } from './support/figures.ts';
import { delays } from './support/harness.ts';

/**
 * Searches among the passages of 30 checkpoints, 600,000 a day, of `CITYWATCH_BENCH_DAYS` days (default 3, at most 31),
 * with the row in the access register that each leaves; and what writing passages costs, and batches without any.
 */
const DAYS = Math.min(31, Number(process.env.CITYWATCH_BENCH_DAYS ?? 3));
const PER_DAY = 600_000;
const CHECKPOINTS = 30;
/** A plate passes twice a day. */
const VEHICLES = 300_000;
const SEARCHES = 300;
const BATCH = 1_000;
const BATCHES = 30;

const clock = systemClock;
const teardowns: (() => void | Promise<void>)[] = [];
const server = await startPostgres({ teardown: (run) => void teardowns.unshift(run) });
const database = await Database.open({ url: server.url, observer: quietObserver(), clock, limits: DATABASE_LIMITS });
teardowns.unshift(() => database.close());
const lastDay = dayOf(clock.nowMs());
const key = randomBytes(32);
const { passages, search } = openPassages({ database, clock, key });
const plates = Array.from({ length: 1_000 }, (_, n) => `浙B${10_000 + n}`);
let offset = 0;
tellMachine();
try {
  await migrate(database);
  await fill();
  await searches();
  await writes();
} finally {
  for (const end of teardowns) await end();
}

/** Rows as the gateway writes them, made by PostgreSQL itself. */
async function fill(): Promise<void> {
  const startMs = performance.now();
  await passageDays({ database, ownership: firstOwner() }).ensure(
    Array.from({ length: DAYS }, (_, day) => lastDay - day * DAY_MS),
  );
  await database.dedicated(async (statement) => {
    for (let day = 0; day < DAYS; day += 1) {
      const from = lastDay - day * DAY_MS;
      const hashes = plates.map((plate) => plateHash(key, plate));
      const hash = `substring(sha256((n * 7919::bigint % ${VEHICLES})::text::bytea) for 16)`;
      await statement(
        `insert into passage (device, at_ms, identity, event, kind, jurisdiction, received_at_ms, clock, event_id, lane,
          journal_offset, record_index, plate_hash, plate_masked, plate_sealed, data)
        select 'kakou-' || n % ${CHECKPOINTS}, ${from} + n * ${DAY_MS / PER_DAY}::bigint, gen_random_uuid(), 'passage',
          'checkpoint', '330200', ${from} + n, 'device', 'e-' || n, 'live', n * 300::bigint, 0,
          coalesce(($1::bytea[])[1 + n * 7919::bigint % ${VEHICLES}], ${hash}), '浙B***00', null,
          '{"lane":2,"speedKmh":54,"plateColor":"blue","vehicleClass":"car","images":["0123456789abcdef"]}'
        from generate_series(0, ${PER_DAY - 1}) n`,
        [hashes],
      );
    }
    await statement(`insert into passage_device select 'kakou-' || n from generate_series(0, ${CHECKPOINTS - 1}) n`);
    await statement('vacuum analyze passage');
  });
  const [size] = await database.dedicated((statement) =>
    statement(`select sum(pg_total_relation_size(inhrelid))::bigint as bytes, count(*) as days from pg_inherits
      where inhparent = 'passage'::regclass`),
  );
  const rows = DAYS * PER_DAY;
  tell(
    'passages are filled in',
    { days: DAYS },
    {
      rows: [rows, 'count'],
      each: [Number(size?.bytes) / rows, 'bytes'],
      took: [(performance.now() - startMs) / 1000, 's'],
    },
  );
}

async function searches(): Promise<void> {
  const range = { fromMs: lastDay - (DAYS - 1) * DAY_MS, toMs: lastDay + DAY_MS };
  const base = { ...range, purpose: 'bench', case: 'B-1', full: false, limit: 100 };
  const noon = { fromMs: lastDay + DAY_MS / 2, toMs: lastDay + DAY_MS / 2 + 600_000 };
  const questions: Record<string, () => Partial<PassageQuery>> = {
    'one plate, all days': () => ({ plate: plates[Math.floor(Math.random() * plates.length)]! }),
    'one checkpoint, ten minutes': () => ({ ...noon, devices: [`kakou-${Math.floor(Math.random() * CHECKPOINTS)}`] }),
    'every checkpoint, all days, newest': () => ({}),
    'every checkpoint, ten minutes, 500': () => ({ ...noon, limit: 500 }),
  };
  for (const [what, question] of Object.entries(questions)) {
    const tookMs: number[] = [];
    let found = 0;
    for (let turn = 0; turn < SEARCHES; turn += 1) {
      const startMs = performance.now();
      found += (await search.search(DETECTIVE, { ...base, ...question() })).items.length;
      tookMs.push(performance.now() - startMs);
    }
    tell('passages are searched', { what }, { found: [found / SEARCHES, 'count'], ...delays(tookMs) });
  }
}

function passing(): DecodedBatch {
  const messages = Array.from({ length: BATCH }, (_, n) => {
    const data = { plate: `浙B${10_000 + (n % 9_000)}`, lane: n % 4, speedKmh: 54, images: ['0123456789abcdef'] };
    const over: Partial<DeviceEvent> = { id: `e-${offset}`, atMs: clock.nowMs(), plates: ['plate'] };
    const message = decoded([event('passage', data, over)], {
      id: `kakou-${n % CHECKPOINTS}`,
      channel: 'event',
      offset,
    });
    offset = message.message.endOffset;
    return message;
  });
  return batch(messages);
}

async function writes(): Promise<void> {
  const ledger = new Ledger({
    ownership: firstOwner(),
    database,
    journals: {},
    incarnationOf,
    jurisdictionOf: () => undefined,
    clock,
    payloads: new PayloadSeal(key),
  });
  const batches = Array.from({ length: BATCHES }, passing);
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  for (const each of batches) await ledger.commit(each, [], await passages.take(each, []));
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const rows = BATCH * BATCHES;
  tell(
    'passages are written',
    { batch: BATCH },
    {
      passages: [rows / seconds, '/s'],
      'for 100,000': [(user + system) / rows / 10, 'CPU s'],
    },
  );
  const none = batch(Array.from({ length: BATCH }, (_, n) => decoded([reading({ fill_pct: n })], { offset: n })));
  const emptyMs = performance.now();
  for (let turn = 0; turn < 1_000; turn += 1) await passages.take(none, []);
  const nsPerMessage = ((performance.now() - emptyMs) * 1e6) / (1_000 * BATCH);
  tell('batches without a passage', { batch: BATCH }, { 'each message': [nsPerMessage, 'ns'] });
}

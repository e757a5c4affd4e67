import { join } from 'node:path';
import t, { type Test } from 'tap';
import { RulesEngine } from '../../../../src/alerts/rules/engine.ts';
import { parseRule } from '../../../../src/alerts/rules/rules.ts';
import { RulesReader } from '../../../../src/alerts/rules/rules-reader.ts';
import { READER_NAMES } from '../../../../src/app/compose/ingest/readers.ts';
import { HOUR_MS } from '../../../../src/core/clock.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { slotOf } from '../../../../src/core/slots.ts';
import type { DecodedBatch } from '../../../../src/core/types.ts';
import { DeviceDays } from '../../../../src/ingest/completeness/device-days.ts';
import { Ledger } from '../../../../src/ingest/ledger/ledger.ts';
import { DatabaseCursors } from '../../../../src/ingest/readers/database-cursors.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { LEFT_TO_CLAIMS } from '../../../../src/platform/work/work.ts';
import { CompleteSince } from '../../../../src/telemetry/rollups/complete-since.ts';
import { RollupsReader, type RollupsReaderDeps } from '../../../../src/telemetry/rollups/rollups-reader.ts';
import { Twin } from '../../../../src/telemetry/twin/twin.ts';
import { TwinReader } from '../../../../src/telemetry/twin/twin-reader.ts';
import { TelemetryReader } from '../../../../src/telemetry/writer/telemetry-reader.ts';
import { TallyReader, tallied } from '../../../fixtures/readers/tally/tally.ts';
import { PLATES } from '../../../support/alerts/alert-desk.ts';
import { ALL_THERE, kindCatalogue } from '../../../support/alerts/alerts.ts';
import { AT_MS } from '../../../support/ingest/batches.ts';
import { BURNING_DEVICES, burning } from '../../../support/ingest/burning.ts';
import { PAYLOADS } from '../../../support/ingest/ingest.ts';
import { incarnationOf, OWN_JOURNAL } from '../../../support/ingest/journal.ts';
import { KIOSK } from '../../../support/ingest/kiosk-kind.ts';
import { conforms, type ThreeBatches } from '../../../support/ingest/reader-conformance.ts';
import { firstOwner, nextOwner } from '../../../support/services/ownership.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';
import { openDownlink, person } from '../../../support/uplinks/downlink.ts';

const { url } = await freshDatabase(t);
const clock = new ManualClock(AT_MS + 5 * HOUR_MS);
const observer = quietObserver();
const database = await Database.open({ url, observer, clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);

async function rowsOf(query: string): Promise<unknown[]> {
  return (await sql.raw(query).execute(database.tables())).rows;
}

const ownership = firstOwner();

const cases = new Set<string>();

function held(name: string, run: (t: Test) => Promise<void>): void {
  cases.add(name);
  t.test(name, run);
}

held('telemetry', async (t) => {
  const points = new Set<string>();
  const write = async ({ messages }: DecodedBatch) => {
    for (const { message, records } of messages) {
      for (const { timeNs } of records) points.add(`${message.device.id} ${timeNs}`);
    }
    return [];
  };
  await conforms(t, {
    name: 'telemetry',
    batches: burning,
    open: async () => {
      const books = new Ledger({
        ownership,
        database,
        journals: {},
        incarnationOf,
        clock,
        payloads: PAYLOADS,
        jurisdictionOf: () => undefined,
      });
      const passages = { take: async () => null };
      const reader = new TelemetryReader({ writer: { write }, books, passages, pace: { run: (_, work) => work() } });
      return { reader, save: async () => {} };
    },
    state: async () => [
      [...points],
      await rowsOf('select * from ingest_ledger'),
      await rowsOf('select lane, journal_offset, reason from dead_letter order by 1, 2'),
    ],
  });
});

const FIRE = `
rule: kiosk-fire
version: 1
title: { en: Fire, zh: 火 }
severity: severe
class: incident
kinds: [recycling-kiosk]
condition:
  type: threshold
  any: [{ field: temp_c, above: 70, clear_below: 60 }]
`;

held('rules', async (t) => {
  const parsed = parseRule(FIRE, kindCatalogue);
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  await conforms(t, {
    name: 'rules',
    batches: burning,
    open: async () => {
      const reader = new RulesReader({
        slotOf,
        ownership,
        work: LEFT_TO_CLAIMS,
        database,
        clock,
        observer: quietObserver(),
        incarnationOf,
        plates: PLATES,
        engine: new RulesEngine([parsed.rule], { match: () => [] }, ALL_THERE),
        head: () => Number.MAX_SAFE_INTEGER,
        isClockKnown: () => true,
        raised: () => {},
        committed: () => {},
        saveMs: 1_000_000,
      });
      return { reader, save: () => reader.stop() };
    },
    state: () => rowsOf('select id, kind, lane, journal_offset from finding order by 3, 4'),
  });
});

held('twin', async (t) => {
  const path = join(await temporaryDirectory(t), 'checkpoint');
  const life = async () => {
    const twin = new Twin({
      path,
      kinds: { latest: () => KIOSK },
      journal: OWN_JOURNAL,
      clock,
      observer: quietObserver(),
    });
    await twin.start();
    return twin;
  };
  await conforms(t, {
    name: 'twin',
    batches: burning,
    open: async () => {
      const twin = await life();
      return { reader: new TwinReader(twin, { heard: () => {} }), save: () => twin.stop() };
    },
    state: async () => {
      const twin = await life();
      return Object.values(BURNING_DEVICES).map((id) => [...(twin.latest(id)?.fields ?? [])]);
    },
  });
});

held('completeness', async (t) => {
  await conforms(t, {
    name: 'completeness',
    batches: burning,
    open: async () => {
      const kinds = { latest: () => KIOSK };
      const deps = { database, kinds, incarnationOf, ownership, clock, observer: quietObserver() };
      const reader = new DeviceDays(deps);
      return { reader, save: () => reader.stop() };
    },
    state: () => rowsOf(`select device, day, encode(seen, 'hex') from device_day`),
  });
});

held('rollups', async (t) => {
  const made = new Set<string>();
  const since = await CompleteSince.open(join(await temporaryDirectory(t), 'since'), clock);
  const roll: RollupsReaderDeps['roller']['roll'] = async ({ hourMs, devices }) => {
    for (const device of devices.keys()) made.add(`${device} ${hourMs}`);
  };
  const roller = { roll, prepareAgain: () => {} };
  await conforms(t, {
    name: 'rollups',
    batches: burning,
    open: async () => {
      const own = new ManualClock(clock.nowMs());
      const cursors = new DatabaseCursors({ database, reader: 'rollups', incarnationOf, ownership, clock });
      const reader = new RollupsReader({
        roller,
        since,
        clock: own,
        observer: quietObserver(),
        cursors: {
          load: (lane) => cursors.load(lane),
          save: (places) => cursors.save(places, async () => {}),
        },
        storedUpTo: () => Number.MAX_SAFE_INTEGER,
        head: () => 300,
      });
      const save = async (): Promise<void> => {
        reader.start();
        const targets = await Promise.all(reader.lanes.map((lane) => reader.load(lane)));
        await until('all is rolled up', async () => {
          await own.advance(10_000);
          return reader.lanes.every((lane, at) => reader.saved(lane) === targets[at]);
        });
        const stopped = reader.stop();
        await own.advance(10_000);
        await stopped;
      };
      return { reader, save };
    },
    state: async () => [...made],
  });
});

held('commands', async (t) => {
  const downlink = await openDownlink(t, url, { clock });
  const begun = await downlink.start();
  const ids: string[] = [];
  for (let cell = 1; cell <= 3; cell += 1) {
    ids.push((await begun.commands.create(person('operator'), 'k1', { name: 'unlock', args: { cell } })).id);
  }
  await begun.settle();
  const batches = ids.map((id) => downlink.append([{ id, ok: true, result: { door: 1 } }]));
  await sql`delete from ingest_cursor where reader = 'commands'`.execute(database.tables());
  downlink.journal.head = 0;
  await conforms(t, {
    name: 'commands',
    batches: () => batches as ThreeBatches,
    open: async () => {
      const life = await downlink.start();
      return { reader: life.reader, save: async () => void (await life.stop()) };
    },
    state: () => rowsOf('select id, state, reply_ok, reply_result, reply_receipt from command order by seq'),
  });
  await begun.stop();
});

held('tally', async (t) => {
  const path = join(await temporaryDirectory(t), 'tally');
  await conforms(t, {
    name: 'tally',
    batches: burning,
    open: async () => ({ reader: new TallyReader(path), save: async () => {} }),
    state: () => tallied(path),
  });
});

t.test('every reader of the list has a case here, and one that was made up', async (t) => {
  t.same([...cases].sort(), [...READER_NAMES, 'tally'].sort());
});

/** The database as it is seen by somebody whose answer to a commit gets lost. */
function losing(answer: { isLost: boolean }): Database {
  const commits: Database['transaction'] = async (run) => {
    const result = await database.transaction(run);
    if (answer.isLost) throw new CitywatchError('store.unavailable', { detail: 'the answer got lost' });
    return result;
  };
  return new Proxy(database, {
    get: (target, key) => {
      if (key === 'transaction') return commits;
      const value = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

t.test('a save whose answer got lost is known at the next one, though the reader has read on', async (t) => {
  await sql`delete from ingest_cursor`.execute(database.tables());
  const ownership = await nextOwner(database);
  const answer = { isLost: false };
  const cursors = new DatabaseCursors({ reader: 'rollups', database: losing(answer), incarnationOf, ownership, clock });
  await cursors.load('live');
  answer.isLost = true;
  await t.rejects(
    cursors.save({ live: 100 }, async () => {}),
    { code: 'store.unavailable' },
  );
  t.equal(cursors.saved('live'), 0, 'nobody said that it is saved');
  answer.isLost = false;
  await cursors.save({ live: 200 }, async () => {});
  t.equal(cursors.saved('live'), 200);
  const other = new DatabaseCursors({ reader: 'rollups', database, incarnationOf, ownership, clock });
  await other.load('live');
  await sql`update ingest_cursor set journal_offset = 260 where reader = 'rollups'`.execute(database.tables());
  await t.rejects(
    other.save({ live: 400 }, async () => {}),
    { code: 'conflict.state', message: /something else/ },
    'but whoever else moves it is found out',
  );
});

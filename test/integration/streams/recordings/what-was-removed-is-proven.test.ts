import { gzipSync } from 'node:zlib';
import t from 'tap';
import { type Clock, DAY_MS, MINUTE_MS, systemClock } from '../../../../src/core/clock.ts';
import { type RawBuilder, sql } from '../../../../src/platform/database/database.ts';
import { GapTable } from '../../../../src/streams/recordings/gap-table.ts';
import { Pins } from '../../../../src/streams/recordings/pins.ts';
import { RecordPruning } from '../../../../src/streams/recordings/proofs/prune-records.ts';
import { RemovalWitness, witnessedRemovals } from '../../../../src/streams/recordings/proofs/removal-witness.ts';
import { verifyRemovals } from '../../../../src/streams/recordings/proofs/verify-removals.ts';
import { Recordings } from '../../../../src/streams/recordings/recordings.ts';
import { callerIn, openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';

const NINGBO = callerIn('330200');
const database = await openDatabase(t);
const ownership = firstOwner();
const BEGIN_MS = Date.parse('2026-10-01T00:00:00+08:00');
let nowMs = BEGIN_MS;
const clock: Clock = { ...systemClock, nowMs: () => nowMs };
const recordings = new Recordings({ database, ownership, classOf: () => 'public' });
const gaps = new GapTable({ database, ownership });
const pins = new Pins({ database, clock });
const quality = 'main';

/** Removes so many files of a minute, as one batch. */
async function removeSome(files: number): Promise<void> {
  const atMs = nowMs;
  const added = Array.from({ length: files }, (_, n) => {
    const startsAtMs = atMs + n * MINUTE_MS;
    const head = {
      device: 'cam',
      quality,
      startsAtMs,
      previousEndsAtMs: null,
      continuity: 'c',
      leaseEpoch: 1,
    } as const;
    const endsAtMs = startsAtMs + MINUTE_MS;
    return { head, disk: 'recordings', endsAtMs, bytes: 1_000, leadBytes: 10, sha256: '00'.repeat(32) };
  });
  await recordings.add(added);
  const old = await recordings.oldest({ of: 'public', disk: 'recordings', beforeMs: atMs + DAY_MS, atMs }, files);
  await recordings.forget(old, { atMs, pinned: { files: 2, bytes: 20 } });
}

t.before(async () => {
  for (const files of [1, 2, 3]) {
    await removeSome(files);
    nowMs += DAY_MS;
  }
  nowMs += 100 * DAY_MS;
  await removeSome(4);
  const reason = { cause: 'gateway', detail: null } as const;
  const of = { device: 'cam', quality, reason } as const;
  await gaps.write([
    { ...of, fromMs: BEGIN_MS, toMs: BEGIN_MS + 5_000 },
    { ...of, fromMs: BEGIN_MS + 9_000, toMs: null },
  ]);
});

const faultAfter = async (change: RawBuilder<unknown>) => {
  let fault: string | null = null;
  const tried = database.transaction(async (tx) => {
    await change.execute(tx.tables());
    ({ fault } = await verifyRemovals(tx, null));
    throw new Error('as it was');
  });
  await tried.catch((error: Error) => {
    if (error.message !== 'as it was') throw error;
  });
  return fault;
};

t.test('each proof of a removal holds by those before it, and the first that was touched is named', async (t) => {
  const whole = await verifyRemovals(database, null);
  t.match(whole, { proofs: 4, files: 10, bytes: 10_000, lists: 4, unchecked: 0, headAt: null, fault: null });
  t.match(await verifyRemovals(database, whole.last.hash), { headAt: 4, fault: null });
  t.match(await verifyRemovals(database, '00'.repeat(32)), { headAt: null, fault: null });
  const list = sql`update recording_removal_list set list = ${gzipSync('')}::bytea where number = 3`;
  const torn = sql`update recording_removal_list set list = substr(list, 1, 9) where number = 3`;
  for (const [change, told] of [
    [sql`update recording_removal set bytes = bytes - 1 where number = 2`, /^removal 2 does not follow/],
    [sql`update recording_removal set pinned_files = 1 where number = 4`, /^removal 4 does not follow/],
    [sql`delete from recording_removal where number = 3`, /^removal 3 is missing: 4 follows 2$/],
    [sql`delete from recording_removal where number = 1`, /^removal 1 is missing: 2 follows 0$/],
    [list, /^the list of removal 3 is not the one/],
    [torn, /^the list of removal 3 cannot be read$/],
  ] as const)
    t.match(await faultAfter(change), told);
});

t.test('the audit trail names the last removal once a day, so that none can be taken from the end', async (t) => {
  const witness = new RemovalWitness({ database, ownership });
  for (const afterMs of [0, 1, DAY_MS]) await witness.note(nowMs + afterMs);
  await new RemovalWitness({ database, ownership }).note(nowMs);
  t.match(await witnessedRemovals(database), [{ number: 4, hash: (await verifyRemovals(database, null)).last.hash }]);
  t.equal((await witnessedRemovals(database)).length, 1, 'nothing was removed since');
  t.match(await verifyRemovals(database, null), { witnessed: 1, fault: null });
  t.equal(
    await faultAfter(sql`delete from recording_removal where number = 4`),
    'removal 4 is missing: the audit trail names 4',
  );
});

t.test('old records of recordings go, and what went stays provable', async (t) => {
  const pruning = () => new RecordPruning({ database, ownership }).prune(nowMs);
  const count = async (table: string) => {
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from ${sql.table(table)}`.execute(
      database.tables(),
    );
    return rows[0]!.n;
  };
  const counts = async () => {
    const tables = ['recording_gap', 'recording_day', 'recording_pin', 'recording_removal', 'recording_removal_list'];
    return await Promise.all(tables.map(count));
  };
  const identity = { id: 'cam', kind: 'camera', kindVersion: 1, jurisdiction: '330203' };
  const span = { fromMs: nowMs - 2, toMs: nowMs - 1, reason: 'theft', case: null, untilMs: nowMs + 1_000 };
  await pins.add(NINGBO, identity, span);
  await pruning();
  t.strictSame(await counts(), [2, 4, 1, 4, 1], 'nothing is old but lists');
  nowMs += 500 * DAY_MS;
  await pruning();
  t.strictSame(await counts(), [1, 0, 1, 4, 0], 'a hole that lasts stays');
  nowMs += 700 * DAY_MS;
  const before = await verifyRemovals(database, null);
  await pruning();
  t.strictSame(await counts(), [1, 0, 0, 1, 0], 'the next removal goes on from the last one');
  const after = await verifyRemovals(database, null);
  t.match(after, { proofs: 1, after: { number: 3 }, last: before.last, fault: null });
  const { rows } = await sql`select what, rows::int, length(hash) from recording_pruned order by what`.execute(
    database.tables(),
  );
  t.strictSame(rows, [
    { what: 'days', rows: 4, length: 32 },
    { what: 'holes', rows: 1, length: 32 },
    { what: 'pins', rows: 1, length: 32 },
    { what: 'removals', rows: 3, length: 32 },
  ]);
});

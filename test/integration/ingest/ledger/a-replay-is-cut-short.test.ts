import t, { type Test } from 'tap';
import { NATIONWIDE } from '../../../../src/core/jurisdiction.ts';
import type { NewMessage } from '../../../../src/core/types.ts';
import { DeadLetterReplay } from '../../../../src/ingest/ledger/dead-letter-replay.ts';
import { DeadLetters } from '../../../../src/ingest/ledger/dead-letters.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { callerOf, drain, kinds, PAYLOADS, startIngest } from '../../../support/ingest/ingest.ts';
import { kioskMessage, quietObserver } from '../../../support/ingest/journal.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const all = callerOf(NATIONWIDE);

/** A gateway with two dead letters, and an intake that takes messages once there is `room`. */
async function withTwoLetters(t: Test) {
  const gateway = await startIngest(t);
  const { ingest, database } = gateway;
  for (const field of ['nope', 'none']) {
    await ingest.intake.accept(kioskMessage({ raw: Buffer.from(`{"values":{"${field}":1}}`) }));
  }
  await drain(ingest);
  const ids = (await ingest.deadLetters.list(all, { limit: 10 })).items.map(({ id }) => id);
  const clock = new ManualClock();
  const journal = { room: false, taken: [] as string[] };
  const accept = async (message: NewMessage) => {
    if (!journal.room) throw new Error('the journal is full');
    journal.taken.push(message.connection);
    return await ingest.intake.accept(message);
  };
  const life = () => {
    const intake = { accept };
    const replay = new DeadLetterReplay({
      database,
      intake,
      kinds,
      clock,
      observer: quietObserver(),
      payloads: PAYLOADS,
    });
    t.teardown(() => replay.stop());
    return { replay, letters: new DeadLetters({ database, ownership: firstOwner(), replay, clock }) };
  };
  return { ingest, database, ids, clock, journal, life };
}

t.test(
  'what was answered as replayed enters the journal after a crash, or when the journal has room again',
  async (t) => {
    const { ingest, ids, clock, journal, life } = await withTwoLetters(t);
    const [first, second] = ids;
    const before = life();
    t.same(await before.letters.replay(all, [first!]), { replayed: [first], skipped: [] });
    t.same(journal.taken, [], 'this life ends before its journal takes anything');

    const after = life();
    after.replay.start();
    t.same((await after.letters.replay(all, [second!])).replayed, [second]);
    await clock.advance(2_000);
    t.match((await after.letters.replay(all, [first!])).skipped, [{ reason: 'replayed-before' }]);
    journal.room = true;
    await until('both are in the journal', async () => {
      await clock.advance(2_000);
      return journal.taken.length >= 2;
    });
    await clock.advance(10_000);
    await after.replay.stop();
    t.equal(new Set(journal.taken).size, 2, 'each of the two');
    t.equal(journal.taken.length, 2, 'once');
    await drain(ingest);
    t.ok((await ingest.ledger.balance(all)).balanced);
  },
);

t.test('one that somebody else was just looking at is not forgotten', async (t) => {
  const { database, ids, clock, journal, life } = await withTwoLetters(t);
  const { replay, letters } = life();
  t.equal((await letters.replay(all, ids)).replayed.length, 2);
  journal.room = true;
  replay.start();
  await database.transaction(async (tx) => {
    await sql`select from dead_letter order by journal_offset limit 1 for update`.execute(tx.tables());
    await clock.advance(2_000);
    await until('the other one is in the journal', () => journal.taken.length === 1);
  });
  await until('both are', async () => {
    await clock.advance(2_000);
    return journal.taken.length === 2;
  });
  t.equal(new Set(journal.taken).size, 2);
});

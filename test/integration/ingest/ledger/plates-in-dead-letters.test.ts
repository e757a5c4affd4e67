import t from 'tap';
import { systemClock as clock } from '../../../../src/core/clock.ts';
import { NATIONWIDE } from '../../../../src/core/jurisdiction.ts';
import { PayloadSealing } from '../../../../src/ingest/ledger/dead-letter-payloads.ts';
import type { IngestTables } from '../../../../src/ingest/ledger/tables.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { callerOf, drain, PAYLOADS, startIngest } from '../../../support/ingest/ingest.ts';
import { kioskMessage, quietObserver } from '../../../support/ingest/journal.ts';

const all = callerOf(NATIONWIDE);
const text = (raw: string, channel: 'telemetry' | 'event' = 'telemetry') =>
  kioskMessage({ channel, raw: Buffer.from(raw) });

const SENT = [
  text('{"values":{"chepai":"浙B·12345"}}'),
  text('{"values":{"fill_pct":1,"浙B12345":true}}'),
  text('{"values":{"network":"浙B 12345"}}'),
  text('{"values":{"other":"MX7742"}}'),
  text('{"type":"浙B12345"}', 'event'),
  text('{"type":"jam","plate":"MX7742"}', 'event'),
  text('浙B12345 is not JSON'),
];
const PLATE = /B[·\s]?12345|X7742/u;

t.test(
  'what is put aside tells no plate: not in its rows, not in answers, not in the story of its message',
  async (t) => {
    const { ingest, database } = await startIngest(t);
    const receipts = [];
    for (const message of SENT) receipts.push(await ingest.intake.accept(message));
    await drain(ingest);
    const { items } = await ingest.deadLetters.list(all, { limit: 100 });
    t.equal(items.length, SENT.length);
    t.notMatch(JSON.stringify(items), PLATE);
    t.notMatch(JSON.stringify(await ingest.deadLetters.groups(all)), PLATE);
    for (const { id } of receipts) t.notMatch(JSON.stringify(await ingest.messages.byReceipt(all, id)), PLATE);
    const db = database.tables<IngestTables>();
    const kept = await db.selectFrom('dead_letter_payload').selectAll().execute();
    t.equal(kept.length, SENT.length);
    for (const { raw, sealed } of kept) {
      t.equal(sealed, true);
      t.notMatch(raw.toString('utf8'), /12345|7742/);
    }
    t.notMatch(JSON.stringify(await db.selectFrom('dead_letter').selectAll().execute()), PLATE);
  },
);

t.test('a sealed message is judged again as it came, and opens at no other place', async (t) => {
  const { ingest, database } = await startIngest(t);
  await ingest.intake.accept(SENT[0]!);
  await drain(ingest);
  const [letter] = (await ingest.deadLetters.list(all, { limit: 1 })).items;
  t.same(await ingest.deadLetters.replay(all, [letter!.id]), { replayed: [letter!.id], skipped: [] });
  const { messages } = await ingest.lanes.live.journal.read(0, { maxBytes: 1e6, maxMessages: 10 });
  t.same(
    messages.map(({ raw }) => raw.toString()),
    [SENT[0]!.raw.toString(), SENT[0]!.raw.toString()],
  );
  const [row] = await database.tables<IngestTables>().selectFrom('dead_letter_payload').selectAll().execute();
  t.throws(() => PAYLOADS.open({ ...row!, journal_offset: 99 }), { code: 'service.failed' });
});

t.test('what an earlier version kept in clear is sealed a piece at a time, however often it is cut', async (t) => {
  const { database } = await startIngest(t);
  const db = database.tables<IngestTables>();
  await sql`insert into dead_letter_payload 
    select 'live', n, convert_to('浙B12345 ' || n, 'utf8') from generate_series(1, 450) n`.execute(db);
  const sealing = new PayloadSealing({ database, clock, observer: quietObserver() }, PAYLOADS);
  t.equal(await sealing.sealSome(), 200);
  const again = new PayloadSealing({ database, clock, observer: quietObserver() }, PAYLOADS);
  for (const count of [200, 50, 0]) t.equal(await again.sealSome(), count);
  const rows = await db.selectFrom('dead_letter_payload').selectAll().orderBy('journal_offset').execute();
  t.same(
    rows.filter(({ sealed, raw }) => !sealed || raw.includes('12345')),
    [],
  );
  t.equal(PAYLOADS.open(rows[6]!).toString(), '浙B12345 7');
});

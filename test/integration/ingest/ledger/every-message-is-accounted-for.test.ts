import t from 'tap';
import { NATIONWIDE } from '../../../../src/core/jurisdiction.ts';
import type { NewMessage } from '../../../../src/core/types.ts';
import type { IngestTables } from '../../../../src/ingest/ledger/tables.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { callerOf, drain, moved, startIngest } from '../../../support/ingest/ingest.ts';
import { kioskMessage, LIFE } from '../../../support/ingest/journal.ts';
import { countStatements } from '../../../support/services/count-statements.ts';

const all = callerOf(NATIONWIDE);
const NOW_MS = 1_767_571_200_000;
const kiosk = kioskMessage().device;
const elsewhere = { ...kiosk, id: 'kiosk-9', jurisdiction: '510700' };
const text = (raw: string, change: Partial<NewMessage> = {}) => kioskMessage({ raw: Buffer.from(raw), ...change });

const SENT = [
  text('{"values":{"fill_pct":1}}'),
  text('{"values":{"fill_pct":101}}'),
  text('[{"values":{"fill_pct":1}},{"values":{"fill_pct":2}},{"values":{"nope":1}}]'),
  text('{"id":"e-1","type":"jam"}', { channel: 'event' }),
  text('{"id":"e-1","type":"jam"}', { channel: 'event' }),
  text('not json'),
  text('{"values":{"fill_pct":3}}', { device: elsewhere }),
];

t.test(
  'messages and records add up by kind and district, as of a position, through commits and restarts',
  async (t) => {
    const gateway = await startIngest(t);
    const receipts = [];
    for (const message of SENT) receipts.push(await gateway.ingest.intake.accept(message));
    const before = await gateway.ingest.ledger.balance(all);
    t.match(before.rows, [
      { jurisdiction: '330212', messages: { total: 6, waiting: 6 }, difference: 0 },
      { jurisdiction: '510700', messages: { total: 1, waiting: 1 }, difference: 0 },
    ]);
    t.equal(before.balanced, true);

    const [batch] = await drain(gateway.ingest, (_, index) => index === 1);
    const after = await gateway.ingest.ledger.balance(all);
    t.same(after.rows[0], {
      kind: 'recycling-kiosk',
      jurisdiction: '330212',
      messages: { total: 6, decoded: 5, deadLettered: 1, waiting: 0 },
      records: { total: 7, stored: 3, duplicate: 1, deadLettered: 3, waiting: 0 },
      difference: 0,
    });
    t.ok(after.balanced);
    t.same(after.asOf[0], `live-${gateway.ingest.lanes.live.journal.head}-${LIFE}`);

    await gateway.ingest.ledger.commit(batch!, []);
    t.same(await gateway.ingest.ledger.balance(all), after, 'a batch that comes twice counts once');
    await t.rejects(gateway.ingest.ledger.commit({ ...batch!, from: 1, to: 1e9 }, []), {
      code: 'conflict.state',
      message: /something else/,
    });
    await gateway.reopen();
    t.same(await gateway.ingest.ledger.balance(all), after, 'a restart changes nothing');
    await gateway.ingest.intake.accept(SENT[0]!);
    t.match((await gateway.ingest.ledger.balance(all)).rows, [
      { messages: { total: 7, waiting: 1 }, difference: 0 },
      {},
    ]);
    t.same(
      (await gateway.ingest.ledger.balance(callerOf('510000'))).rows.map((row) => row.jurisdiction),
      ['510700'],
    );
    t.same((await gateway.ingest.ledger.balance(callerOf('110000'))).rows, []);
  },
);

t.test('what a batch of readings did is entered with one statement, however much it holds', async (t) => {
  const { ingest } = await startIngest(t);
  await ingest.intake.accept(text('{"values":{"fill_pct":1}}'));
  await drain(ingest, () => false);
  for (let number = 0; number < 50; number += 1) await ingest.intake.accept(text(`{"values":{"fill_pct":${number}}}`));
  const offset = ingest.ledger.saved('live');
  const batch = await ingest.feed.read({ lane: 'live', offset }, new AbortController().signal);
  const statements = countStatements(t);
  await ingest.ledger.commit(batch, []);
  t.equal(statements.count, 1, statements.texts.join('; '));
  t.match((await ingest.ledger.balance(all)).rows, [{ messages: { decoded: 51, waiting: 0 }, difference: 0 }]);
  await ingest.ledger.commit(batch, []);
  t.match((await ingest.ledger.balance(all)).rows, [{ messages: { decoded: 51 } }], 'twice it counts once');
});

t.test('a message that vanished between journal and ledger shows as a difference', async (t) => {
  const { ingest } = await startIngest(t);
  for (const message of SENT) await ingest.intake.accept(message);
  const batch = await ingest.feed.read({ lane: 'live', offset: 0 }, new AbortController().signal);
  await ingest.ledger.commit({ ...batch, messages: batch.messages.slice(1) }, []);
  const { balanced, rows } = await ingest.ledger.balance(all);
  t.equal(balanced, false);
  t.equal(rows[0]?.difference, 1);
});

t.test('dead letters are listed, grouped and replayed, each only to whom they belong', async (t) => {
  const { ingest } = await startIngest(t);
  for (const message of SENT) await ingest.intake.accept(message);
  await ingest.intake.accept(text('{"values":{"fill_pct":500}}', { device: elsewhere }));
  await drain(ingest);
  const { items, next } = await ingest.deadLetters.list(all, { limit: 100 });
  t.equal(next, null);
  t.match(items.map(({ reason }) => reason).sort(), ['not-json', 'out-of-range', 'out-of-range', 'unknown-field']);
  const field = items.find(({ reason }) => reason === 'unknown-field');
  t.match(field, { index: 2, path: 'values.nope', value: '1', device: 'kiosk-1', receivedAtMs: NOW_MS });
  const pages: string[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page = await ingest.deadLetters.list(all, { limit: 1, ...(after ? { after } : {}) });
    pages.push(...page.items.map(({ id }) => id));
    after = page.next;
  }
  t.same(
    pages,
    items.map(({ id }) => id),
    'paging misses and repeats nothing',
  );
  t.equal((await ingest.deadLetters.list(callerOf('330000'), { limit: 10 })).items.length, 3);
  t.match(await ingest.deadLetters.groups(callerOf('510000')), [{ reason: 'out-of-range', count: 1, devices: 1 }]);

  const ids = items.map(({ id }) => id);
  const foreign = await ingest.deadLetters.replay(callerOf('110000'), [...ids, 'live-7', 'x']);
  t.same(foreign.replayed, []);
  t.ok(foreign.skipped.every(({ reason }) => reason === 'not-found'));
  t.same((await ingest.deadLetters.replay(all, [field!.id])).replayed, [field!.id]);
  t.match((await ingest.deadLetters.replay(all, [field!.id])).skipped, [{ reason: 'replayed-before' }]);
  await drain(ingest);
  const again = await ingest.deadLetters.list(all, { limit: 1 });
  t.match(again.items, [{ reason: 'unknown-field', index: 2 }], 'the kind is unchanged, so it is refused again');
  t.ok((await ingest.ledger.balance(all)).balanced);
});

t.test('a record the store refused comes in by its replay, once', async (t) => {
  const { ingest } = await startIngest(t);
  await ingest.intake.accept(text('[{"id":"a","type":"jam"},{"id":"b","type":"jam"}]', { channel: 'event' }));
  await drain(ingest, (_, index) => index === 1);
  const { items } = await ingest.deadLetters.list(all, { limit: 10 });
  t.match(items, [{ reason: 'store-refused', value: 'field-type: is a float already', index: 1 }]);
  await ingest.deadLetters.replay(all, [items[0]!.id]);
  const batches = await drain(ingest);
  const records = batches.flatMap((batch) => batch.messages).flatMap((message) => message.records);
  t.match(records, [{ index: 1, id: 'b', duplicate: false, atMs: NOW_MS }]);
  t.match((await ingest.ledger.balance(all)).rows, [{ records: { total: 3, stored: 2, deadLettered: 1 } }]);
});

t.test('after a kill a duplicate waits to be known again, and is never told as stored', async (t) => {
  const gateway = await startIngest(t);
  const receipts: string[] = [];
  for (const message of SENT) receipts.push((await gateway.ingest.intake.accept(message)).id);
  const story = async () =>
    (await gateway.ingest.messages.byReceipt(all, receipts[4]!))?.stages.map(({ outcome }) => outcome);
  await drain(gateway.ingest);
  t.same(await story(), ['durable', 'decoded', 'duplicate']);
  await gateway.reopenWithoutIndex();
  t.same(await story(), ['durable', 'decoded', 'waiting']);
  const { feed, lanes } = gateway.ingest;
  const waiting = new AbortController();
  const reading = feed.read({ lane: 'live', offset: lanes.live.journal.head }, waiting.signal, 'telemetry');
  await feed.saveIndex('live');
  t.same(await story(), ['durable', 'decoded', 'duplicate']);
  waiting.abort();
  await reading;
});

t.test('what happened to a message is answered at each stage, and only to whom it concerns', async (t) => {
  const { ingest } = await startIngest(t);
  const receipts: string[] = [];
  for (const message of SENT) receipts.push((await ingest.intake.accept(message)).id);
  const story = async (at: number) =>
    (await ingest.messages.byReceipt(all, receipts[at]!))?.stages.map(({ outcome }) => outcome);
  t.same(await story(0), ['durable', 'decoded', 'waiting']);
  await drain(ingest);
  t.same(await story(0), ['durable', 'decoded', 'stored']);
  t.same(await story(1), ['durable', 'decoded', 'dead-lettered']);
  t.same(await story(2), ['durable', 'decoded', 'mixed']);
  t.same(await story(4), ['durable', 'decoded', 'duplicate']);
  t.same(await story(5), ['durable', 'dead-lettered', 'dead-lettered']);
  const told = await ingest.messages.byReceipt(all, receipts[2]!);
  t.match(told?.stages, [
    { detail: /75 bytes, jurisdiction 330212, packet 1/ },
    { detail: 'recycling-kiosk@1; 3 records; record 2 unknown-field values.nope 1' },
    { detail: '2 stored, 1 dead-lettered' },
  ]);
  for (const id of ['live-1', 'live-999999', 'bulk-0', 'nonsense'])
    t.equal(await ingest.messages.byReceipt(all, id), null, id);
  t.equal(await ingest.messages.byReceipt(callerOf('510000'), receipts[0]!), null);
  moved.set('kiosk-1', '510700');
  t.match(await ingest.messages.byReceipt(callerOf('510000'), receipts[0]!), { device: 'kiosk-1' }, 'it has moved');
  t.equal(await ingest.messages.byReceipt(callerOf('330000'), receipts[0]!), null);
  t.same(await ingest.messages.byDevice(callerOf('330000'), 'kiosk-1', NOW_MS - 1, NOW_MS + 1), []);
  moved.clear();
  const mine = await ingest.messages.byDevice(all, 'kiosk-1', NOW_MS - 1, NOW_MS + 1);
  t.same(
    mine.map(({ receipt }) => receipt),
    receipts.slice(0, 6),
  );
  t.same(await ingest.messages.byDevice(callerOf('510000'), 'kiosk-1', NOW_MS - 1, NOW_MS + 1), []);
  t.same(await ingest.messages.byDevice(all, 'kiosk-1', NOW_MS + 1, NOW_MS + 2), []);
  await t.rejects(ingest.messages.byDevice(all, 'kiosk-1', 0, 600_001), { code: 'request.invalid' });
});

t.test('old dead letters are pruned, newer ones stay', async (t) => {
  const { ingest } = await startIngest(t);
  const nowMs = Date.now();
  await ingest.intake.accept(text('old', { receivedAtMs: nowMs - 31 * 86_400_000 }));
  await ingest.intake.accept(text('new', { receivedAtMs: nowMs }));
  await drain(ingest);
  t.equal(await ingest.deadLetters.prune(Date.now()), 1);
  t.match((await ingest.deadLetters.list(all, { limit: 10 })).items, [{ receivedAtMs: nowMs }]);
  t.equal(await ingest.deadLetters.prune(Date.now()), 0);
});

t.test('a message that is pruned in two goes keeps its bytes until its last record is gone', async (t) => {
  const { ingest, database } = await startIngest(t);
  const db = database.tables<IngestTables>();
  await sql`insert into dead_letter select 'live', n / 21, n % 21, 'empty', '', '', 'd', 'k', 1, null, '330212',
    'telemetry', 't', n / 21, null from generate_series(0, 10499) n`.execute(db);
  await sql`insert into dead_letter_payload select 'live', n, 'x'::bytea from generate_series(0, 499) n`.execute(db);
  t.equal(await ingest.deadLetters.prune(Date.now()), 10_000);
  const left = await db.selectFrom('dead_letter').select('journal_offset').distinct().execute();
  const payloads = await db.selectFrom('dead_letter_payload').select('journal_offset').execute();
  t.same(payloads.map(Object.values).sort(), left.map(Object.values).sort());
  t.equal(await ingest.deadLetters.prune(Date.now()), 500);
  t.same(await db.selectFrom('dead_letter_payload').selectAll().execute(), []);
});

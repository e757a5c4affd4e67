import t from 'tap';
import { NATIONWIDE } from '../../../../src/core/jurisdiction.ts';
import type { NewMessage } from '../../../../src/core/types.ts';
import type { IngestTables } from '../../../../src/ingest/ledger/tables.ts';
import { callerOf, drain, PAYLOADS, startIngest } from '../../../support/ingest/ingest.ts';
import { kioskMessage } from '../../../support/ingest/journal.ts';

const all = callerOf(NATIONWIDE);
const SENT: [string, Partial<NewMessage>?][] = [
  ['{"values":{"fill_pct":1,"heart_rate":4711}}'],
  ['{"values":{"fill_pct":101,"note":"4111111111111111"}}'],
  ['{"values":{"firmware":"4111111111111111"'],
  ['[{"values":{"fill_pct":101}},{"values":{"client_macs":["3c:2a:f4:10:22:9e"]}},{"values":{"fill_pct":2}}]'],
  ['{"id":"4111111111111111","type":"jam"}', { channel: 'event' }],
  ['{"values":{"fill_pct":1,"holder":"11010519491231002X"}}'],
  ['{"values":{"fill_pct":1}}', { device: { ...kioskMessage().device, kindVersion: 99 } }],
];

t.test('of what must not enter nothing is left but the reason', async (t) => {
  const { ingest, database } = await startIngest(t);
  for (const [raw, change] of SENT) await ingest.intake.accept(kioskMessage({ raw: Buffer.from(raw), ...change }));
  await drain(ingest);
  const { items } = await ingest.deadLetters.list(all, { limit: 100 });
  t.strictSame(items.map(({ reason, path, value }) => `${reason} ${path} ${value}`).sort(), [
    'forbidden-card firmware [hidden]',
    'forbidden-card id [hidden]',
    'forbidden-card note [hidden]',
    'forbidden-health values.heart_rate [hidden]',
    'forbidden-identity values.holder [hidden]',
    'forbidden-mac values.client_macs [hidden]',
    'out-of-range values.fill_pct 101',
    'unknown-kind  recycling-kiosk@99',
  ]);
  const db = database.tables<IngestTables>();
  const kept = await db.selectFrom('dead_letter_payload').selectAll().execute();
  t.strictSame(
    kept.map((row) => PAYLOADS.open(row).toString()),
    ['{"values":{"fill_pct":1}}'],
    'only of the harmless one',
  );
  const rows = JSON.stringify(await db.selectFrom('dead_letter').selectAll().execute());
  t.notMatch(rows, /4111111|4711|3c:2a|19491231/);
  const forbidden = items.filter(({ reason }) => reason.startsWith('forbidden-'));
  const { replayed, skipped } = await ingest.deadLetters.replay(
    all,
    forbidden.map(({ id }) => id),
  );
  t.strictSame(replayed, []);
  t.ok(skipped.every(({ reason }) => reason === 'payload-not-kept'));
  t.ok((await ingest.ledger.balance(all)).balanced);
  for (const { receipt } of items) {
    const story = JSON.stringify(await ingest.messages.byReceipt(all, receipt));
    t.notMatch(story, /4111111|4711|3c:2a|19491231/, 'nor does the explanation give it away');
  }
});

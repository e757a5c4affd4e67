import t from 'tap';
import { callerOf, startIngest } from '../../support/ingest/ingest.ts';
import { kioskMessage } from '../../support/ingest/journal.ts';

const caller = callerOf('000000');

t.test(
  'a record beyond the budget of series, and a message that kills a reader, are told at their stage',
  async (t) => {
    const { ingest } = await startIngest(t);
    const raw = Buffer.from('[{"id":"a","values":{"fill_pct":1}},{"id":"b","values":{"fill_pct":2}}]');
    const surplus = await ingest.intake.accept(kioskMessage({ raw }));
    const deadly = await ingest.intake.accept(kioskMessage());
    const batch = await ingest.feed.read({ lane: 'live', offset: 0 }, new AbortController().signal);
    const poison = { index: null, reason: 'poison', path: '', value: '' };
    const messages = batch.messages.map((one, at) => (at === 0 ? one : { ...one, records: [], refusals: [poison] }));
    const late = { index: 1, reason: 'series-budget', path: 'values.lane', detail: '7' };
    await ingest.ledger.commit({ ...batch, messages }, [{ offset: surplus.position.offset, ...late }]);
    const story = await ingest.messages.byReceipt(caller, surplus.id);
    const detail = '1 stored, 1 dead-lettered; record 1: series-budget values.lane "7"';
    t.match(story?.stages[2], { stage: 'stored', outcome: 'mixed', detail });
    t.match((await ingest.messages.byReceipt(caller, deadly.id))?.stages[2], {
      outcome: 'dead-lettered',
      detail: 'poison',
    });
    const { items } = await ingest.deadLetters.list(caller, { limit: 10, reason: 'series-budget' });
    t.match(items, [{ path: 'values.lane', value: '"7"', index: 1, kindVersion: 1 }]);
    t.ok((await ingest.ledger.balance(caller)).balanced);
  },
);

t.test('the story of a message says in what it was written, unless that is JSON', async (t) => {
  const { ingest } = await startIngest(t);
  const device = { ...kioskMessage().device, kindVersion: 2 };
  const [fits, broken] = ['a16676616c756573a16866696c6c5f70637401', 'a166'];
  const told = async (digits: string) => {
    const { id } = await ingest.intake.accept(kioskMessage({ device, raw: Buffer.from(digits, 'hex') }));
    return (await ingest.messages.byReceipt(caller, id))?.stages[1];
  };
  t.match(await told(fits), { outcome: 'decoded', detail: 'recycling-kiosk@2 in cbor; 1 records' });
  const detail = 'recycling-kiosk@2 in cbor; message not-cbor 2 bytes';
  t.match(await told(broken), { outcome: 'dead-lettered', detail });
});

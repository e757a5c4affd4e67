import t from 'tap';
import { callerOf, startIngest } from '../../support/ingest.ts';
import { kioskMessage } from '../../support/journal.ts';

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

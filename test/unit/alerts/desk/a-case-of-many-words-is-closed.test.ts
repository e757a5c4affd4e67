import t from 'tap';
import type { Deed } from '../../../../src/alerts/desk/life/deeds.ts';
import { step } from '../../../../src/alerts/desk/life/steps.ts';
import type { AlertRow } from '../../../../src/alerts/desk/tables.ts';
import { alertRow } from '../../../support/alerts/alert-row.ts';

const doer = { id: 'li', name: 'li', nowMs: 9_000 };
const said = (count: number) => Array.from({ length: count }, (_, n) => ({ by: 'wang', atMs: n, text: `no. ${n}` }));
const full: AlertRow = { ...alertRow(), comments: said(200) };
const done = (alert: AlertRow, deed: Deed): AlertRow => step(alert, deed, doer)!.alert;

t.test('after 200 comments there is no other, and every deed that says something is done', async (t) => {
  t.throws(() => step(full, { does: 'comment', text: 'one more' }, doer), { message: /at most 200 comments/ });
  for (const does of ['close', 'feedback'] as const) {
    const deed = does === 'close' ? { does, verdict: 'confirmed' as const, text: '已处置' } : { does, text: '已处置' };
    const { comments } = done(full, deed);
    t.match([comments.length, comments[0], comments.at(-1)], [201, { text: 'no. 0' }, { by: 'li', text: '已处置' }]);
  }
  const closed = done(full, { does: 'close', verdict: 'confirmed', text: '已处置' });
  t.match(done(closed, { does: 'reopen', text: '又起火' }), { handling: 'acked', comments: { length: 202 } });
});

t.test('what is said with deeds does not grow for ever', async (t) => {
  const { comments } = done({ ...full, comments: said(400) }, { does: 'feedback', text: '到场' });
  t.match([comments.length, comments[0], comments.at(-1)], [400, { text: 'no. 1' }, { text: '到场' }]);
});

import t from 'tap';
import { type Deed, maskedDeed } from '../../../../src/alerts/desk/life/deeds.ts';
import { step } from '../../../../src/alerts/desk/life/steps.ts';
import { alertRow } from '../../../support/alerts/alert-row.ts';

const SAID = 'seen 浙B·12345';
const TOLD = 'seen 浙B***45';
const LI = { id: 'li', name: 'Li', nowMs: 5_000 };

t.test('what is said with a deed has its plates masked; whom it is assigned to stays', async (t) => {
  const deeds: [asked: Deed, masked: Deed][] = [
    ...(['feedback', 'comment', 'reopen'] as const).map((does): [Deed, Deed] => [
      { does, text: SAID },
      { does, text: TOLD },
    ]),
    ...(['shelve', 'snooze'] as const).map((does): [Deed, Deed] => [
      { does, forMs: 1, reason: SAID },
      { does, forMs: 1, reason: TOLD },
    ]),
    [
      { does: 'close', verdict: 'drill', text: SAID },
      { does: 'close', verdict: 'drill', text: TOLD },
    ],
    [
      { does: 'dispatch', unit: SAID },
      { does: 'dispatch', unit: TOLD },
    ],
    [
      { does: 'arrive', unit: SAID },
      { does: 'arrive', unit: TOLD },
    ],
  ];
  for (const [asked, masked] of deeds) {
    t.same(maskedDeed(asked), masked, asked.does);
    t.same(maskedDeed(masked), masked, 'twice is as once');
  }
  const silent: Deed[] = [
    { does: 'assign', to: '浙B12345' },
    { does: 'ack', forMs: 1 },
    { does: 'snooze', forMs: 1, reason: null },
    { does: 'close', verdict: 'drill', text: undefined },
    { does: 'arrive', unit: undefined },
    { does: 'show' },
  ];
  for (const deed of silent) t.same(maskedDeed(deed), deed, deed.does);
});

t.test('an alert keeps what was said masked, and what it is told by', async (t) => {
  const commented = step(alertRow({}), { does: 'comment', text: SAID }, LI);
  t.match(commented?.alert.comments, [{ by: 'Li', text: TOLD }]);
  const hit = alertRow({ data: { plate: '浙B***45', lane: 1 } });
  const short = step(hit, { does: 'comment', text: 'B12345 went north past B98765' }, LI);
  t.match(short?.alert.comments, [{ text: '浙B***45 went north past B98765' }], 'its own plate, also without a place');
});

t.test('a second unit is sent, though its plate is told as that of the first', async (t) => {
  const first = step(alertRow({}), { does: 'dispatch', unit: '浙B1234警' }, LI)!;
  t.match(first, { event: 'alert.dispatched', alert: { unit: '浙B***4警' } });
  const second = step(first.alert, { does: 'dispatch', unit: '浙B5674警' }, { ...LI, nowMs: 6_000 });
  t.match(second, { event: 'alert.dispatched', alert: { unit: '浙B***4警', version: first.alert.version + 1 } });
  const named = step(alertRow({}), { does: 'dispatch', unit: 'patrol 7' }, LI)!;
  t.equal(step(named.alert, { does: 'dispatch', unit: 'patrol 7' }, LI), null, 'one without a plate is the same');
});

import fc from 'fast-check';
import t from 'tap';
import {
  type Act,
  awaitsApproval,
  EMERGENCY_MS,
  endsAtMs,
  newOrder,
  type Order,
  orderIsOver,
  step,
} from '../../../../src/alerts/watchlists/order.ts';

const [LI, WANG, ZHAO] = ['li', 'wang', 'zhao'].map((id) => ({ id, name: id })) as [
  { id: string; name: string },
  { id: string; name: string },
  { id: string; name: string },
];
const UNTIL = 1_000_000;

/** An order after these acts at their times; throws where one is refused. */
function after(order: Order, ...acts: [Act, number][]): Order {
  return acts.reduce((now, [act, atMs]) => {
    const taken = step(now, act, atMs);
    if (taken === null) return now;
    if ('refused' in taken) throw new Error(`${act.type}: ${taken.why}`);
    return taken.order;
  }, order);
}

const draft = newOrder(LI, { fromMs: null, untilMs: UNTIL, emergency: false }, 0);
const requested = after(draft, [{ type: 'request', by: LI }, 1]);
const approved = after(requested, [{ type: 'approve', by: WANG }, 2]);
const refused = (order: Order, act: Act, atMs = 3) => {
  const taken = step(order, act, atMs);
  return taken !== null && 'refused' in taken ? taken.refused : null;
};

t.test('an order is asked for, approved by somebody else, renewed and revoked', async (t) => {
  t.match(draft, { state: 'draft', requestedBy: null });
  t.match(requested, { state: 'requested', requestedBy: LI });
  t.equal(refused(requested, { type: 'approve', by: LI }), 'same-person');
  t.equal(refused(requested, { type: 'reject', by: LI, reason: 'x' }), 'same-person');
  t.match(approved, { state: 'active', approvedBy: WANG });
  t.equal(refused(approved, { type: 'withdraw', by: LI }), 'state', 'what was approved takes two to end');
  const asked = after(approved, [{ type: 'ask-renewal', by: LI, untilMs: 2 * UNTIL, reason: 'goes on' }, 3]);
  t.equal(refused(asked, { type: 'approve', by: LI }), 'same-person');
  t.equal(refused(asked, { type: 'ask-revocation', by: ZHAO, reason: 'x' }), 'state', 'one thing at a time');
  t.equal(asked.untilMs, UNTIL, 'nothing changes before it is approved');
  t.match(after(asked, [{ type: 'approve', by: WANG }, 4]), { state: 'active', untilMs: 2 * UNTIL, asked: null });
  t.match(after(asked, [{ type: 'reject', by: WANG, reason: 'no' }, 4]), {
    state: 'active',
    untilMs: UNTIL,
    asked: null,
  });
  const ending = after(approved, [{ type: 'ask-revocation', by: LI, reason: 'found' }, 3]);
  t.match(ending, { state: 'active' });
  const revoked = after(ending, [{ type: 'approve', by: ZHAO }, 4]);
  t.match(revoked, { state: 'revoked', ended: { by: ZHAO, reason: 'found', atMs: 4 } });
  t.equal(refused(revoked, { type: 'ask-renewal', by: LI, untilMs: 3 * UNTIL, reason: 'x' }), 'state');
  const rejected = after(requested, [{ type: 'reject', by: WANG, reason: 'no case' }, 2]);
  t.match(rejected, { state: 'rejected', ended: { by: WANG, reason: 'no case' } });
});

t.test('an emergency is in force at once, and ends by itself unless it is approved in time', async (t) => {
  const urgent = newOrder(LI, { fromMs: null, untilMs: 10 * EMERGENCY_MS, emergency: true }, 5);
  t.match(urgent, { state: 'active', approveByMs: 5 + EMERGENCY_MS });
  t.notOk(orderIsOver(urgent, 4 + EMERGENCY_MS));
  t.ok(orderIsOver(urgent, 5 + EMERGENCY_MS), 'before anybody writes it down');
  const late = after(urgent, [{ type: 'time' }, 5 + EMERGENCY_MS]);
  t.match(late, { state: 'expired', ended: { by: null, reason: /in time/ } });
  t.equal(refused(urgent, { type: 'approve', by: WANG }, 5 + EMERGENCY_MS), 'state', 'too late');
  const kept = after(urgent, [{ type: 'approve', by: WANG }, 6]);
  t.notOk(orderIsOver(kept, 5 + EMERGENCY_MS));
  t.equal(endsAtMs(kept), 10 * EMERGENCY_MS);
  t.match(after(urgent, [{ type: 'withdraw', by: LI }, 6]), { state: 'withdrawn' });
});

const people = fc.constantFrom(LI, WANG, ZHAO);
const acts: fc.Arbitrary<Act> = fc.oneof(
  ...(['request', 'approve', 'withdraw'] as const).map((type) => fc.record({ type: fc.constant(type), by: people })),
  fc.record({ type: fc.constant('reject' as const), by: people, reason: fc.constant('r') }),
  fc.record({ type: fc.constant('ask-revocation' as const), by: people, reason: fc.constant('r') }),
  fc.record({
    type: fc.constant('ask-renewal' as const),
    by: people,
    untilMs: fc.integer({ min: 0, max: 3 * UNTIL }),
    reason: fc.constant('r'),
  }),
  fc.constant({ type: 'time' as const }),
);

t.test('whatever is done in whatever order, two people stand behind what is in force and behind its end', async () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(fc.tuple(acts, fc.integer({ min: 0, max: UNTIL / 4 })), { maxLength: 30 }),
      (emergency, steps) => {
        let order = newOrder(LI, { fromMs: null, untilMs: UNTIL, emergency }, 0);
        let nowMs = 0;
        for (const [act, passed] of steps) {
          nowMs += passed;
          const taken = step(order, act, nowMs);
          if (taken === null || 'refused' in taken) continue;
          const before = order;
          order = taken.order;
          hold(before.ended === null, 'nothing happens after the end');
          hold((order.ended === null) === ['draft', 'requested', 'active'].includes(order.state), 'ended is ended');
          if (taken.action === 'approve') hold(order.requestedBy!.id !== order.approvedBy!.id, 'two people approve');
          if (taken.action === 'renew') hold(order.approvedBy!.id !== before.asked!.by.id, 'two people renew');
          if (order.state === 'active' && !awaitsApproval(order)) hold(order.approvedBy !== null, 'somebody approved');
          if (order.state === 'revoked') hold(order.ended!.by!.id !== before.asked!.by.id, 'two people revoke');
          if (order.state === 'withdrawn') hold(before.approvedBy === null, 'only what nobody approved');
          if (order.untilMs !== before.untilMs) hold(before.asked?.what === 'renewal', 'only by renewal');
          if (order.state === 'active' && before.state !== 'active') hold(act.type === 'approve', 'only by approval');
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

function hold(is: boolean, what: string): void {
  if (!is) throw new Error(what);
}

import fc from 'fast-check';
import t from 'tap';
import { type Happening, isOpen, judgeReply, type Life, step } from '../../../../src/ingest/commands/life.ts';

const DEADLINE_MS = 1_000;
const NEW: Life = { device: 'k1', state: 'queued', deadlineAtMs: DEADLINE_MS, replied: false };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.constant<Happening>({ what: 'sent' }),
  fc.constant<Happening>({ what: 'delivered' }),
  fc.record({ what: fc.constant('time' as const), untilMs: fc.integer({ min: 0, max: 2_000 }) }),
  fc.record({
    what: fc.constant('reply' as const),
    from: fc.constantFrom('k1', 'k1', 'k1', 'k2'),
    ok: fc.boolean(),
    receivedAtMs: fc.integer({ min: 0, max: 2_000 }),
  }),
);

t.test('whatever happens in whatever order, there is exactly one outcome, and it is the right one', async (t) => {
  const property = fc.property(fc.array(happening, { maxLength: 30 }), (all) => {
    let life = NEW;
    let outcome: Life['state'] | null = null;
    for (const next of [...all, { what: 'time', untilMs: Number.MAX_SAFE_INTEGER } as const]) {
      const before = life;
      life = step(life, next);
      if (outcome !== null && life.state !== outcome) return false;
      if (isOpen(life.state)) continue;
      outcome = life.state;
      if (isOpen(before.state) && !explains(next, life.state)) return false;
    }
    return outcome !== null && (life.state === 'expired' || life.replied);
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 5_000 }));
});

/** What may close a command, as plainly as it can be said. */
function explains(what: Happening, state: Life['state']): boolean {
  if (what.what === 'time') return state === 'expired' && what.untilMs > DEADLINE_MS;
  if (what.what !== 'reply' || what.from !== 'k1') return false;
  if (what.receivedAtMs > DEADLINE_MS) return state === 'expired';
  return state === (what.ok ? 'answered' : 'failed');
}

t.test('being sent or delivered again never takes a command back', async (t) => {
  const delivered = step(NEW, { what: 'delivered' });
  t.equal(delivered.state, 'delivered');
  t.equal(step(delivered, { what: 'sent' }), delivered);
  const answered = step(delivered, { what: 'reply', from: 'k1', ok: true, receivedAtMs: 1 });
  for (const what of ['sent', 'delivered'] as const) t.equal(step(answered, { what }), answered);
});

t.test('a reply is judged by whose it is, whether it is the first, and when it came', async (t) => {
  const reply = { from: 'k1', ok: true, receivedAtMs: DEADLINE_MS };
  t.equal(judgeReply(NEW, reply), 'answered', 'in the last millisecond');
  t.equal(judgeReply(NEW, { ...reply, ok: false }), 'failed');
  t.equal(judgeReply(NEW, { ...reply, from: 'k2' }), 'foreign');
  t.equal(judgeReply(NEW, { ...reply, receivedAtMs: DEADLINE_MS + 1 }), 'late');
  const tooLate = { what: 'reply', ...reply, receivedAtMs: DEADLINE_MS + 1 } as const;
  t.match(step(NEW, tooLate), { state: 'expired', replied: true }, 'also where nobody had looked at the clock yet');
  const expired: Life = { ...NEW, state: 'expired' };
  t.equal(judgeReply(expired, reply), 'late');
  const late = step(expired, { what: 'reply', ...reply });
  t.match(late, { state: 'expired', replied: true }, 'kept, and still expired');
  t.equal(judgeReply(late, reply), 'again');
});

import fc from 'fast-check';
import t from 'tap';
import { LOOP_TIMES } from '../../../../src/devices/cameras/event-loop.ts';
import {
  beginSubscription,
  type SubscriptionEffect,
  type SubscriptionInput,
  type SubscriptionTimes,
  subscriptionStep,
} from '../../../../src/devices/cameras/events-machine.ts';

const TIMES: SubscriptionTimes = LOOP_TIMES;

/** What the world makes of the next effect. */
const whim = fc.record({
  takesMs: fc.integer({ min: 0, max: 3_000 }),
  grantedMs: fc.integer({ min: 2_000, max: 60_000 }),
  renews: fc.boolean(),
  messages: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1_000 })),
  /** Part of the time a pull is kept waiting. */
  waits: fc.double({ min: 0, max: 1, noNaN: true }),
  refused: fc.boolean(),
  fails: fc.integer({ min: 0, max: 40 }).map((chance) => chance === 0),
});
type Whim = typeof whim extends fc.Arbitrary<infer Value> ? Value : never;

type Asked = Exclude<SubscriptionEffect, { type: 'healthy' | 'end' }>;

function answer(effect: Asked, { grantedMs, renews, messages, refused, fails }: Whim, atMs: number): SubscriptionInput {
  if (fails && effect.type !== 'pause' && effect.type !== 'store') return { type: 'failed', reason: 'trouble' };
  switch (effect.type) {
    case 'subscribe':
      return { type: 'subscribed', grantedMs, atMs };
    case 'renew':
      return { type: 'renewed', grantedMs: renews ? grantedMs : null, atMs };
    case 'pull':
      return { type: 'pulled', messages, events: messages > 0 && refused, atMs };
    case 'store':
      return { type: refused ? 'refused' : 'stored', atMs };
    case 'pause':
      return { type: 'woke', atMs };
  }
}

/** How long the effect takes in this world. */
function duration(effect: Asked, { takesMs, waits }: Whim): number {
  if (effect.type === 'pause') return effect.ms;
  return effect.type === 'pull' ? effect.timeoutMs * waits : takesMs / 10;
}

t.test('whatever the camera and the journal do', async () => {
  const step = subscriptionStep(TIMES);
  fc.assert(
    fc.property(fc.boolean(), fc.array(whim, { minLength: 1, maxLength: 300 }), (startsOwed, whims) => {
      let atMs = 1_000;
      let { state, effects } = beginSubscription(startsOwed, atMs);
      let owed = startsOwed;
      let endsAtMs = Number.POSITIVE_INFINITY;
      let pulls = 0;
      let messages = 0;
      for (const one of whims) {
        const asked = effects.filter((effect): effect is Asked => effect.type !== 'healthy' && effect.type !== 'end');
        if (effects.some(({ type }) => type === 'end')) {
          if (asked.length > 0) throw new Error('something is asked after the end');
          break;
        }
        const [effect] = asked;
        if (!effect || asked.length > 1) throw new Error(`${asked.length} effects ask at once`);
        if (effect.type === 'pull' && owed) throw new Error('more is asked for while an event is owed');
        if (effect.type === 'pull' && effect.timeoutMs > TIMES.pullMs) throw new Error('a pull waits too long');
        if (effect.type === 'pull' && atMs + effect.timeoutMs > endsAtMs) throw new Error('a pull outlives the term');
        if (effect.type === 'pause' && !(effect.ms > 0 && effect.ms <= 60_000)) throw new Error('a pause without end');
        atMs += duration(effect, one);
        const input = answer(effect, one, atMs);
        if (input.type === 'subscribed') endsAtMs = atMs + input.grantedMs;
        // Refused renewal: the pulls keep it alive, or it ends and the next pull fails.
        if (input.type === 'renewed') endsAtMs = atMs + (input.grantedMs ?? Number.POSITIVE_INFINITY);
        if (input.type === 'pulled') {
          pulls += 1;
          messages += input.messages;
          owed = input.events;
        }
        if (input.type === 'stored') owed = false;
        ({ state, effects } = step(state, input));
      }
      if (pulls > (atMs - 1_000) / TIMES.gapMs + 1) throw new Error('pulls follow each other without a gap');
      const paidMs = (messages - 1_000) * TIMES.messageMs - TIMES.burstMs;
      if (paidMs > atMs - 1_000) throw new Error(`${messages} messages in ${atMs} ms`);
      if (state.ended && effects.length > 1) throw new Error('it goes on after its end');
    }),
    { numRuns: 400 },
  );
});

t.test('a camera that answers empty at once is asked once a second', async (t) => {
  const step = subscriptionStep(TIMES);
  let atMs = 0;
  let next = beginSubscription(false, atMs);
  let pulls = 0;
  while (atMs < 25_000) {
    const effect = next.effects.find(({ type }) => type !== 'healthy');
    if (effect?.type === 'pause') atMs += effect.ms;
    if (effect?.type === 'pull') pulls += 1;
    const inputs: Record<string, SubscriptionInput> = {
      subscribe: { type: 'subscribed', grantedMs: 60_000, atMs },
      pull: { type: 'pulled', messages: 0, events: false, atMs },
      pause: { type: 'woke', atMs },
      renew: { type: 'renewed', grantedMs: 60_000, atMs },
    };
    next = step(next.state, inputs[effect?.type ?? '']!);
  }
  t.equal(pulls, 25);
});

t.test('events resume within 30 s of whatever it was', async (t) => {
  const { pullMs, slackMs, backoffMinMs, backoffMaxMs, askMs } = LOOP_TIMES;
  t.ok(pullMs + slackMs + backoffMinMs <= 25_000, 'a pull that nobody answers, and the first pause');
  t.ok(backoffMaxMs + askMs <= 30_000, 'a try that fails just before the camera is back, and the longest pause');
});

t.test('a subscription that has worked for a while is a success', async (t) => {
  const step = subscriptionStep(TIMES);
  const granted = step(beginSubscription(false, 0).state, { type: 'subscribed', grantedMs: 60_000, atMs: 0 });
  const early = step(granted.state, { type: 'pulled', messages: 0, events: false, atMs: 5_000 });
  t.notOk(early.effects.some(({ type }) => type === 'healthy'));
  const later = step(early.state, { type: 'pulled', messages: 0, events: false, atMs: 20_000 });
  t.ok(later.effects.some(({ type }) => type === 'healthy'));
});

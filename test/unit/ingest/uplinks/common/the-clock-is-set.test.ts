import t from 'tap';
import { HOUR_MS } from '../../../../../src/core/clock.ts';
import { CitywatchError } from '../../../../../src/core/errors.ts';
import type { Message, NewMessage } from '../../../../../src/core/types.ts';
import { ClockJumps } from '../../../../../src/ingest/uplinks/common/clock-jumps.ts';
import { Intake } from '../../../../../src/ingest/uplinks/common/intake.ts';
import { UNTROUBLED, wordsBy } from '../../../../support/ingest/intake.ts';
import { kioskMessage } from '../../../../support/ingest/journal.ts';
import { ManualClock } from '../../../../support/time/clock.ts';

t.test('that the clock was set stands in the journal before the first message of the new time', async (t) => {
  const clock = new ManualClock();
  const topics: string[] = [];
  let isFull = false;
  const append = async (message: NewMessage): Promise<Message> => {
    if (isFull) throw new CitywatchError('ingest.full');
    topics.push(message.topic);
    return { ...message, lane: 'live', incarnation: '', offset: topics.length, endOffset: topics.length + 1 };
  };
  const intake = new Intake({ live: { append, full: () => isFull } }, { ...UNTROUBLED, clock, words: wordsBy(clock) });
  const take = (topic: string) => intake.accept(kioskMessage({ topic, receivedAtMs: clock.nowMs() }));
  await take('a');
  t.ok(intake.isClockKnown());
  clock.setWall(clock.nowMs() + 24 * HOUR_MS);
  await Promise.all([take('b'), take('c')]);
  t.same(topics, ['a', 'internal/clock', 'b', 'c']);
  t.ok(intake.isClockKnown());
  isFull = true;
  clock.setWall(clock.nowMs() - HOUR_MS);
  await t.rejects(take('d'), { code: 'ingest.full' });
  t.notOk(intake.isClockKnown(), 'no rule may count by a clock that the journal does not know of');
  await clock.advance(0);
  isFull = false;
  await take('e');
  t.same(topics.slice(4), ['internal/clock', 'e'], 'it is written down as soon as there is room');
});

/** An intake whose journal stores the news of a jump only when `answers` say so, and all else at once. */
function hesitant() {
  const clock = new ManualClock();
  const topics: string[] = [];
  const answers: ((error?: Error) => void)[] = [];
  const append = async (message: NewMessage): Promise<Message> => {
    if (message.topic === 'internal/clock')
      await new Promise<void>((resolve, reject) => answers.push((error) => (error ? reject(error) : resolve())));
    topics.push(message.topic);
    return { ...message, lane: 'live', incarnation: '', offset: topics.length, endOffset: topics.length + 1 };
  };
  const live = { append, full: () => false };
  const intake = new Intake({ live }, { ...UNTROUBLED, clock, words: wordsBy(clock) });
  const take = (topic: string) => intake.accept(kioskMessage({ topic, receivedAtMs: clock.nowMs() }));
  return { clock, topics, answers, take };
}

t.test('no message of the new time is stored where the jump before it could not be', async (t) => {
  const { clock, topics, answers, take } = hesitant();
  clock.setWall(clock.nowMs() + HOUR_MS);
  const both = Promise.allSettled([take('a'), take('b')]);
  await clock.advance(0);
  answers[0]?.(new CitywatchError('ingest.full'));
  const third = Promise.allSettled([take('c')]);
  t.match([...(await both), ...(await third)], Array(3).fill({ status: 'rejected', reason: { code: 'ingest.full' } }));
  t.same(topics, []);
  const again = take('d');
  answers[1]?.();
  await again;
  t.same(topics, ['internal/clock', 'd']);
});

t.test(
  'messages that wait for a jump to be written down keep their order, also with those that come then',
  async (t) => {
    const { clock, topics, answers, take } = hesitant();
    clock.setWall(clock.nowMs() + HOUR_MS);
    const sent = [take('first'), take('second')];
    answers[0]?.();
    // As senders do whose turn comes while the first is being woken.
    for (let turn = 0; turn < 8; turn += 1) {
      await Promise.resolve();
      sent.push(take(`after ${turn} turns`));
    }
    await Promise.all(sent);
    const later = Array.from({ length: 8 }, (_, turn) => `after ${turn} turns`);
    t.same(topics, ['internal/clock', 'first', 'second', ...later]);
  },
);

t.test('a clock that is set is told of once, forward and back; time that passes and small steps are not', async (t) => {
  const clock = new ManualClock();
  let told = 0;
  const tell = async () => {
    told += 1;
  };
  const jumps = new ClockJumps({ clock, tell });
  await clock.advance(24 * HOUR_MS);
  clock.setWall(clock.nowMs() + 900);
  t.equal(jumps.look(), null);
  for (const byMs of [24 * HOUR_MS, -HOUR_MS]) {
    clock.setWall(clock.nowMs() + byMs);
    const told = jumps.look();
    t.ok(told, 'it is being told');
    t.equal(jumps.look(), told, 'once');
    await told;
    t.equal(jumps.look(), null);
  }
  t.equal(told, 2);
});

t.test('a jump that cannot be written down is told again, and one that comes meanwhile too', async (t) => {
  const clock = new ManualClock();
  const answers: ((error?: Error) => void)[] = [];
  const tell = () =>
    new Promise<void>((resolve, reject) => answers.push((error) => (error ? reject(error) : resolve())));
  const jumps = new ClockJumps({ clock, tell });
  clock.setWall(clock.nowMs() + HOUR_MS);
  const failed = jumps.look();
  answers[0]?.(new Error('full'));
  await t.rejects(failed ?? Promise.resolve(), { message: 'full' });
  const first = jumps.look();
  t.equal(answers.length, 2);
  clock.setWall(clock.nowMs() + HOUR_MS);
  const second = jumps.look();
  t.equal(answers.length, 3, 'the second jump does not wait for the first');
  answers[1]?.();
  await first;
  t.equal(jumps.look(), second, 'the first alone is not enough');
  answers[2]?.();
  await second;
  t.equal(jumps.look(), null);
});

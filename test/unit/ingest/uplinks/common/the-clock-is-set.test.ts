import t from 'tap';
import { ClockJumps } from '../../../../../src/core/clock-jumps.ts';
import type { Message, NewMessage } from '../../../../../src/core/types.ts';
import { Intake } from '../../../../../src/ingest/uplinks/common/intake.ts';
import { ManualClock } from '../../../../support/clock.ts';
import { HELD, kioskMessage } from '../../../../support/journal.ts';

t.test(
  'that the clock was set stands in the journal before the first message with a time of the new one',
  async (t) => {
    const clock = new ManualClock();
    const topics: string[] = [];
    const append = async (message: NewMessage): Promise<Message> => {
      topics.push(message.topic);
      return { ...message, lane: 'live', incarnation: '', offset: topics.length, endOffset: topics.length + 1 };
    };
    const tell = () => intake.accept(kioskMessage({ uplink: 'internal', topic: 'internal/clock' }));
    const jumps = new ClockJumps({ clock, tell });
    const intake = new Intake(
      { live: { append, full: () => false } },
      { lease: HELD, lookAtClock: () => jumps.look() },
    );
    await intake.accept(kioskMessage({ topic: 'a' }));
    clock.setWall(clock.nowMs() + 86_400_000);
    await Promise.all(['b', 'c'].map((topic) => intake.accept(kioskMessage({ topic, receivedAtMs: clock.nowMs() }))));
    t.same(topics, ['a', 'internal/clock', 'b', 'c']);
  },
);

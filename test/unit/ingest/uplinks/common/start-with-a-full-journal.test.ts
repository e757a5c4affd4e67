import t from 'tap';
import { CitywatchError } from '../../../../../src/core/errors.ts';
import type { NewMessage } from '../../../../../src/core/types.ts';
import { SelfReport } from '../../../../../src/ingest/uplinks/common/self-report.ts';
import { wordsBy } from '../../../../support/ingest/intake.ts';
import { quietObserver } from '../../../../support/ingest/journal.ts';
import { ManualClock } from '../../../../support/time/clock.ts';

function newReport(answers: (Error | null)[]) {
  const clock = new ManualClock();
  const taken: string[] = [];
  const accept = async ({ topic }: NewMessage) => {
    const error = answers.shift();
    if (error) throw error;
    taken.push(topic);
  };
  return {
    clock,
    taken,
    report: new SelfReport({ clock, observer: quietObserver(), accept, words: wordsBy(clock) }),
  };
}

t.test('a start while the journal has no room is written down once it has', async (t) => {
  const full = new CitywatchError('ingest.full');
  const { clock, taken, report } = newReport([full, full]);
  await report.start();
  t.same(taken, []);
  await clock.advance(1_000);
  t.same(taken, []);
  await clock.advance(1_000);
  t.same(taken, ['internal/start']);
  await clock.advance(10_000);
  t.same(taken, ['internal/start'], 'once');
  report.stop();
});

t.test('a start that can never be written down is refused', async (t) => {
  const { report } = newReport([new Error('broken')]);
  await t.rejects(report.start(), /broken/);
});

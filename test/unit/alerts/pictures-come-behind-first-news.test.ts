import t from 'tap';
import { BehindFirstNews } from '../../../src/alerts/evidence/behind-first-news.ts';
import { ManualClock } from '../../support/time/clock.ts';

function storm() {
  const clock = new ManualClock();
  let underWay = 100;
  const behind = new BehindFirstNews({ clock, firstNews: () => underWay });
  const asked = async (): Promise<{ passed: boolean }> => {
    const turn = { passed: false };
    void behind.turn().then(() => {
      turn.passed = true;
    });
    await clock.advance(0);
    return turn;
  };
  return {
    clock,
    asked,
    ends: () => {
      underWay = 1;
    },
  };
}

t.test('a picture waits while many alerts are being told', async (t) => {
  const { clock, asked, ends } = storm();
  const turn = await asked();
  await clock.advance(1_000);
  t.notOk(turn.passed);
  ends();
  await clock.advance(20);
  t.ok(turn.passed);
  t.ok((await asked()).passed, 'and nobody waits when there is no storm');
});

t.test('all pictures of one storm wait together no longer than two seconds', async (t) => {
  const { clock, asked } = storm();
  const first = await asked();
  await clock.advance(1_500);
  const second = await asked();
  await clock.advance(600);
  t.same([first.passed, second.passed], [true, true]);
  t.ok((await asked()).passed);
  await clock.advance(11_000);
  t.notOk((await asked()).passed, 'the next storm is another one');
});

import t from 'tap';
import { backAgain, lineLost, onBack } from '../../../../web/src/line.ts';
import { until } from '../../../support/time/until.ts';

/** What knocks are answered with, in turn; null: by nobody. */
let answers: (number | null)[] = [];
let knocks = 0;
globalThis.fetch = async () => {
  const status = answers[Math.min(knocks++, answers.length - 1)];
  if (status === null || status === undefined) throw new TypeError('fetch failed');
  return { status } as Response;
};

t.beforeEach(() => {
  knocks = 0;
});

t.test('who waits is told once the gateway is reached again', async (t) => {
  let told = 0;
  const stop = new AbortController();
  onBack(() => {
    told += 1;
  }, stop.signal);
  const back = backAgain();
  answers = [null, 502, 204];
  lineLost();
  lineLost();
  await until('told', () => told > 0);
  t.equal(knocks, 3, 'one knocks for all');
  t.ok(back.aborted);
  t.notOk(backAgain().aborted);
  stop.abort();
  const again = backAgain();
  answers = [null, 200];
  knocks = 0;
  lineLost();
  await until('back', () => again.aborted);
  t.equal(told, 1, 'and nobody who does not listen any more');
});

t.test('nobody is told where the gateway was never away', async (t) => {
  const back = backAgain();
  answers = [200];
  lineLost();
  await until('a knock', () => knocks === 1);
  t.notOk(back.aborted);
  t.equal(backAgain(), back);
});

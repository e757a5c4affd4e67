import t from 'tap';
import { Wake } from '../../../web/src/map/wake.ts';
import { turns } from '../../support/time/turns.ts';

/** A wake whose pauses end when the test says so. */
function startWake() {
  const pauses: { ms: number; end: () => void }[] = [];
  const pause = (ms: number) => new Promise<void>((end) => void pauses.push({ ms, end }));
  const wake = new Wake({ leastMs: 2_000, mostMs: 20_000, pause });
  let rounds = 0;
  const round = () => void wake.wait(new AbortController().signal).then(() => (rounds += 1));
  return { wake, pauses, round, rounds: () => rounds };
}

t.test('what is heard while it is being read calls for another round', async (t) => {
  const { wake, pauses, round, rounds } = startWake();
  wake.begin();
  wake.up();
  round();
  pauses[0]!.end();
  await turns();
  t.same([pauses.map(({ ms }) => ms), rounds()], [[2_000], 1], 'after the shortest wait');
});

t.test('what is heard in either wait ends it, the shortest first', async (t) => {
  for (const heardIn of ['shortest', 'longest']) {
    const { wake, pauses, round, rounds } = startWake();
    wake.begin();
    round();
    if (heardIn === 'shortest') wake.up();
    pauses[0]!.end();
    await turns();
    if (heardIn === 'longest') {
      t.equal(rounds(), 0);
      wake.up();
      await turns();
    }
    t.equal(rounds(), 1, heardIn);
  }
});

t.test('where nothing is heard it is the longest wait, and what was read is not read again', async (t) => {
  const { wake, pauses, round, rounds } = startWake();
  wake.up();
  wake.begin();
  round();
  pauses[0]!.end();
  await turns();
  t.same([pauses.map(({ ms }) => ms), rounds()], [[2_000, 18_000], 0]);
  pauses[1]!.end();
  await turns();
  t.equal(rounds(), 1);
});

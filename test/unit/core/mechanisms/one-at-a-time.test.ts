import fc from 'fast-check';
import t from 'tap';
import { InTurn, InTurnByKey, Joined, JoinedByKey } from '../../../../src/core/mechanisms/one-at-a-time.ts';

t.test('who asks while a run is under way shares its end, and the next one runs anew', async (t) => {
  const joined = new Joined<number>();
  let runs = 0;
  let finish = (_: number): void => {};
  const work = (): Promise<number> => {
    runs += 1;
    return new Promise((resolve) => {
      finish = resolve;
    });
  };
  const both = [joined.run(work), joined.run(work)];
  finish(7);
  t.same(await Promise.all(both), [7, 7]);
  t.equal(runs, 1);
  const again = joined.run(work);
  finish(8);
  t.equal(await again, 8);
  t.equal(runs, 2);
});

t.test('a run that fails fails for all who joined, and is forgotten', async (t) => {
  const joined = new Joined<number>();
  const failing = () => Promise.reject(new Error('no'));
  const both = [joined.run(failing), joined.run(failing)];
  await joined.settled();
  for (const one of both) await t.rejects(one, { message: 'no' });
  t.equal(await joined.run(async () => 1), 1);
});

t.test('keys do not join each other', async (t) => {
  const joined = new JoinedByKey<string, string>();
  const asked = ['a', 'b', 'a'].map((key, index) => joined.run(key, async () => `${key}${index}`));
  t.same(await Promise.all(asked), ['a0', 'b1', 'a0']);
});

const works = fc.array(fc.record({ key: fc.constantFrom('a', 'b'), steps: fc.nat(5), fails: fc.boolean() }));

t.test('work is done in the order it was asked for, one at a time for each key, whatever fails', async () => {
  await fc.assert(
    fc.asyncProperty(works, async (asked) => {
      const turns = new InTurnByKey<string>();
      const busy = new Set<string>();
      const done: number[] = [];
      const all = asked.map(({ key, steps, fails }, index) =>
        turns.run(key, async () => {
          if (busy.has(key)) throw new Error('two at once');
          busy.add(key);
          for (let step = 0; step < steps; step += 1) await Promise.resolve();
          busy.delete(key);
          done.push(index);
          if (fails) throw new Error('asked to');
          return index;
        }),
      );
      const ends = await Promise.allSettled(all);
      const right = ends.every((end, index) =>
        asked[index]?.fails
          ? end.status === 'rejected' && String(end.reason).includes('asked to')
          : end.status === 'fulfilled' && end.value === index,
      );
      const ofKey = (key: string) => done.filter((index) => asked[index]?.key === key);
      return right && ['a', 'b'].every((key) => ofKey(key).every((one, at, list) => at === 0 || one > list[at - 1]!));
    }),
  );
});

t.test('a turn waits for the one before it', async (t) => {
  const turns = new InTurn();
  const seen: string[] = [];
  let finish = (): void => {};
  const slow = turns.run(
    () =>
      new Promise<void>((resolve) => {
        finish = () => {
          seen.push('slow');
          resolve();
        };
      }),
  );
  const quick = turns.run(async () => void seen.push('quick'));
  await Promise.resolve();
  finish();
  await Promise.all([slow, quick]);
  t.same(seen, ['slow', 'quick']);
});

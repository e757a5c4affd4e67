import t from 'tap';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { Batches } from '../../../../src/core/mechanisms/batches.ts';

t.test('the first goes at once, what comes in meanwhile goes together, and each gets its own result', async (t) => {
  const runs: number[][] = [];
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const batches = new Batches<number, string>({
    max: 3,
    run: async (items) => {
      runs.push(items);
      if (runs.length === 1) await held;
      return items.map((item) => `done ${item}`);
    },
  });
  const first = batches.add(1);
  await new Promise((resolve) => setImmediate(resolve));
  const others = [2, 3, 4, 5].map((item) => batches.add(item));
  release();
  t.same(await Promise.all([first, ...others]), ['done 1', 'done 2', 'done 3', 'done 4', 'done 5']);
  t.same(runs, [[1], [2, 3, 4], [5]]);
});

t.test('what comes in the same turn of the event loop goes together', async (t) => {
  const runs: number[][] = [];
  const run = async (items: number[]): Promise<number[]> => {
    runs.push(items);
    return items;
  };
  const batches = new Batches<number, number>({ max: 3, run });
  const late = async (): Promise<number> => {
    for (let step = 0; step < 20; step += 1) await null;
    return batches.add(2);
  };
  await Promise.all([batches.add(1), late()]);
  t.same(runs, [[1, 2]]);
});

t.test('a poisoned item fails alone; a server that is away fails all of them, once', async (t) => {
  let away = false;
  let runs = 0;
  const batches = new Batches<number, number>({
    max: 10,
    run: async (items) => {
      runs += 1;
      if (away) throw new CitywatchError('store.unavailable');
      if (items.includes(2)) throw new Error('poison');
      return items;
    },
  });
  const settled = await Promise.allSettled([1, 2, 3].map((item) => batches.add(item)));
  t.same(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  away = true;
  runs = 0;
  const refused = await Promise.allSettled([1, 2, 3].map((item) => batches.add(item)));
  t.ok(refused.every(({ status }) => status === 'rejected'));
  t.equal(runs, 1);
  away = false;
  t.equal(await batches.add(4), 4, 'and it goes on');
});

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atLeast, atMost, tell } from '../support/figures.ts';
import { cpuSeconds, owner, residentMiB, run, setting } from '../support/harness.ts';

/**
 * What virtual cameras cost that are played: as many streams of 2 Mbit/s over RTSP, each of a camera of its own, all in
 * one process; who reads them is another. `CITYWATCH_BENCH_CAMERAS` says how many (default 100), `_SECONDS` for how
 * long (default 30).
 */
const CAMERAS = setting('CAMERAS', 100);
const SECONDS = setting('SECONDS', 30);
const SUPPORT = join(import.meta.dirname, '../support/simulators');
const ASKED_BY = 'issue 14';

await run(async () => {
  const cameras = fork(join(SUPPORT, 'two-megabit-cameras.ts'), [String(CAMERAS)]);
  owner.teardown(() => cameras.disconnect());
  const [urls] = (await once(cameras, 'message')) as [string[]];
  const readers = fork(join(SUPPORT, 'rtsp-readers.ts'));
  owner.teardown(() => readers.disconnect());
  const ask = async (order: object): Promise<number[]> => {
    readers.send(order);
    const [{ result, error }] = (await once(readers, 'message')) as [{ result?: number[]; error?: string }];
    if (!result) throw new Error(error);
    return result;
  };
  await ask({ do: 'read', urls });
  await sleep(2_000);
  const before = { bytes: await ask({ do: 'count' }), cpuS: cpuSeconds(cameras.pid!), atMs: performance.now() };
  await sleep(SECONDS * 1_000);
  const after = await ask({ do: 'count' });
  const tookS = (performance.now() - before.atMs) / 1_000;
  const megabits = after.map((bytes, index) => ((bytes - before.bytes[index]!) * 8) / 1e6 / tookS);
  const all = megabits.reduce((sum, one) => sum + one, 0);
  const percent = ((cpuSeconds(cameras.pid!) - before.cpuS) * 100) / tookS;
  tell(
    'streams of 2 Mbit/s from one process',
    { streams: CAMERAS },
    {
      processor: [percent, '% of a core', ...(CAMERAS === 100 ? [atMost(25, ASKED_BY)] : [])],
      memory: [residentMiB(cameras.pid!), 'MiB'],
      'megabits of each': [all / CAMERAS, '/s', atLeast(1.9, ASKED_BY)],
      'megabits of the least': [Math.min(...megabits), '/s'],
    },
  );
});

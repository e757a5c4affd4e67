import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer, CameraPlan, Order } from '../../simulators/cities/cameras/camera-set.ts';
import { addressOf } from '../../simulators/links/link.ts';
import { inspectCamera } from '../../src/devices/onvif/inspect.ts';
import { ROOT } from '../../test/support/root.ts';
import { onvifPorts } from '../../test/support/streams/cameras.ts';
import { atMost, tell } from '../support/figures.ts';
import { cpuSeconds, delays, inParallel, owner, pssMiB, residentMiB, run, setting } from '../support/harness.ts';

/**
 * Virtual cameras in one process that are registered and probed and no more: each is asked who it is and where its
 * pictures are, as a gateway asks. What they take when they are there, when they were asked, and when they were asked
 * again. `CITYWATCH_BENCH_CAMERAS` says how many (default 2,000).
 */
const CAMERAS = setting('CAMERAS', 2_000);
const ASKED_AT_ONCE = 32;
const NETWORK = '127.65.0.0/16';

await run(async () => {
  const child = fork(join(ROOT, 'simulators/cities/cameras/camera-process.ts'));
  owner.teardown(() => child.disconnect());
  const cameras = Array.from({ length: CAMERAS }, (_, index): CameraPlan => {
    return { device: `cam-${index}`, district: '330203', address: addressOf(index), isWatched: false };
  });
  const pid = child.pid!;
  const ask = async (order: Order): Promise<Answer> => {
    child.send(order);
    const [answer] = (await once(child, 'message')) as [Answer];
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  };
  const { doors = [] } = await ask({ do: 'start', cameras });
  const remember = (state: string): void =>
    tell(
      'virtual cameras in one process',
      { cameras: CAMERAS, state },
      {
        memory: [residentMiB(pid), 'MiB', atMost(500, 'issue 14')],
        'memory, shared in parts': [pssMiB(pid), 'MiB'],
        'processor time of each so far': [(cpuSeconds(pid) * 1_000) / CAMERAS, 'CPU ms'],
      },
    );
  remember('listening');
  const ports = onvifPorts(owner, [NETWORK]);
  for (const state of ['probed', 'probed again']) {
    const tookMs: number[] = [];
    await inParallel(
      doors,
      async ([, door]) => {
        const beganMs = performance.now();
        await inspectCamera(door, ports);
        tookMs.push(performance.now() - beganMs);
      },
      ASKED_AT_ONCE,
    );
    remember(state);
    tell('a camera is asked', { cameras: CAMERAS, state }, delays(tookMs));
  }
});

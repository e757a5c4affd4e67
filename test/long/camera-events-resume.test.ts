import t from 'tap';
import type { VirtualCamera } from '../../simulators/camera/camera.ts';
import { systemClock } from '../../src/core/clock.ts';
import { systemRandom } from '../../src/core/random.ts';
import { LOOP_TIMES } from '../../src/devices/cameras/event-loop.ts';
import { CAMERA_GATE, CameraGate } from '../../src/devices/onvif/gate/camera-gate.ts';
import { Wire } from '../support/network/wire.ts';
import { quietObserver } from '../support/services/services.ts';
import { type FollowedCamera, followCamera } from '../support/streams/camera-loop.ts';
import { onvifPorts, startCameras } from '../support/streams/cameras.ts';
import { lasts } from '../support/time/lasting.ts';
import { until } from '../support/time/until.ts';

const RESUME_MAX_MS = 30_000;
const LASTS_MS = [1_000, 12_000, 40_000, 90_000];

/** Time until something that happens from now on is in the journal; a crossing every half second, told or lost. */
async function resumes(camera: VirtualCamera, followed: FollowedCamera, mark: string): Promise<number> {
  const startMs = performance.now();
  let crossings = 0;
  const traffic = setInterval(() => camera.lineCrossed(`${mark}-${(crossings++).toString()}`), 500);
  const isTold = async () => (await followed.told()).some(({ data }) => String(data.object_id).startsWith(mark));
  try {
    await until(`events after ${mark}`, isTold, 4 * RESUME_MAX_MS);
    return performance.now() - startMs;
  } finally {
    clearInterval(traffic);
  }
}

t.test('events resume within 30 s of whatever it was, with the times of the gateway', async (t) => {
  const cameras = await startCameras(t);
  // As in the gateway: who fails again and again is left alone for a while.
  const own = onvifPorts(t);
  const deps = { outbound: own.outbound, clock: systemClock, observer: quietObserver(), random: systemRandom };
  const ports = { ...own, outbound: new CameraGate(deps, CAMERA_GATE).machines };
  const trouble = async (number: number, what: 'cable' | 'power' | 'silence', lastsMs: number): Promise<void> => {
    const camera = await cameras.start({ id: `cam-${number}`, address: `127.64.44.${number + 1}` });
    const { hostname, port } = new URL(camera.xaddr);
    const wire = await Wire.lay(t, { host: hostname, port: Number(port) });
    const xaddr = camera.xaddr.replace(`:${port}/`, `:${wire.port}/`);
    const followed = await followCamera(t, camera, { xaddr, times: LOOP_TIMES, ports });
    await resumes(camera, followed, 'first');
    const ways = {
      cable: { begin: () => wire.cut(), end: () => wire.mend() },
      power: { begin: () => camera.die(), end: () => camera.revive() },
      silence: { begin: () => camera.misbehave({ web: 'silent' }), end: () => camera.behave() },
    };
    await ways[what].begin();
    await lasts(lastsMs);
    await ways[what].end();
    const tookMs = await resumes(camera, followed, 'again');
    t.ok(tookMs <= RESUME_MAX_MS, `${what} away for ${lastsMs} ms: events again after ${Math.round(tookMs)} ms`);
  };
  const whats = ['cable', 'power', 'silence'] as const;
  const troubles = whats.flatMap((what) => LASTS_MS.map((lastsMs) => ({ what, lastsMs })));
  await Promise.all(troubles.map(({ what, lastsMs }, number) => trouble(number, what, lastsMs)));
});

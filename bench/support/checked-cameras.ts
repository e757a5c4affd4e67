import { VirtualCamera } from '../../simulators/camera/camera.ts';
import type { WebFault } from '../../simulators/camera/faults.ts';
import { Studio } from '../../simulators/camera/video/studio.ts';
import type { CameraTarget } from '../../src/devices/checks/camera-check.ts';
import { testFilm } from '../../test/support/streams/h264-source.ts';
import { type CameraMode, TestCamera } from '../../test/support/streams/rtsp-camera.ts';

/**
 * Cameras to be checked, in a process of their own: ONVIF and snapshots by the virtual camera, video of one of some
 * sizes beside it, so that a mixed picture is seen. One in twenty is hostile. It is told how many, and answers with
 * them.
 */
export interface CheckedCamera {
  target: CameraTarget;
  /** Of its video, `640x480`; null for one that is hostile. */
  size: string | null;
}

const SUBNETS = 64;
const HOSTILE_EVERY = 20;
const SIZES = ['320x240', '352x288', '480x360', '640x360', '640x480', '704x576', '800x600', '1280x720'];
const WEB_FAULTS: readonly WebFault[] = ['silent', 'drip', 'endless', 'deep', 'nonsense', 'dtd'];
const VIDEO_FAULTS: readonly CameraMode[] = ['silent', 'drip', 'garbage', 'no-key-frame', 'flood'];

process.once('disconnect', () => process.exit(0));
process.once('message', (count: number) => {
  startAll(count).then(
    (cameras) => process.send?.(cameras),
    (error: unknown) => process.send?.(String(error)),
  );
});

async function startAll(count: number): Promise<CheckedCamera[]> {
  const studio = await Studio.open({ plain: true });
  const x264 = 'keyint=10:min-keyint=10:scenecut=0:sliced-threads=0';
  const films = SIZES.map((size) => testFilm({ size, seconds: 4, x264 }));
  const cameras: CheckedCamera[] = [];
  for (let n = 0; n < count; n += 1) {
    const address = `127.64.${n % SUBNETS}.${1 + Math.floor(n / SUBNETS)}`;
    const options = { id: `cam-${n}`, name: `cam-${n}`, address, password: `password-${n}` };
    const camera = await VirtualCamera.start(studio, { ...options, onvifAuth: n % 2 === 0 ? 'digest' : 'wsse' });
    const hostile = n % HOSTILE_EVERY === 0;
    const turn = Math.floor(n / HOSTILE_EVERY);
    if (hostile) camera.misbehave({ web: WEB_FAULTS[turn % WEB_FAULTS.length]! });
    const mode = hostile ? { mode: VIDEO_FAULTS[turn % VIDEO_FAULTS.length]! } : {};
    const video = new TestCamera({ host: address, film: films[n % SIZES.length]!, ...mode });
    await video.listen();
    const { maker, model, serial, mac } = camera.identity;
    cameras.push({
      target: {
        onvif: { xaddr: camera.xaddr, ...camera.account },
        stream: { url: video.url, username: undefined, password: undefined },
        known: { maker, model, serial, mac, endpoint: null },
      },
      size: hostile ? null : SIZES[n % SIZES.length]!,
    });
  }
  return cameras;
}

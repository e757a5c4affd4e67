import { VirtualCamera } from '../../camera/camera.ts';
import { Studio } from '../../camera/video/studio.ts';
import type { Viewed } from '../../fleet/ledger-lines.ts';
import type { Answer, CameraPlan, Order } from './camera-set.ts';
import { Viewer } from './viewer.ts';

/** The process of {@link CameraSet}: it ends with the one that started it. */
interface Own {
  plan: CameraPlan;
  camera: VirtualCamera;
  playedAtOnce: number;
  viewer: Viewer | null;
}

const PASSWORD = 'simulated-camera';
const LOOK_MS = 500;
/** Viewers do not come in one moment. */
const VIEWERS_GAP_MS = 100;

const cameras: Own[] = [];

async function carryOut(order: Order): Promise<Answer> {
  switch (order.do) {
    case 'start':
      return { doors: await start(order.cameras) };
    case 'begin':
      watch(order.gateway, order.token);
      for (const { district, spans } of order.cuts) for (const span of spans) darken(district, span);
      return {};
    case 'tell':
      return { eyes: cameras.map(eyeOf) };
  }
}

async function start(plans: readonly CameraPlan[]) {
  const studio = await Studio.open({ plain: true });
  process.once('exit', () => void studio.close());
  for (const plan of plans) {
    const { device: id, address } = plan;
    const options = { id, name: id, address, password: PASSWORD };
    cameras.push({ plan, camera: await VirtualCamera.start(studio, options), playedAtOnce: 0, viewer: null });
  }
  setInterval(() => {
    for (const one of cameras) {
      const { main, sub } = one.camera.viewers.playing;
      one.playedAtOnce = Math.max(one.playedAtOnce, main, sub);
    }
  }, LOOK_MS);
  return cameras.map(({ plan, camera }): [string, { xaddr: string; username: string; password: string }] => {
    return [plan.device, { xaddr: camera.xaddr, ...camera.account }];
  });
}

function watch(gateway: string, token: string): void {
  const watched = cameras.filter(({ plan }) => plan.isWatched);
  for (const [at, one] of watched.entries()) {
    setTimeout(() => {
      one.viewer = new Viewer({ gateway, token, device: one.plan.device });
      one.viewer.start();
    }, at * VIEWERS_GAP_MS);
  }
}

function darken(district: string, { fromMs, toMs }: { fromMs: number; toMs: number }): void {
  const dark = cameras.filter(({ plan }) => plan.district === district).map(({ camera }) => camera);
  setTimeout(() => void Promise.all(dark.map((camera) => camera.die())), Math.max(0, fromMs - Date.now()));
  setTimeout(() => void Promise.all(dark.map((camera) => camera.revive())), Math.max(0, toMs - Date.now()));
}

function eyeOf({ plan, camera, playedAtOnce, viewer }: Own) {
  const viewed: Viewed | null = plan.isWatched ? (viewer?.seen ?? NOTHING) : null;
  return { device: plan.device, district: plan.district, asked: camera.requests.length, playedAtOnce, viewed };
}

const NOTHING: Viewed = { firstAfterMs: null, segments: 0, bytes: 0, gaps: [] };

process.once('disconnect', () => process.exit(0));
process.on('message', (order: Order) => {
  carryOut(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});

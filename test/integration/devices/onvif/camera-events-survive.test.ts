import { once } from 'node:events';
import { createServer } from 'node:net';
import t from 'tap';
import type { VirtualCamera } from '../../../../simulators/camera/camera.ts';
import type { WebFault } from '../../../../simulators/camera/faults.ts';
import { Wire } from '../../../support/network/wire.ts';
import { type FollowedCamera, followCamera } from '../../../support/streams/camera-loop.ts';
import { startCameras } from '../../../support/streams/cameras.ts';
import { until } from '../../../support/time/until.ts';

/** They mostly wait. */
const sideBySide = () => ({ buffered: true });
t.jobs = 6;

const subscribed = ({ counts }: FollowedCamera) => until('it is subscribed to', () => counts.subscribed === 1);

/** Resolves when a crossing by this object is in the journal. It crosses again and again: some are told to nobody. */
async function crossed(camera: VirtualCamera, followed: FollowedCamera, object: string): Promise<void> {
  camera.lineCrossed(object);
  const again = setInterval(() => camera.lineCrossed(object), 200);
  const told = async () => (await followed.told()).some(({ data }) => data.object_id === object);
  await until(`crossing ${object} is told`, told).finally(() => clearInterval(again));
}

async function resubscribed(camera: VirtualCamera, before: number): Promise<void> {
  // On a busy machine a camera may miss the time that it has for an answer several times.
  await until('it is subscribed to anew', () => camera.events.counts.subscriptions > before, 90_000);
}

t.test('a camera that reboots tells its events again', sideBySide(), async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.42.1' });
  const followed = await followCamera(t, camera);
  await subscribed(followed);
  camera.notices('motion', true);
  await until('motion is told', async () => (await followed.told()).length === 1);
  await camera.die();
  await until('it is noticed', () => followed.counts.subscribed === 0);
  await camera.revive();
  await subscribed(followed);
  camera.notices('motion', false);
  await crossed(camera, followed, '7');
  t.match((await followed.told()).slice(0, 3), [
    { data: { active: true } },
    { data: { active: false } },
    { data: { object_id: '7' } },
  ]);
  t.ok((await followed.count('ended', 'unreachable')) >= 1);
});

t.test(
  'a cable pulled while a pull waits is noticed by silence, and events resume when it is back',
  sideBySide(),
  async (t) => {
    const cameras = await startCameras(t);
    const camera = await cameras.start({ address: '127.64.42.2' });
    const { hostname, port } = new URL(camera.xaddr);
    const wire = await Wire.lay(t, { host: hostname, port: Number(port) });
    const xaddr = camera.xaddr.replace(`:${port}/`, `:${wire.port}/`);
    const followed = await followCamera(t, camera, { xaddr, times: { askMs: 1_000 } });
    await subscribed(followed);
    wire.cut();
    await until('the silence is noticed', () => followed.counts.subscribed === 0);
    t.ok((await followed.count('ended', 'timeout')) >= 1);
    const { connections } = wire;
    await until('it is tried again in vain', () => wire.connections > connections);
    const before = camera.events.counts.subscriptions;
    wire.mend();
    await resubscribed(camera, before);
    await crossed(camera, followed, '8');
  },
);

t.test('a camera whose clock jumps is asked by its new clock', sideBySide(), async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.42.3', onvifAuth: 'wsse' });
  const followed = await followCamera(t, camera);
  await subscribed(followed);
  for (const [index, clockSkewMs] of [86_400_000, -3 * 365 * 86_400_000].entries()) {
    const before = camera.events.counts.subscriptions;
    const beforeMs = Date.now();
    camera.misbehave({ clockSkewMs });
    await resubscribed(camera, before);
    await crossed(camera, followed, `jump-${index}`);
    const { ts } = (await followed.told()).at(-1) ?? {};
    const skewlessMs = (ts ?? 0) - clockSkewMs;
    // The camera tells whole seconds.
    t.ok(skewlessMs >= beforeMs - 1_000 && skewlessMs <= Date.now(), 'with the time the camera told');
  }
  t.ok((await followed.count('ended', 'auth')) >= 2, 'a token made for the old clock was refused');
});

t.test('a camera that forgot its subscription, or has no room for one, gets another', sideBySide(), async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.42.4', events: { subscriptionsMax: 1 } });
  const first = await followCamera(t, camera);
  await subscribed(first);
  camera.events.loseSubscriptions();
  await resubscribed(camera, 1);
  await crossed(camera, first, '1');
  await first.loop.stop();
  t.equal(camera.events.subscriptions, 1, 'one is left over, as after a kill');
  const second = await followCamera(t, camera);
  await until('there is no room for another', async () => (await second.count('ended', 'device-fault')) >= 1);
  camera.events.loseSubscriptions();
  await subscribed(second);
  await crossed(camera, second, '2');
});

t.test('an address that a camera gives its subscription leads nobody elsewhere', sideBySide(), async (t) => {
  let visits = 0;
  const trap = createServer((socket) => {
    visits += 1;
    socket.destroy();
  }).listen(0, '127.64.42.200');
  await once(trap, 'listening');
  t.teardown(() => trap.close());
  const cameras = await startCameras(t);
  const address = trap.address();
  const origin = `http://127.64.42.200:${typeof address === 'object' ? address?.port : 0}`;
  const camera = await cameras.start({ address: '127.64.42.5', origin });
  const followed = await followCamera(t, camera);
  await subscribed(followed);
  await crossed(camera, followed, '9');
  t.equal(visits, 0);
});

/** What each way of misbehaving is called. */
const FAULTS: Partial<Record<WebFault, string>> = {
  silent: 'timeout',
  drip: 'timeout',
  nonsense: 'malformed',
  'broken-xml': 'malformed',
  endless: 'too-big',
  dtd: 'malformed',
  deep: 'malformed',
};

t.test(
  'a camera that answers rubbish harms nobody, and is followed again when it has come to its senses',
  async (t) => {
    const cameras = await startCameras(t);
    await Promise.all(
      Object.entries(FAULTS).map(async ([web, reason], index) => {
        const camera = await cameras.start({ id: `cam-${web}`, address: `127.64.43.${index + 1}` });
        const followed = await followCamera(t, camera);
        await subscribed(followed);
        camera.misbehave({ web: web as WebFault });
        await until(`${web} is noticed`, async () => (await followed.count('ended', reason)) >= 2);
        const before = camera.events.counts.subscriptions;
        camera.behave();
        await resubscribed(camera, before);
        await crossed(camera, followed, web);
      }),
    );
  },
);

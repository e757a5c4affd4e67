import t from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import { testFilm } from '../../support/streams/h264-source.ts';
import { keyFrames } from '../../support/streams/pictures/shown-stream.ts';
import { TestCamera } from '../../support/streams/rtsp-camera.ts';
import { until } from '../../support/time/until.ts';

t.setTimeout(300_000);

const ID = 'cam-watched';
const LIMIT_MS = 90_000;
const TOLD_WITHIN_MS = 30_000;

t.test('a camera that is recorded freezes, moves on, and is turned away', async (t) => {
  const gateway = await Gateway.start(t, {
    CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
    CITYWATCH_PICTURE_CHECK_S: '3',
  });
  let isFrozen = false;
  const units = (nals: Buffer[]) => (isFrozen ? keyFrames()[0]! : nals);
  const camera = await TestCamera.start(t, { units });
  await gateway.register({ id: ID, kind: 'camera', stream: { url: camera.url } });
  const body = { mode: 'always' };
  t.equal((await gateway.api('POST', `/devices/${ID}/recording`, { body })).status, 204);
  const faults = async (): Promise<string[]> => (await gateway.get(`/streams/${ID}`)).streams[0]?.health?.faults ?? [];
  const alert = async (rule: string) =>
    (await gateway.get('/alerts?desk=all')).items.find((one: { rule: string }) => one.rule.startsWith(`${rule}@`));
  const approve = await gateway.api('POST', `/streams/${ID}/approved-pictures`, {
    body: { name: 'day', purpose: 'maintenance' },
  });
  t.equal(approve.status, 201, approve.text);
  const judged = async () =>
    /judged_total\{seen="decoded"\} ([4-9]|\d\d)/.test((await gateway.api('GET', '/metrics')).text);
  await until('its pictures are known', judged, LIMIT_MS);
  t.strictSame(await faults(), []);
  const sinceMs = performance.now();
  isFrozen = true;
  await until('it is told as frozen', async () => (await faults()).includes('frozen'), LIMIT_MS);
  const tookMs = performance.now() - sinceMs;
  t.comment(`told after ${Math.round(tookMs / 100) / 10} s`);
  t.ok(tookMs < TOLD_WITHIN_MS);
  await until('it is an alert', async () => (await alert('picture-frozen'))?.condition === 'active', LIMIT_MS);
  isFrozen = false;
  await until('that has ended', async () => (await alert('picture-frozen'))?.condition === 'cleared', LIMIT_MS);
  camera.film = testFilm({ size: '768x576', seconds: 8, x264: 'keyint=10:min-keyint=10:scenecut=0' });
  await until('it is turned away', async () => (await alert('picture-turned-away'))?.condition === 'active', LIMIT_MS);
});

import t from 'tap';
import { clipFile } from '../../../../src/streams/clips/clip-file.ts';
import type { Moment } from '../../../../src/streams/clips/moments.ts';
import type { Epoch } from '../../../../src/streams/fmp4/live-window.ts';
import type { Fragment } from '../../../../src/streams/fmp4/wall-clock.ts';
import { type StreamPlan, USUAL_PLAN } from '../../../../src/streams/pool/stream-plans.ts';
import { aacSound } from '../../../support/streams/media/camera-sound.ts';
import { decodeFile, decodeStill, packetTimes, soundTimes } from '../../../support/streams/players.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { look, startStreams } from '../../../support/streams/streams.ts';
import { until } from '../../../support/time/until.ts';

const sideBySide = () => ({ buffered: true });
t.jobs = 2;

t.test('without a word of both it is not even asked for', sideBySide(), async (t) => {
  const plans: [sound: 'off' | 'by-camera', plan: StreamPlan][] = [
    ['off', { ...USUAL_PLAN, sound: true }],
    ['by-camera', USUAL_PLAN],
  ];
  for (const [sound, plan] of plans) {
    const camera = await TestCamera.start(t, { sound: aacSound() });
    const { service, cameras } = await startStreams(t, { sound, planOf: () => plan });
    cameras.set('cam', { url: camera.url });
    t.notMatch((await service.playlist(look('cam'))).body, /mp4a/);
    t.match(service.status('cam'), [{ sound: null, soundNote: null }]);
    t.notOk(camera.requests.some((line) => line.includes('track2')));
  }
});

t.test('allowed, it is in the playlist, the segments, the socket and clips', sideBySide(), async (t) => {
  const camera = await TestCamera.start(t, { sound: aacSound() });
  let plan = { ...USUAL_PLAN, sound: true };
  const { service, cameras } = await startStreams(t, { sound: 'by-camera', planOf: () => plan });
  cameras.set('cam', { url: camera.url });
  t.match((await service.playlist(look('cam'))).body, /CODECS="avc1\.4d401f,mp4a\.40\.2"/);
  t.match(service.status('cam'), [{ codec: 'avc1.4d401f', sound: 'mp4a.40.2', soundNote: null }]);
  const names = async () => [...(await service.mediaPlaylist(look('cam'))).body.matchAll(/^(\w+-\d+\.m4s)/gm)];
  await until('some segments', async () => (await names()).length >= 5);
  const { body } = await service.mediaPlaylist(look('cam'));
  const init = /URI="(\w+\.mp4)/.exec(body)![1]!;
  const parts = [init, ...(await names()).map(([, name]) => name!)];
  const file = Buffer.concat(
    await Promise.all(parts.map(async (name) => (await service.part(look('cam'), name)).body)),
  );
  t.equal(await decodeFile(file), '', 'also what is shown before the first picture');
  const [pictures, sounds] = [await packetTimes(file), await soundTimes(file)];
  t.ok(sounds.length > 50 && Math.abs(sounds[0]! - pictures[0]!) < 0.2);
  for (const [n, s] of sounds.slice(1).entries()) t.ok(s - sounds[n]! < 0.14, 'without a hole');
  t.match(await decodeStill((await service.snapshot(look('cam'))).body), { codec: 'mjpeg', width: 768 });

  const lease = await service.lease(look('cam', 'recorder'));
  const moments: Moment[] = [];
  let run: Epoch | null = null;
  const fragment = (one: Fragment) => {
    const { data, key, startsAtMs, durationMs } = one;
    const of = { run: run!.token, init: run!.init, source: 'memory' as const, read: async () => data };
    moments.push({ startsAtMs, durationMs, key, bytes: data.length, ...of });
  };
  const epoch = (one: Epoch) => {
    run = one;
  };
  const unlisten = lease.listen({ epoch, fragment, failed: t.fail });
  await until('enough for a clip', () => moments.length >= 6);
  unlisten();
  const clip = await clipFile(moments);
  t.equal(await decodeFile(clip), '');
  t.ok((await soundTimes(clip))[0]! < 1.2, 'moved with its pictures');

  plan = USUAL_PLAN;
  await until('it is asked without', () => camera.plays === 2);
  await until('and shown without', () => service.status('cam')[0]?.sound === null);
  t.equal(camera.requests.filter((line) => line.includes('track2')).length, 1);
});

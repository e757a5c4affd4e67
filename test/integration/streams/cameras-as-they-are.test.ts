import { randomBytes } from 'node:crypto';
import t from 'tap';
import { testFilm } from '../../support/streams/h264-source.ts';
import { decodeStill } from '../../support/streams/players.ts';
import { TestCamera } from '../../support/streams/rtsp-camera.ts';
import { look, startStreams } from '../../support/streams/streams.ts';
import { patientClock } from '../../support/time/clock.ts';
import { until } from '../../support/time/until.ts';

/** They mostly wait for pictures. */
const sideBySide = () => ({ buffered: true });
t.jobs = 3;

/** Made before anything runs: while a film is made, nothing else of this process does. */
const SMALL = testFilm({ size: '320x240', seconds: 2, x264: 'keyint=10' });
const REFRESHED = testFilm({ size: '320x240', seconds: 4, x264: 'intra-refresh=1:keyint=10:sliced-threads=0' });

/** Stamps of a picture set one way or another: hours off now and then. */
function strangeStamps(frames: Buffer, number: number): Buffer {
  if (number % 10 !== 4) return frames;
  for (let at = 0; at < frames.length; at += 4 + frames.readUInt16BE(at + 2)) {
    frames.writeUInt32BE((frames.readUInt32BE(at + 8) - 9_800 * 90_000) >>> 0, at + 8);
  }
  return frames;
}

t.test('a camera with many faults at once is shown over one connection', sideBySide(), async (t) => {
  const { service, cameras } = await startStreams(t, { clock: patientClock });
  const start = Buffer.from([0, 0, 0, 1]);
  const camera = await TestCamera.start(t, {
    sprop: false,
    transport: 'RTP/AVP;unicast;destination=192.168.1.111;source=192.168.1.222;interleaved=2',
    units: (nals) => nals.map((nal) => Buffer.concat([start, nal])),
    wire: (frames, number) => {
      for (let at = 0; at < frames.length; at += 4 + frames.readUInt16BE(at + 2)) frames[at + 1] = 2;
      const noise = number % 7 === 0 ? randomBytes(97) : Buffer.alloc(number % 2);
      return Buffer.concat([strangeStamps(frames, number), noise]);
    },
  });
  cameras.set('cam', { url: camera.url });
  const { body } = await service.mediaPlaylist(look('cam'));
  t.match(body, /#EXTINF:[1-4]\.\d+/);
  t.match(await decodeStill((await service.snapshot(look('cam'))).body), { codec: 'mjpeg', width: 768 });
  t.match(service.status('cam'), [{ state: 'live', width: 768, height: 576 }]);
  t.equal(camera.plays, 1);
});

t.test('a picture that changes its size in the middle is told and shown as it is', sideBySide(), async (t) => {
  const { service, cameras } = await startStreams(t, { clock: patientClock });
  const camera = await TestCamera.start(t);
  cameras.set('cam', { url: camera.url });
  const lease = await service.lease(look('cam', 'recorder'));
  const widths: number[] = [];
  lease.listen({ epoch: ({ init }) => void widths.push(init.movie.width), fragment: () => {}, failed: t.fail });
  await service.playlist(look('cam'));
  camera.film = SMALL;
  await until('both in one playlist', async () =>
    /DISCONTINUITY\n/.test((await service.mediaPlaylist(look('cam'))).body),
  );
  t.match(service.status('cam'), [{ state: 'live', width: 320, height: 240 }]);
  t.match(await decodeStill((await service.snapshot(look('cam'))).body), { width: 320, height: 240 });
  t.same(widths, [768, 320]);
  t.equal(camera.plays, 1, 'over the same connection');
});

t.test(
  'a camera that never sends a key frame, but refreshes its picture, is shown live and still',
  sideBySide(),
  async (t) => {
    const { service, cameras } = await startStreams(t, { clock: patientClock });
    const camera = await TestCamera.start(t, { mode: 'no-key-frame', film: REFRESHED });
    cameras.set('cam', { url: camera.url });
    await service.playlist(look('cam'));
    t.match(await decodeStill((await service.snapshot(look('cam'))).body), { width: 320, height: 240 });
    t.equal(camera.plays, 1);
  },
);

t.test('pictures that come in another order than they are shown in are left to ffmpeg', sideBySide(), async (t) => {
  const { service, cameras } = await startStreams(t, { clock: patientClock, engine: 'auto' });
  const camera = await TestCamera.start(t, { wire: shownLater });
  cameras.set('cam', { url: camera.url });
  const lease = await service.lease(look('cam', 'recorder'));
  // What came over the first connection is shown as live for as long as the second one takes.
  let [isSecond, pictures] = [false, 0];
  const epoch = () => {
    isSecond = camera.plays === 2;
  };
  const fragment = () => {
    if (isSecond) pictures += 1;
  };
  lease.listen({ epoch, fragment, failed: t.fail });
  await until('ffmpeg pulls it', () => service.processes().ffmpeg.length === 1);
  await until('pictures of ffmpeg', () => pictures > 0);
  t.equal(service.status('cam')[0]?.state, 'live');
  t.match((await service.mediaPlaylist(look('cam'))).body, /#EXTINF/);
  t.equal(camera.plays, 2, 'over a second connection');
  t.equal(service.status('cam')[0]?.reason, null, 'which nobody notices');
});

/** As of a picture that those after it are shown before. */
function shownLater(frames: Buffer, number: number): Buffer {
  if (number % 4 !== 1) return frames;
  for (let at = 0; at < frames.length; at += 4 + frames.readUInt16BE(at + 2)) {
    frames.writeUInt32BE((frames.readUInt32BE(at + 8) + 18_000) >>> 0, at + 8);
  }
  return frames;
}

import t from 'tap';
import { Snapshots } from '../../../../src/streams/live/snapshots.ts';
import { mosaicOf } from '../../../../src/streams/mosaic/name.ts';
import { PULL_TIMES } from '../../../../src/streams/pool/pull-machine.ts';
import type { View } from '../../../../src/streams/pool/types.ts';
import { testFilm } from '../../../support/streams/h264-source.ts';
import { hevcFilm } from '../../../support/streams/h265-source.ts';
import { decodeStill } from '../../../support/streams/players.ts';
import { decodeRtsp, probeRtsp, startRtsp } from '../../../support/streams/rtsp/players.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { look, startStreams } from '../../../support/streams/streams.ts';
import { patientClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

/** About what a still of a mosaic takes in which every tile is dark. */
const DARK_BYTES = 13_000;

const MEMBERS = ['cam-1', 'cam-2', 'dark'];

function mosaicLook(members = MEMBERS, viewer = 'op-1'): View {
  return { ...look(mosaicOf(members), viewer), members, quality: 'sub', use: 'wall' };
}

t.test('several cameras are one stream, of which a dark one says so, and it ends when nobody watches', async (t) => {
  const first = await TestCamera.start(t);
  const second = await TestCamera.start(t, { film: hevcFilm() });
  const times = { ...PULL_TIMES, graceMs: 500 };
  const bed = await startStreams(t, { clock: patientClock, times });
  bed.cameras.set('cam-1', { url: first.url });
  bed.cameras.set('cam-2', { url: second.url });
  const { passes, url } = await startRtsp(t, bed, { clock: patientClock });
  const address = url('/live/mosaic', passes.add(mosaicLook()));
  const lease = await bed.service.lease(mosaicLook());
  const playlist = await bed.service.playlist(mosaicLook());
  t.match(playlist.body, /RESOLUTION=1280x720/);
  t.match(playlist.body, /media\.m3u8\?cameras=cam-1%2Ccam-2%2Cdark&use=wall&purpose=routine/);
  t.match(await probeRtsp(address), { stream: { codec_name: 'h264', width: 1280, height: 720 } });
  t.same(await decodeRtsp(address, 5), { complaint: '', pictures: 5 });
  t.equal(first.plays, 1, 'a member is pulled once');
  t.equal(second.plays, 1);
  const pulled = [...bed.pool.pulls()].map(({ target }) => target.deviceId);
  t.notOk(
    pulled.some((id) => id.startsWith('mosaic:')),
    'and nobody judges the picture of a mosaic',
  );
  lease.release();
  await until('everything has ended', () => bed.service.list().length === 0);
  t.same(bed.service.processes().ffmpeg, [], 'with every process');
});

t.test('without a turn of the processor a mosaic is refused, and says so', async (t) => {
  const bed = await startStreams(t, { clock: patientClock, transcodes: { tryEnter: () => null } });
  await t.rejects(bed.service.playlist(mosaicLook()), { code: 'stream.full', message: /mosaic/ });
  t.same(bed.service.processes().ffmpeg, []);
});

t.test('tiles show their cameras, and no old picture', async (t) => {
  const film = testFilm({ size: '320x180', seconds: 1, x264: 'keyint=1' });
  const camera = await TestCamera.start(t, { film });
  const bed = await startStreams(t, { clock: patientClock });
  bed.cameras.set('cam-1', { url: camera.url });
  const lease = await bed.service.lease(mosaicLook(['cam-1', 'dark']));
  const snapshots = new Snapshots(bed.pool);
  const limit = AbortSignal.timeout(60_000);
  await lease.pull.until(() => lease.pull.window.newestKey() !== null, limit);
  const still = async () => {
    const atMs = lease.pull.window.newestKey()!.fragment.startsAtMs;
    await until('a newer key frame', () => lease.pull.window.newestKey()!.fragment.startsAtMs > atMs);
    return (await snapshots.take(String(atMs), lease.pull.window)).jpeg;
  };
  t.match(await decodeStill(await still()), { width: 1280, height: 720 });
  let bright = 0;
  await until('its picture is in its tile', async () => {
    bright = (await still()).length;
    return bright > DARK_BYTES * 1.5;
  });
  camera.frozen = true;
  await until('its picture is gone', async () => (await still()).length < DARK_BYTES * 1.5);
  lease.release();
});

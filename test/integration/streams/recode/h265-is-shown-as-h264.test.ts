import t, { type Test } from 'tap';
import type { Epoch } from '../../../../src/streams/fmp4/live-window.ts';
import type { Fragment } from '../../../../src/streams/fmp4/wall-clock.ts';
import { PULL_TIMES } from '../../../../src/streams/pool/pull-machine.ts';
import type { View } from '../../../../src/streams/pool/types.ts';
import { recodedOf } from '../../../../src/streams/recode/name.ts';
import { hevcFilm } from '../../../support/streams/h265-source.ts';
import { decodeFile, packetTimes } from '../../../support/streams/players.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { look, type StreamBed, startStreams } from '../../../support/streams/streams.ts';
import { patientClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const VIEW: View = { ...look(recodedOf('cam-1')), members: ['cam-1'], codec: 'h264' };
const TIMES = { ...PULL_TIMES, graceMs: 500, backoffMaxMs: 500 };

/** What comes of a look, from now on. */
async function watch(t: Test, bed: StreamBed, view: View) {
  const lease = await bed.service.lease(view);
  const epochs: Epoch[] = [];
  const fragments: Fragment[] = [];
  const unlisten = lease.listen({
    epoch: (epoch) => void epochs.push(epoch),
    fragment: (fragment) => void fragments.push(fragment),
    failed: () => {},
  });
  const end = () => {
    unlisten();
    lease.release();
  };
  t.teardown(end);
  return { epochs, fragments, end };
}

t.test('H.265 is coded anew for whoever asks, from the one pull of the camera', async (t) => {
  const camera = await TestCamera.start(t, { film: hevcFilm() });
  const bed = await startStreams(t, { clock: patientClock, times: TIMES });
  bed.cameras.set('cam-1', { url: camera.url });
  const { epochs, fragments, end } = await watch(t, bed, VIEW);
  await until('some seconds', () => fragments.length >= 8);
  const [epoch] = epochs;
  t.match(epoch!.init.movie, { codec: /^avc1/, width: 640, height: 360 });
  const file = Buffer.concat([epoch!.init.data, ...fragments.map(({ data }) => data)]);
  t.equal(await decodeFile(file), '', 'every picture decodes');
  const times = await packetTimes(file);
  const steps = times.slice(1).map((at, n) => at - times[n]!);
  t.ok(
    steps.every((step) => Math.abs(step - 0.1) < 0.02),
    `ten a second, as they came: ${steps.map((step) => step.toFixed(3))}`,
  );
  const { body } = await bed.service.playlist(VIEW);
  t.match(body, /CODECS="avc1/);
  t.match(body, /media\.m3u8\?quality=main&codec=h264&use=live&purpose=routine/);
  t.equal(camera.plays, 1);
  const judged = [...bed.pool.pulls()].map(({ target }) => target.deviceId);
  t.strictSame(judged, ['cam-1'], 'its picture is judged once');

  const heard = epochs.length;
  camera.hangUp();
  await until('it goes on after a cut', () => epochs.length > heard && fragments.at(-1)!.key !== undefined);
  end();
  await until('everything has ended', () => bed.service.list().length === 0);
  t.same(bed.service.processes().ffmpeg, [], 'with every process');
});

t.test('what is H.264 already goes out as it came', async (t) => {
  const camera = await TestCamera.start(t);
  const bed = await startStreams(t, { clock: patientClock, times: TIMES, transcodes: { tryEnter: () => null } });
  bed.cameras.set('cam-1', { url: camera.url });
  const plain = await watch(t, bed, look('cam-1'));
  const coded = await watch(t, bed, VIEW);
  await until('both', () => plain.fragments.length > 4 && coded.fragments.length > 4);
  t.ok(coded.epochs[0]!.init.data.equals(plain.epochs[0]!.init.data));
  const sent = new Set(plain.fragments.map(({ data }) => data.toString('base64')));
  const known = coded.fragments.filter(({ data }) => sent.has(data.toString('base64')));
  t.ok(known.length > 2, 'the same bytes, and no turn of the processor');
  t.equal(camera.plays, 1);
});

t.test('without a turn of the processor it is refused, and says so', async (t) => {
  const camera = await TestCamera.start(t, { film: hevcFilm() });
  const bed = await startStreams(t, { clock: patientClock, transcodes: { tryEnter: () => null } });
  bed.cameras.set('cam-1', { url: camera.url });
  await t.rejects(bed.service.playlist(VIEW), { code: 'stream.full', message: /H\.264/ });
  t.same(bed.service.processes().ffmpeg, []);
});

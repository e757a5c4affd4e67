import { readFileSync } from 'node:fs';
import t from 'tap';
import { deadline, systemClock } from '../../../src/core/clock.ts';
import { TcpOutbound } from '../../../src/platform/outbound/tcp.ts';
import { type CodedPicture, firstPicture } from '../../../src/streams/looks/first-picture.ts';
import { Looks } from '../../../src/streams/looks/looks.ts';
import { StreamFailure } from '../../../src/streams/pool/types.ts';
import { ROOT } from '../../support/root.ts';
import { type Film, testFilm } from '../../support/streams/h264-source.ts';
import { type CameraOptions, TestCamera } from '../../support/streams/rtsp-camera.ts';
import { startStreams, TEST_NETWORK } from '../../support/streams/streams.ts';
import { until } from '../../support/time/until.ts';

const deps = {
  clock: systemClock,
  tcp: new TcpOutbound({ clock: systemClock }),
  networks: [TEST_NETWORK],
  megabitsPerS: 60,
  oneLogin: true,
};

async function failureOf(run: Promise<unknown>): Promise<StreamFailure> {
  const error = await run.then(
    () => null,
    (cause: unknown) => cause,
  );
  if (error instanceof StreamFailure) return error;
  throw error ?? new Error('there was a picture');
}

const START_CODE = Buffer.from([0, 0, 0, 1]);

/** The first picture of a film, as a check has it. */
function codedIn({ sps, pps, frames }: Film): CodedPicture {
  const units = [sps, pps, ...frames[0]!.nals].flatMap((unit) => [START_CODE, unit]);
  return { format: 'h264', data: Buffer.concat(units), skip: 0 };
}

t.test('the first picture of a camera is told by its size and brightness, and shown only when asked for', async (t) => {
  const { pool } = await startStreams(t);
  const looks = new Looks(pool);
  const camera = await TestCamera.start(t);
  const limit = deadline(systemClock, 20_000);
  t.teardown(limit.cancel);
  const picture = await firstPicture(deps, { url: camera.url }, limit.signal);
  t.match(picture, { format: 'h264', skip: 0 });
  const grey = await looks.grey(picture, limit.signal);
  t.match(grey, { width: 768, height: 576 });
  t.ok(grey.brightnessPct > 10 && grey.brightnessPct < 90, 'neither black nor white');
  t.ok(grey.contrastPct > 5, 'something is to be seen');
  const still = await looks.still(picture, limit.signal);
  t.same([still.subarray(0, 2).toString('hex'), still.subarray(-2).toString('hex')], ['ffd8', 'ffd9']);
  const jpeg = readFileSync(`${ROOT}/simulators/media/cctv-pedestrians.jpg`);
  const ofPage = await looks.grey({ format: 'mjpeg', data: jpeg, skip: 0 }, limit.signal);
  t.match(ofPage, { width: 768, height: 576 });
  await until('no ffmpeg is left', () => pool.spawner.processIds.length === 0);
});

t.test('a camera without key frames is looked at when its picture is whole', async (t) => {
  const { pool } = await startStreams(t);
  const film = testFilm({ size: '640x480', seconds: 10, x264: 'keyint=infinite:intra-refresh=1' });
  const camera = await TestCamera.start(t, { film });
  const limit = deadline(systemClock, 20_000);
  t.teardown(limit.cancel);
  const picture = await firstPicture(deps, { url: camera.url }, limit.signal);
  t.match(await new Looks(pool).grey(picture, limit.signal), { width: 640, height: 480 });
});

t.test('what is no picture is said to be none', async (t) => {
  const { pool } = await startStreams(t);
  const looks = new Looks(pool);
  const limit = deadline(systemClock, 20_000);
  t.teardown(limit.cancel);
  const jpeg = readFileSync(`${ROOT}/simulators/media/cctv-pedestrians.jpg`);
  const begun = Buffer.concat([jpeg.subarray(0, 20), Buffer.alloc(4_000, 0x41)]);
  for (const data of [Buffer.from('<html>'), begun, Buffer.alloc(100)]) {
    const failure = await failureOf(looks.grey({ format: 'mjpeg', data, skip: 0 }, limit.signal));
    t.equal(failure.reason, 'nonsense');
  }
});

t.test('two pictures of one camera are told apart, and never from those of another', async (t) => {
  const { pool } = await startStreams(t);
  const looks = new Looks(pool);
  const limit = deadline(systemClock, 60_000);
  t.teardown(limit.cancel);
  // Each has a width of its own, and one that is broken stands beside one that is not.
  const jpeg = {
    format: 'mjpeg' as const,
    data: readFileSync(`${ROOT}/simulators/media/cctv-pedestrians.jpg`),
    skip: 0,
  };
  const broken = { ...jpeg, data: Buffer.alloc(4_000, 0x41) };
  const sizes = ['320x240', '480x360', '704x576', '640x360'];
  const films = sizes.map((size) => codedIn(testFilm({ size, seconds: 1, x264: 'keyint=10' })));
  await Promise.all([
    ...films.map(async (picture, at) => {
      const [width, height] = sizes[at]!.split('x').map(Number);
      const page = { width: 768, height: 576 };
      t.match(await looks.greyOfBoth([picture, jpeg], limit.signal), [{ width, height }, page]);
      t.match(await looks.greyOfBoth([jpeg, picture], limit.signal), [page, { width, height }]);
    }),
    ...[[films[0]!, broken] as const, [broken, films[1]!] as const].map(async (pair) => {
      t.equal((await failureOf(looks.greyOfBoth(pair, limit.signal))).reason, 'nonsense');
    }),
  ]);
  await until('no ffmpeg is left', () => pool.spawner.processIds.length === 0);
});

t.test('a camera that gives no picture says why, and hears one login at most', async (t) => {
  const login = { username: 'admin', password: 'right-password', scheme: 'digest' as const };
  const cases: [CameraOptions, string][] = [
    [{ mode: 'silent' }, 'timeout'],
    [{ mode: 'drip' }, 'timeout'],
    [{ mode: 'garbage' }, 'nonsense'],
    [{ mode: 'redirect' }, 'redirect'],
    [{ mode: 'no-key-frame' }, 'no-key-frame'],
    [{ mode: 'no-media' }, 'timeout'],
    [{ mode: 'login-loop', login }, 'auth'],
    [{ login }, 'auth'],
  ];
  await Promise.all(
    cases.map(async ([options, reason]) => {
      const camera = await TestCamera.start(t, options);
      const limit = deadline(systemClock, 2_000);
      const address = { url: camera.url, username: 'admin', password: 'wrong-password' };
      const failure = await failureOf(firstPicture(deps, address, limit.signal));
      limit.cancel();
      t.equal(failure.reason, reason, `${options.mode ?? 'wrong password'}: ${failure.message}`);
      t.ok(camera.requests.length <= 6, 'nothing is tried again');
      if (reason === 'auth') t.equal(camera.requests.length, 2, 'once without, once with the login');
    }),
  );
});

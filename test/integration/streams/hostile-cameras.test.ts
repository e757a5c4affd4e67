import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { Fragment } from '../../../src/streams/fmp4/wall-clock.ts';
import { loadFilm } from '../../support/streams/h264-source.ts';
import { hevcFilm } from '../../support/streams/h265-source.ts';
import { type CameraOptions, TestCamera } from '../../support/streams/rtsp-camera.ts';
import { startStreams, TEST_LIMITS } from '../../support/streams/streams.ts';
import { ManualClock } from '../../support/time/clock.ts';
import { until } from '../../support/time/until.ts';

/** Within so long each must have a name, by the clock that the limits go by. */
const NAMED_MS = 15_000;
/** For all of them together, beside what a gateway has anyway. */
const GROWTH_MIB = 150;
/** A camera of which more than a hundred times as much is wanted as is read. */
const MEGABITS = 8;
const SOON_MS = 60_000;

/** Stamps every picture as `at` says, which is given its number. */
function stamped(at: (number: number) => number): CameraOptions {
  return {
    wire: (frames, number) => {
      for (let from = 0; from < frames.length; from += 4 + frames.readUInt16BE(from + 2)) {
        frames.writeUInt32BE(at(number) >>> 0, from + 8);
      }
      return frames;
    },
  };
}

const hevc = hevcFilm();
const { sps } = loadFilm();
/** A parameter set of the right sort that says nothing. */
const MUTATED = Buffer.concat([sps.subarray(0, 1), Buffer.alloc(sps.length - 1)]);
const named = (sdp: string, more: string) => sdp.replace(/a=fmtp:96.*/, (line) => `${line}${more}`);

/**
 * What cameras do, by its number in the reference (V: video, S: where they lead, X: ONVIF and logins), and what each is
 * called. `live`: it is shown, as if nothing were wrong. Chance decides what noise looks like.
 */
const CASES: Record<string, [options: CameraOptions, called: string]> = {
  'V1 noise in the place of pictures': [{ mode: 'noise' }, 'nonsense|no-key-frame|stalled'],
  'V1 H.265 that is announced as H.264': [
    { film: hevc, describe: (sdp) => sdp.replace('H265', 'H264') },
    'nonsense|no-key-frame',
  ],
  'V1 no track of video': [{ mode: 'no-video' }, 'codec-unsupported'],
  'V1 a hundred tracks': [
    { describe: (sdp) => sdp + 'm=video 0 RTP/AVP 97\r\na=rtpmap:97 JPEG/90000\r\n'.repeat(100) },
    'nonsense',
  ],
  'V1 parameters of a megabyte': [{ describe: (sdp) => named(sdp, `;x=${'A'.repeat(1_000_000)}`) }, 'nonsense'],
  'V1 no video in what it plays': [{ mode: 'no-pictures' }, 'nonsense'],
  'V1 media that are none': [{ mode: 'garbage-rtp' }, 'nonsense'],
  'V2 a head without end': [{ mode: 'endless-header' }, 'nonsense'],
  'V2 a byte now and then': [{ mode: 'drip' }, 'timeout'],
  'V2 a body of 2 GB': [{ mode: 'huge-body' }, 'nonsense'],
  'V2 no RTSP at all': [{ mode: 'garbage' }, 'nonsense'],
  'V3 it accepts, and says nothing': [{ mode: 'silent' }, 'timeout'],
  'V3 it plays, and sends nothing': [{ mode: 'no-media' }, 'timeout'],
  'V4 never a key frame': [{ mode: 'no-key-frame' }, 'no-key-frame'],
  'V6 stamps that go back': [stamped((number) => 0x7fff_ffff - number * 9_000), 'live'],
  'V6 stamps that pass their end': [stamped((number) => 0xffff_ffff - 90_000 + number * 9_000), 'live'],
  'V6 stamps years ahead, now and then': [
    stamped((number) => number * 9_000 + (number % 7 === 0 ? 0x4000_0000 : 0)),
    'live',
  ],
  'V7 packets without a unit': [{ units: () => [Buffer.alloc(0)] }, 'nonsense|timeout'],
  'V7 units of zeros': [{ units: (nals) => nals.map(({ length }) => Buffer.alloc(length)) }, 'nonsense|no-key-frame'],
  'V7 fragments that never began': [
    { units: () => [Buffer.from([0x7c, 0x05, 0xff])] },
    'nonsense|no-key-frame|timeout',
  ],
  'V7 a parameter set that says nothing': [
    { sprop: false, units: (nals) => nals.map((nal) => ((nal[0]! & 0x1f) === 7 ? MUTATED : nal)) },
    'nonsense',
  ],
  'V7 units with bytes that were changed': [
    {
      units: (nals) =>
        nals.map((nal) => (nal.length > 40 ? Buffer.concat([nal.subarray(0, 20), randomBytes(20)]) : nal)),
    },
    'live',
  ],
  'V8 as much as the line takes': [{ mode: 'flood' }, 'nonsense|no-key-frame'],
  'S3 a redirect to another machine': [{ mode: 'redirect' }, 'redirect'],
  'S9 media over UDP, to ports of its own': [{ mode: 'udp-only' }, 'refused'],
  'S9 another machine in its description': [{ mode: 'foreign-sdp' }, 'live'],
  'X10 a login that never ends': [{ mode: 'login-loop' }, 'auth'],
};

t.test('each hostile camera has a plain name within 15 s, and its neighbour loses nothing', async (t) => {
  const clock = new ManualClock();
  const limits = { ...TEST_LIMITS, megabitsPerS: MEGABITS };
  const { pool, cameras } = await startStreams(t, { clock, engine: 'auto', limits });
  const start = async (id: string, options: CameraOptions) => {
    const camera = await TestCamera.start(t, options);
    cameras.set(id, { url: camera.url, username: 'viewer', password: 'no-matter-which' });
    return { camera, lease: await pool.lease({ deviceId: id, quality: 'main', use: 'record' }) };
  };
  const { camera: neighbour, lease } = await start('neighbour', {});
  const heard: Fragment[] = [];
  lease.listen({
    epoch: () => {},
    fragment: (fragment) => void heard.push(fragment),
    failed: ({ reason }) => t.fail(`the neighbour failed: ${reason}`),
  });
  /** What the threads were sent before, they have read when they went on with the neighbour for so long. */
  const goesOn = async (fragments: number) => {
    const { length } = heard;
    await until('the neighbour goes on', () => heard.length >= length + fragments, SOON_MS);
  };
  await goesOn(2);
  const beforeMiB = process.memoryUsage().rss / 2 ** 20;
  const began = await Promise.all(Object.entries(CASES).map(([id, [options]]) => start(id, options)));
  await clock.advance(2_000);
  await until('each was connected', () => began.every(({ camera }) => camera.connections > 0), SOON_MS);
  await goesOn(6);
  // Its clock moves only while the neighbour is seen to go on: a machine that is slow makes nobody late.
  for (let ms = 2_000; ms < NAMED_MS; ms += 1_000) {
    await clock.advance(1_000);
    await goesOn(1);
  }
  const status = (id: string) => pool.list().find(({ deviceId }) => deviceId === id);
  const called = (id: string) => (status(id)?.state === 'live' ? 'live' : (status(id)?.reason ?? 'nothing yet'));
  await until('each has a name', () => Object.keys(CASES).every((id) => called(id) !== 'nothing yet'), SOON_MS);
  for (const [id, [, name]] of Object.entries(CASES)) t.match(called(id), new RegExp(`^(${name})$`), id);
  const growthMiB = process.memoryUsage().rss / 2 ** 20 - beforeMiB;
  t.ok(growthMiB < GROWTH_MIB, `${Math.round(growthMiB)} MiB more`);
  const holes = heard.slice(1).filter(({ decodeTimeMs }, at) => {
    const before = heard[at]!;
    return Math.abs(before.decodeTimeMs + before.durationMs - decodeTimeMs) >= 1;
  });
  t.equal(holes.length, 0, `no picture of ${heard.length} fragments is missing`);
  t.equal(neighbour.plays, 1, 'and it was never opened again');
});

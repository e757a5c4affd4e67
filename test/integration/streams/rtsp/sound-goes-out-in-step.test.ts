import { createHash } from 'node:crypto';
import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { picturesIn, videoSetup } from '../../../../src/streams/fmp4/annex-b.ts';
import type { Epoch } from '../../../../src/streams/fmp4/live-window.ts';
import { soundIn } from '../../../../src/streams/fmp4/samples.ts';
import type { Fragment } from '../../../../src/streams/fmp4/wall-clock.ts';
import { USUAL_PLAN } from '../../../../src/streams/pool/stream-plans.ts';
import { Conversation } from '../../../../src/streams/relay/conversation.ts';
import { aacFrames, aacSound, type CameraSound, g711Sound } from '../../../support/streams/media/camera-sound.ts';
import {
  decodeTracks,
  packetsOfRtsp,
  playByGstreamer,
  probeRtsp,
  rawRtsp,
  startRtsp,
} from '../../../support/streams/rtsp/players.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { look, type StreamBed, startStreams } from '../../../support/streams/streams.ts';
import { patientClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const PATH = '/live/cam';
const APART_MAX_S = 0.1;

/** They mostly wait for pictures. */
const sideBySide = () => ({ buffered: true });
t.jobs = 3;

/** Made before anything runs. */
aacFrames();

/** A camera with sound that is taken, and a server that shows it. */
async function start(t: Test, sound: CameraSound) {
  const camera = await TestCamera.start(t, { sound });
  const planOf = () => ({ ...USUAL_PLAN, sound: true });
  const bed = await startStreams(t, { clock: patientClock, sound: 'by-camera', planOf });
  bed.cameras.set('cam', { url: camera.url });
  const rtsp = await startRtsp(t, bed, { clock: patientClock });
  return { camera, bed, rtsp, address: () => rtsp.url(PATH, rtsp.passes.add()) };
}

/** What the pool has from now on: when each picture and piece of sound begins (Unix s), by the MD5 of its bytes. */
async function listened(t: Test, { service }: StreamBed) {
  const lease = await service.lease(look('cam', 'listener'));
  const times = { video: new Map<string, number[]>(), audio: new Map<string, number[]>() };
  const note = (track: 'video' | 'audio', data: Buffer, atMs: number): void => {
    const md5 = createHash('md5').update(data).digest('hex');
    times[track].set(md5, [...(times[track].get(md5) ?? []), atMs / 1000]);
  };
  let init: Epoch['init'] | null = null;
  const epoch = (one: Epoch): void => {
    init = one.init;
  };
  const fragment = ({ data, key, startsAtMs, decodeTimeMs }: Fragment): void => {
    const { sets, lengthBytes } = videoSetup(init!);
    const { movie } = init!;
    for (const [at, { units, shownAt }] of picturesIn(data, movie, lengthBytes).entries()) {
      const sent = [...(key && at === 0 ? sets : []), ...units];
      const bytes = Buffer.concat(sent.flatMap((unit) => [Buffer.from([0, 0, 0, 1]), unit]));
      note('video', bytes, startsAtMs + (shownAt * 1000) / movie.timescale);
    }
    for (const { data: frame, decodeTime } of soundIn(data, movie)) {
      note('audio', frame, startsAtMs - decodeTimeMs + (decodeTime * 1000) / movie.sound!.timescale);
    }
  };
  const unlisten = lease.listen({ epoch, fragment, failed: t.fail });
  t.teardown(() => {
    unlisten();
    lease.release();
  });
  return times;
}

for (const [name, sound] of [
  ['AAC', aacSound()],
  ['G.711 made to AAC', g711Sound()],
] as const) {
  t.test(`${name} goes out beside the pictures, in step with them`, sideBySide(), async (t) => {
    const { camera, bed, address } = await start(t, sound);
    const { complaint, streams } = await probeRtsp(address());
    t.equal(complaint, '');
    t.match(streams, [{ codec_name: 'h264' }, { codec_name: 'aac', sample_rate: '16000', channels: 1 }]);
    const { pictures, sounds, complaint: decoding } = await decodeTracks(address(), 3);
    t.equal(decoding, '', 'both decode');
    t.ok(pictures > 20 && sounds > 30, `${pictures} pictures, ${sounds} pieces of sound`);

    const pool = await listened(t, bed);
    const packets = await packetsOfRtsp(address(), 3);
    const known = packets.map((one) => ({ ...one, poolS: pool[one.track].get(one.md5) ?? [] }));
    const of = (track: 'video' | 'audio') => known.filter((one) => one.track === track && one.poolS.length > 0);
    t.ok(of('video').length > 15 && of('audio').length > 20, 'what comes is what the pool has');
    const [{ atS, poolS: at } = { atS: 0, poolS: [] }] = of('video');
    // Some pieces sound alike: of these the one counts that would be right.
    const apart = [...of('video'), ...of('audio')].map((one) =>
      Math.min(...one.poolS.map((s) => Math.abs(s - at[0]! - (one.atS - atS)))),
    );
    t.ok(Math.max(...apart) < APART_MAX_S, `at most ${Math.max(...apart)} s apart`);
    t.equal(camera.plays, 1, 'and the camera is pulled once');
  });
}

t.test('GStreamer plays both on one clock', sideBySide(), async (t) => {
  const { rtsp } = await start(t, aacSound());
  const { user, password } = rtsp.passes.add();
  const location = { url: `rtsp://127.0.0.1:${rtsp.port}${PATH}`, username: user, password };
  const { video, audio } = await playByGstreamer(location, 25);
  for (const times of [video, audio]) t.ok(times!.every((at) => at !== null));
  // It begins with a picture that decoding can begin with, and with the sound of that moment.
  t.ok(Math.abs(video![0]! - audio![0]!) < APART_MAX_S, `pictures from ${video![0]} s, sound from ${audio![0]} s`);
  t.ok(Math.abs(video![24]! - video![0]! - 24 * 0.1) < 0.01, 'pictures at their times');
  t.ok(Math.abs(audio![24]! - audio![0]! - 24 * 0.064) < 0.01, 'sound as long as it is');
});

/** The gateway's own client, which has been described the stream. */
async function described(t: Test, { port, passes }: Awaited<ReturnType<typeof startRtsp>>) {
  const { socket } = await rawRtsp(t, port);
  socket.removeAllListeners('data');
  const { user: username, password } = passes.add();
  const talk = new Conversation(socket, { clock: systemClock, login: { username, password }, bytesPerS: 10_000_000 });
  const url = `rtsp://127.0.0.1:${port}${PATH}`;
  const counts = new Map<number, number>();
  talk.listen([0, 1, 2, 3, 4, 5]);
  talk.onFrame = (frame) => void counts.set(frame[1]!, (counts.get(frame[1]!) ?? 0) + 1);
  const { body } = await talk.request('DESCRIBE', url);
  const setUp = (track: string, headers: Record<string, string>) =>
    talk.request('SETUP', `${url}/${track}`, { Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1', ...headers });
  return { talk, url, counts, body: body.toString(), setUp };
}

t.test('a player that sets up the pictures alone gets them alone', sideBySide(), async (t) => {
  const { rtsp } = await start(t, aacSound());
  const { talk, url, counts, body, setUp } = await described(t, rtsp);
  t.match(body, /m=audio 0 RTP\/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC\/16000\/1\r\n/);
  const { headers } = await setUp('video', {});
  const session = { Session: headers.get('session')![0]! };
  await t.rejects(setUp('sound', { Session: 'another' }), /454/);
  await talk.request('PLAY', `${url}/`, session);
  await until('pictures', () => (counts.get(0) ?? 0) > 60);
  t.same([...counts.keys()].sort(), [0, 1], 'with reports, and nothing else');
  await t.rejects(setUp('sound', session), /455/, 'what is not set up before is not played');
});

t.test('sound that asks for the channel of the pictures gets another one, and both come', sideBySide(), async (t) => {
  const { rtsp } = await start(t, aacSound());
  const { talk, url, counts, setUp } = await described(t, rtsp);
  const session = { Session: (await setUp('video', {})).headers.get('session')![0]! };
  await t.rejects(setUp('video', session), /455/, 'once each');
  const sound = await setUp('sound', session);
  t.match(sound.headers.get('transport')![0], /interleaved=2-3/);
  const playing = await talk.request('PLAY', `${url}/`, session);
  t.equal(playing.headers.get('rtp-info')![0], `url=${url}/video;seq=0,url=${url}/sound;seq=0`);
  await until('all of it', () => [0, 1, 2, 3].every((channel) => (counts.get(channel) ?? 0) > 0));
});

t.test('a sound that stops holds up no picture', sideBySide(), async (t) => {
  const { camera, rtsp } = await start(t, aacSound());
  const { talk, url, counts, setUp } = await described(t, rtsp);
  const session = { Session: (await setUp('video', {})).headers.get('session')![0]! };
  await setUp('sound', session);
  await talk.request('PLAY', `${url}/`, session);
  await until('both', () => (counts.get(0) ?? 0) > 0 && (counts.get(2) ?? 0) > 0);
  camera.mute = true;
  const before = counts.get(0)!;
  await until('pictures go on', () => counts.get(0)! > before + 200);
  t.equal(camera.plays, 1);
});

t.test('a camera without sound is described and shown as before', sideBySide(), async (t) => {
  const { rtsp } = await start(t, { ...aacSound(), refused: true });
  const { body, setUp } = await described(t, rtsp);
  t.notMatch(body, /audio/);
  await t.rejects(setUp('sound', {}), /404/);
  t.match((await probeRtsp(rtsp.url(PATH, rtsp.passes.add()))).streams, [{ codec_name: 'h264' }]);
});

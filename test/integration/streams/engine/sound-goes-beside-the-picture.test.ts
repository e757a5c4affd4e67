import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import type { Engine } from '../../../../src/streams/engine/engine.ts';
import type { InitSegment, ParsedFragment, Part } from '../../../../src/streams/fmp4/parser.ts';
import type { StreamFailure } from '../../../../src/streams/pool/types.ts';
import { startFfmpeg, startThreads } from '../../../support/streams/engine/engines.ts';
import { aacFrames, aacSound, type CameraSound, g711Sound } from '../../../support/streams/media/camera-sound.ts';
import { decodeFile, packetTimes, soundTimes } from '../../../support/streams/players.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { until } from '../../../support/time/until.ts';

/** They mostly wait for pictures. */
const sideBySide = () => ({ buffered: true });
t.jobs = 4;

/** Made before anything runs. */
aacFrames();

interface Run {
  camera: TestCamera;
  inits(): InitSegment[];
  fragments(): ParsedFragment[];
  /** Everything so far, as one file. */
  file(): Buffer;
  outcome: Promise<StreamFailure | 'unfit'>;
}

async function pull(t: Test, engine: Engine, sound: CameraSound): Promise<Run> {
  const camera = await TestCamera.start(t, { sound });
  const parts: Part[] = [];
  const over = new AbortController();
  const address = { url: camera.url, sound: true };
  const onPart = (part: Part) => void parts.push(part);
  const outcome = engine.run({ deviceId: 'cam', camera: address, admit: async () => null, onPart }, over.signal);
  t.teardown(async () => {
    over.abort('unwanted');
    await outcome;
  });
  const inits = () => parts.flatMap((part) => (part.type === 'init' ? [part.init] : []));
  const fragments = () => parts.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
  const file = () => Buffer.concat([inits()[0]!.data, ...fragments().map(({ data }) => data)]);
  return { camera, inits, fragments, file, outcome };
}

/** Sound without a hole, in time with the pictures, and nothing that a decoder complains of. */
async function inTime(t: Test, file: Buffer): Promise<void> {
  t.equal(await decodeFile(file), '', 'it decodes');
  const [pictures, sounds] = [await packetTimes(file), await soundTimes(file)];
  const step = sounds[1]! - sounds[0]!;
  for (const [n, s] of sounds.slice(1).entries()) t.ok(Math.abs(s - sounds[n]! - step) < 0.002, 'without a hole');
  t.ok(Math.abs(pictures[0]! - sounds[0]!) < 0.4, `pictures from ${pictures[0]} s, sound from ${sounds[0]} s`);
  t.ok(
    Math.abs(pictures.at(-1)! - sounds.at(-1)!) < 1.7,
    `pictures to ${pictures.at(-1)} s, sound to ${sounds.at(-1)} s`,
  );
}

const ENGINES: Record<string, (t: Test) => Promise<Engine>> = { ffmpeg: startFfmpeg, threads: startThreads };

for (const [name, start] of Object.entries(ENGINES)) {
  t.test(`${name}: AAC goes along as it is`, sideBySide(), async (t) => {
    const run = await pull(t, await start(t), aacSound());
    await until('some seconds', () => run.fragments().length >= 7);
    t.match(run.inits()[0]?.movie.sound, { codec: 'mp4a.40.2', channels: 1, timescale: 16_000 });
    await inTime(t, run.file());
  });

  t.test(`${name}: sound that is promised and never comes is silence`, sideBySide(), async (t) => {
    const run = await pull(t, await start(t), { ...aacSound(), between: () => Buffer.alloc(0) });
    await until('some seconds', () => run.fragments().length >= 10);
    await inTime(t, run.file());
  });

  t.test(`${name}: sound that stops and comes back with other stamps`, sideBySide(), async (t) => {
    const run = await pull(t, await start(t), aacSound({ stampAt: (s) => s + 50_000 * Math.floor(s / 5) }));
    await until('a second', () => run.fragments().length >= 4);
    run.camera.mute = true;
    const { length } = run.fragments();
    await until('pictures go on', () => run.fragments().length >= length + 6);
    run.camera.mute = false;
    await until('and on', () => run.fragments().length >= length + 14);
    t.equal(run.inits().length, 1, 'over the same description');
    t.equal(run.camera.plays, 1);
    await inTime(t, run.file());
  });

  t.test(`${name}: a refused sound costs no picture`, sideBySide(), async (t) => {
    const run = await pull(t, await start(t), { ...aacSound(), refused: true });
    await until('pictures', () => run.fragments().length >= 2);
    t.equal(run.inits()[0]?.movie.sound, null);
    t.match(run.inits()[0]?.note, /does not send its sound/);
  });

  t.test(`${name}: noise in place of sound costs no picture`, sideBySide(), async (t) => {
    const run = await pull(t, await start(t), { ...aacSound(), between: () => noise() });
    await until('pictures', () => run.fragments().length >= 7);
    const pictures = await packetTimes(run.file());
    t.ok(pictures.length >= 20, `${pictures.length} pictures`);
    t.equal(run.camera.plays, 1);
  });
}

/** Packets of the right type whose content is anything. */
function noise(): Buffer {
  const frame = Buffer.concat([Buffer.from([0x24, 2, 0, 212]), randomBytes(212)]);
  frame.set([0x80, 0xe1], 4);
  return frame;
}

t.test('ffmpeg: G.711 becomes AAC', sideBySide(), async (t) => {
  const run = await pull(t, await startFfmpeg(t), g711Sound());
  await until('some seconds', () => run.fragments().length >= 9);
  t.match(run.inits()[0]?.movie.sound, { codec: 'mp4a.40.2', channels: 1, timescale: 16_000 });
  await inTime(t, run.file());
});

t.test('threads: G.711 is left to ffmpeg before anything is played', sideBySide(), async (t) => {
  const run = await pull(t, await startThreads(t), g711Sound());
  t.equal(await run.outcome, 'unfit');
  t.equal(run.camera.plays, 0);
});

t.test('threads: sound that cannot be taken is told of, and the picture comes', sideBySide(), async (t) => {
  const lines = ['m=audio 0 RTP/AVP 97', 'a=rtpmap:97 OPUS/48000/2', 'a=control:track2'];
  const run = await pull(t, await startThreads(t), { ...aacSound(), lines });
  await until('pictures', () => run.fragments().length >= 2);
  t.equal(run.inits()[0]?.movie.sound, null);
  t.match(run.inits()[0]?.note, /left out: Opus/);
});

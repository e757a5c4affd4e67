import type { Test } from 'tap';
import type { CalledOff, Engine } from '../../../../src/streams/engine/engine.ts';
import type { Part } from '../../../../src/streams/fmp4/parser.ts';
import { StreamFailure } from '../../../../src/streams/pool/types.ts';
import { until } from '../../time/until.ts';
import { type Film, testFilm } from '../h264-source.ts';
import { hevcFilm } from '../h265-source.ts';
import { reorderedFilm } from '../media/reordered-film.ts';
import { decodeFile, packetTimes } from '../players.ts';
import { type CameraOptions, TestCamera } from '../rtsp-camera.ts';

interface Run {
  camera: TestCamera;
  parts: Part[];
  /** How often it was asked whether the camera is admitted. */
  asked: () => number;
  callOff(cause: CalledOff): void;
  outcome: Promise<StreamFailure | 'unfit'>;
}

/** What every engine must do: the contract of src/streams/engine/engine.ts as tests. */
export async function enginesConform(t: Test, start: (t: Test) => Promise<Engine>): Promise<void> {
  const engine = await start(t);
  const given = (
    what: string,
    options: CameraOptions,
    run: (t: Test, run: Run) => Promise<void>,
    refused?: StreamFailure,
  ) => t.test(what, { buffered: true }, async (t) => run(t, await pull(t, engine, options, refused)));
  // Made before anything runs: while a film is made, nothing else of this process does.
  const [later, hevcLater] = [reorderedFilm('H264'), reorderedFilm('H265')];
  const [hevc, small] = [hevcFilm(), testFilm({ size: '320x240', seconds: 2, x264: 'keyint=10' })];
  t.jobs = 4;
  await Promise.all([
    given('a description first, then fragments in time, the first with a key frame', {}, tellsInOrder),
    given('H.265 as well', { film: hevc }, takesHevc),
    given('pictures that come in another order than shown (B-frames)', { film: later }, reorders),
    given('such pictures of H.265', { film: hevcLater }, reorders),
    given('called off, it says goodbye and ends as that says', {}, isCalledOff),
    given('where the camera is not admitted it is not asked to play', {}, isRefused, new StreamFailure('other-unit')),
    given('a camera that sends nothing is called so', { mode: 'no-media' }, isSilent),
    given('a camera that does not answer is called so, and not the server', { mode: 'silent' }, isMute),
    given('a camera that hangs up ends the run', {}, hangsUp),
    given('another picture is described anew, over the same connection', {}, (t, run) => changes(t, run, small)),
  ]);
}

async function pull(t: Test, engine: Engine, options: CameraOptions, refused?: StreamFailure): Promise<Run> {
  const camera = await TestCamera.start(t, options);
  const parts: Part[] = [];
  const controller = new AbortController();
  let asked = 0;
  const admit = async () => {
    asked += 1;
    return refused ?? null;
  };
  const run = { deviceId: 'cam', camera: { url: camera.url }, admit, onPart: (part: Part) => void parts.push(part) };
  const outcome = engine.run(run, controller.signal);
  t.teardown(async () => {
    controller.abort('unwanted');
    await outcome;
  });
  return { camera, parts, asked: () => asked, callOff: (cause) => controller.abort(cause), outcome };
}

async function tellsInOrder(t: Test, { parts, asked }: Run): Promise<void> {
  await until('some fragments', () => parts.length >= 5);
  t.equal(asked(), 1);
  const [first, ...others] = parts;
  if (first?.type !== 'init') throw new Error('no description first');
  t.match(first.init.movie, { codec: 'avc1.4d401f', width: 768, height: 576 });
  const fragments = others.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
  t.ok(fragments[0]?.key);
  t.ok((fragments[0]?.decodeTimeMs ?? 0) >= 20_000, 'with room for what is shown before');
  for (const [n, { decodeTimeMs }] of fragments.slice(1).entries()) {
    const before = fragments[n]!;
    t.ok(Math.abs(before.decodeTimeMs + before.durationMs - decodeTimeMs) < 1, 'each follows the one before');
  }
  const times = await packetTimes(Buffer.concat([first.init.data, ...fragments.map(({ data }) => data)]));
  for (const [n, s] of times.slice(1).entries())
    t.equal(Math.round((s - times[n]!) * 1_000), 100, 'as the camera says');
}

async function takesHevc(t: Test, { parts }: Run): Promise<void> {
  await until('some fragments', () => parts.length >= 5);
  const [first, ...others] = parts;
  if (first?.type !== 'init') throw new Error('no description first');
  t.match(first.init.movie, { codec: /^hvc1\.1\./, width: 640, height: 360 });
  const fragments = others.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
  t.ok(fragments[0]?.key);
  t.equal(await decodeFile(Buffer.concat([first.init.data, ...fragments.map(({ data }) => data)])), '', 'it decodes');
}

/** Of the very first pictures ffmpeg does not know when they are decoded, so it is judged from the next key frame. */
async function reorders(t: Test, { camera, parts }: Run): Promise<void> {
  const fragmentsOf = () => parts.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
  const keys = () => fragmentsOf().flatMap(({ key }, at) => (key ? [at] : []));
  await until('some key frames', () => keys().length >= 4);
  const [first] = parts;
  if (first?.type !== 'init') throw new Error('no description first');
  const fragments = fragmentsOf().slice(keys()[1]);
  const file = Buffer.concat([first.init.data, ...fragments.map(({ data }) => data)]);
  t.equal(await decodeFile(file), '', 'it decodes');
  const times = await packetTimes(file);
  t.ok(
    times.some((s, n) => s < (times[n - 1] ?? 0)),
    'out of order, as they came',
  );
  const shown = [...times].sort((one, other) => one - other).slice(0, -4);
  for (const [n, s] of shown.slice(1).entries()) t.equal(Math.round((s - shown[n]!) * 1_000), 100, 'each has its time');
  t.equal(camera.plays, 1);
}

async function isCalledOff(t: Test, { camera, parts, callOff, outcome }: Run): Promise<void> {
  await until('a fragment', () => parts.length >= 2);
  callOff('unwanted');
  t.match(await outcome, { reason: 'stopped' });
  await until('the connection is gone', () => camera.viewers === 0);
  await until('the goodbye is read', () => camera.teardowns === 1);
}

async function isRefused(t: Test, { camera, outcome }: Run): Promise<void> {
  t.match(await outcome, { reason: 'other-unit' });
  t.equal(camera.plays, 0);
  await until('the connection is gone', () => camera.viewers === 0);
}

async function isSilent(t: Test, { camera, callOff, outcome }: Run): Promise<void> {
  await until('it plays', () => camera.plays === 1);
  callOff('overdue');
  t.match(await outcome, { reason: 'timeout' });
}

async function isMute(t: Test, { camera, callOff, outcome }: Run): Promise<void> {
  await until('it is asked', () => camera.requests.length > 0);
  callOff('overdue');
  t.match(await outcome, { reason: 'timeout' });
}

async function hangsUp(t: Test, { camera, parts, outcome }: Run): Promise<void> {
  await until('a fragment', () => parts.length >= 2);
  await camera.stop();
  t.match(await outcome, { reason: 'closed' });
}

async function changes(t: Test, { camera, parts }: Run, small: Film): Promise<void> {
  await until('a fragment', () => parts.length >= 2);
  camera.film = small;
  const widths = () => parts.flatMap((part) => (part.type === 'init' ? [part.init.movie.width] : []));
  await until('the other picture', () => widths().length === 2);
  t.same(widths(), [768, 320]);
  t.equal(camera.plays, 1);
}

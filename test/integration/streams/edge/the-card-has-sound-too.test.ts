import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { cardSound } from '../../../../simulators/camera/storage/card-sound.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { TcpOutbound } from '../../../../src/platform/outbound/tcp.ts';
import { EDGE_LIMITS, EdgeSource } from '../../../../src/streams/edge/edge-source.ts';
import { TranscodeBudget, transcodeLimits } from '../../../../src/streams/ffmpeg/transcode-budget.ts';
import type { InitSegment } from '../../../../src/streams/fmp4/parser.ts';
import type { Fragment } from '../../../../src/streams/fmp4/wall-clock.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { startCameras } from '../../../support/streams/cameras.ts';
import { decodeFile, heardFrames, streamsOf } from '../../../support/streams/players.ts';
import { edgeStorage } from '../../../support/streams/recordings/edge-storage.ts';
import { startStreams, TEST_NETWORK } from '../../../support/streams/streams.ts';
import { until } from '../../../support/time/until.ts';

const LENGTH_S = 6;
/** One frame of AAC: sound begins with a picture, and goes on without a hole. */
const FRAME_MS = 64;
/** A camera tells its clock in whole seconds, and a busy machine takes a second to hear it. */
const CLOCK_MS = 2_000;
/** From one key frame of a camera to the next. */
const KEYS_APART_MS = 500;

const rig = await startCameras(t);
const { pool } = await startStreams(t);
const transcodes = new TranscodeBudget({ clock: systemClock, observer: quietObserver() }, transcodeLimits(100));
const cameras = new Map([
  ['aac', await rig.start({ id: 'aac', address: '127.64.78.1', storage: { keepS: 600, sound: 'AAC' } })],
  ['g711', await rig.start({ id: 'g711', address: '127.64.78.2', storage: { keepS: 600, sound: 'PCMA' } })],
]);
const allowed = { sound: true };
const source = new EdgeSource(
  {
    clock: systemClock,
    observer: quietObserver(),
    tcp: new TcpOutbound({ clock: systemClock }),
    networks: [TEST_NETWORK],
    storage: edgeStorage(t, (id) => cameras.get(id)!),
    cameras: { admit: async () => null },
    hasConnection: () => true,
    soundOf: () => allowed.sound,
    coding: { sockets: pool.sockets, spawner: pool.spawner, transcodes },
  },
  EDGE_LIMITS,
);

/** What a camera plays back of a time, as one file. */
async function playedBack(device: string, fromMs: number, toMs: number) {
  const inits: InitSegment[] = [];
  const fragments: Fragment[] = [];
  const taker = {
    begin: (init: InitSegment) => void inits.push(init),
    fragment: (one: Fragment) => void fragments.push(one),
  };
  const outcome = await source.playBack({ device, quality: 'main', fromMs, toMs }, taker, new AbortController().signal);
  const file = Buffer.concat([...inits.map(({ data }) => data), ...fragments.map(({ data }) => data)]);
  return { outcome, inits, fragments, file };
}

/** Sees that pictures and sound are all there, in one piece. */
async function isWhole(t: Test, { outcome, inits, fragments, file }: Awaited<ReturnType<typeof playedBack>>) {
  t.same(outcome, { how: 'whole' });
  t.equal(inits.length, 1, 'in one piece');
  t.equal(await decodeFile(file), '');
  t.match(await streamsOf(file), [{ codec: 'h264' }, { codec: 'aac' }]);
  const lengthS = fragments.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1_000;
  const heard = await heardFrames(file);
  t.ok(Math.abs((heard.length * FRAME_MS) / 1_000 - lengthS) < 0.3, `${heard.length} frames in ${lengthS} s`);
  const [first] = fragments;
  /** By our clock, of a time in the file. */
  const takenMs = (atS: number): number => atS * 1_000 - first!.decodeTimeMs + first!.startsAtMs;
  return { heard, takenMs, first: first! };
}

const beganMs = systemClock.nowMs();
const [fromMs, toMs] = [beganMs + 1_000, beganMs + (LENGTH_S + 1) * 1_000];
await until('the cards have some seconds', () =>
  [...cameras.values()].every(({ storage }) => (storage!.span?.toMs ?? 0) > toMs + 1_000),
);

t.test('what the card has of sound is beside its pictures, and sounds when it sounded', async (t) => {
  const { heard, takenMs, first } = await isWhole(t, await playedBack('aac', fromMs, toMs));
  const all = (await cardSound('AAC')).between(0, 200 * FRAME_MS);
  const again = all.findIndex(({ payload }, at) => at > 0 && payload === all[0]!.payload);
  const stored = all.slice(0, again);
  const numbers = new Map(stored.map(({ payload }, at) => [md5(payload.subarray(4)), at]));
  const laterMs = heard.map(({ atS, md5: bytes }) => {
    const number = numbers.get(bytes);
    if (number === undefined) return null;
    // Which round of the tone it was, its time says.
    const round = Math.round((takenMs(atS) / FRAME_MS - number) / numbers.size);
    return takenMs(atS) - (round * numbers.size + number) * FRAME_MS;
  });
  t.ok(
    laterMs.every((ms) => ms !== null),
    'nothing of it is silence',
  );
  const some = laterMs.map((ms) => ms ?? 0);
  t.ok(Math.max(...some) - Math.min(...some) < 2, 'each as long after the one before as it was');
  t.ok(Math.max(...some.map(Math.abs)) < FRAME_MS + CLOCK_MS, `${some[0]} ms from when it sounded`);
  // Its first picture is one of the card's key frames: how far our clock is off the camera's is off for both.
  const [key] = cameras.get('aac')!.storage!.read(fromMs, toMs);
  const besideMs = some[0]! - (first.startsAtMs - key!.picture.atMs);
  const offMs = besideMs - Math.round(besideMs / KEYS_APART_MS) * KEYS_APART_MS;
  t.ok(Math.abs(offMs) < FRAME_MS, `${offMs} ms beside the pictures of then`);
});

t.test('G.711 is coded as AAC, and sounds when it sounded', async (t) => {
  const found = await playedBack('g711', fromMs, toMs);
  await isWhole(t, found);
  t.equal(transcodes.usedPct, 0, 'its turn was given back');
  const onsets = await loudFrom(found.file);
  t.ok(onsets.length >= LENGTH_S - 2, `${onsets.length} times in ${LENGTH_S} s`);
  const [key] = cameras.get('g711')!.storage!.read(fromMs, toMs);
  for (const atS of onsets) {
    // It sounds at the beginning of each second of the camera's clock, by which the card's key frames are told, too.
    const sinceKeyMs = atS * 1_000 - found.fragments[0]!.decodeTimeMs;
    const offMs = ((key!.picture.atMs + sinceKeyMs + KEYS_APART_MS / 2) % KEYS_APART_MS) - KEYS_APART_MS / 2;
    t.ok(Math.abs(offMs) < FRAME_MS, `${offMs} ms after the second`);
  }
  for (const [index, atS] of onsets.slice(1).entries()) {
    t.ok(Math.abs(atS - onsets[index]! - 1) < 0.03, `${atS - onsets[index]!} s after the one before`);
  }
});

t.test('without a turn of the processor a card with G.711 is asked later', async (t) => {
  const taken = Array.from({ length: 100 }, () => transcodes.tryEnter('audio'));
  t.same((await playedBack('g711', fromMs, toMs)).outcome, { how: 'busy' });
  for (const leave of taken) leave?.();
});

t.test('sound that may not be taken is not asked for, and what is under way ends', async (t) => {
  allowed.sound = false;
  t.match(await streamsOf((await playedBack('aac', fromMs, toMs)).file), [{ codec: 'h264' }]);
  allowed.sound = true;
  const camera = cameras.get('aac')!;
  camera.misbehave({ replayEveryMs: 200 });
  const playing = playedBack('aac', fromMs, toMs);
  await until('it plays', () => camera.viewers.connections > 0);
  allowed.sound = false;
  t.match((await playing).outcome, { how: 'failed' });
  camera.behave();
});

/** When it becomes loud, seconds, as ffmpeg finds it. */
async function loudFrom(file: Buffer): Promise<number[]> {
  const path = join(await temporaryDirectory(t), 'file.mp4');
  await writeFile(path, file);
  const args = ['-nostdin', '-i', path, '-af', 'silencedetect=noise=-30dB:d=0.3', '-f', 'null', '-'];
  const { stderr } = await promisify(execFile)('ffmpeg', args);
  const found = [...stderr.matchAll(/silence_end: ([\d.]+)/g)].map(([, at]) => Number(at));
  // Times of the filter begin with the first sound; it also tells of a silence that ends with the file.
  const heard = await heardFrames(file);
  const endS = heard.at(-1)!.atS - FRAME_MS / 1_000;
  return found.map((atS) => atS + heard[0]!.atS).filter((atS) => atS < endS);
}

function md5(data: Buffer): string {
  return createHash('md5').update(data).digest('hex');
}

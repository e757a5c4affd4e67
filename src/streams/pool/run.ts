import { deadline } from '../../core/clock.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import type { Logger } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import { pullTask } from '../ffmpeg/arguments.ts';
import { cannotRun } from '../ffmpeg/cage.ts';
import type { LocalSocket, LocalSockets } from '../ffmpeg/local-sockets.ts';
import type { ProcessEnd } from '../ffmpeg/protocol.ts';
import type { Spawner } from '../ffmpeg/spawner.ts';
import { FragmentParser, type Part } from '../fmp4/parser.ts';
import { abortFailure, CameraSession, type CameraSessionDeps } from '../relay/camera-session.ts';
import type { Relay } from '../relay/relay.ts';
import type { CloseCause } from './pull-machine.ts';
import { asFailure, type CameraSource, type Quality, StreamFailure } from './types.ts';

export interface RunDeps extends CameraSessionDeps {
  log: Logger;
  cameras: CameraSource;
  relay: Relay;
  sockets: LocalSockets;
  spawner: Spawner;
}

export interface RunTarget {
  deviceId: DeviceId;
  quality: Quality;
}

/** From looking the address up to a track that is set up, however slowly the camera talks. */
const OPEN_MS = 10_000;
/** Between two looks at whether it is still believed to be the registered camera. */
const LOOK_MS = 1_000;
/** A camera whose media are older than this when the watchdog comes is the one that stopped. */
const SILENT_MS = 3_000;

/** Time for the last fragments of an ffmpeg that ended to come through the socket. */
const LAST_FRAGMENT_MS = 2_000;

/**
 * One run of one pull: connects to the camera, starts ffmpeg between the relay and a local socket, and hands out what
 * it writes. Where the camera goes on with another picture, another ffmpeg goes on with it, over the same connection.
 * Runs until `signal` is aborted (with a {@link CloseCause}) or something breaks; returns why, after everything it
 * began is gone.
 */
export async function runPull(
  deps: RunDeps,
  target: RunTarget,
  onPart: (part: Part) => void,
  signal: AbortSignal,
): Promise<StreamFailure> {
  const failure = await runOnce(deps, target, onPart, signal);
  if (failure.reason !== 'stopped') deps.cameras.lost(target.deviceId);
  return failure;
}

async function runOnce(
  deps: RunDeps,
  target: RunTarget,
  onPart: (part: Part) => void,
  signal: AbortSignal,
): Promise<StreamFailure> {
  const opened = await openSession(deps, target, signal);
  if (opened instanceof StreamFailure) return opened;
  const over = new AbortController();
  const called = Promise.race([calledOff(deps, opened, signal), foundOut(deps, target.deviceId, over.signal)]);
  let failure: StreamFailure | 'goes on' = 'goes on';
  while (failure === 'goes on') failure = await runProcess(deps, target, { session: opened, called, onPart });
  over.abort();
  await opened.close(failure);
  return failure;
}

interface Running {
  session: CameraSession;
  /** Resolves when the run is called off. */
  called: Promise<StreamFailure>;
  onPart: (part: Part) => void;
}

/** One ffmpeg for one turn of the camera's video; resolves after it is gone. */
async function runProcess(
  deps: RunDeps,
  target: RunTarget,
  { session, called, onPart }: Running,
): Promise<StreamFailure | 'goes on'> {
  const { packer } = session;
  // The first turn begins only after the relay was asked for it.
  const turn = Math.max(1, packer.turn);
  const output = await deps.sockets
    .open()
    .catch((error: unknown) => new StreamFailure('not-started', undefined, error));
  if (output instanceof StreamFailure) return output;
  const offer = deps.relay.offer(session);
  const process = deps.spawner.run(pullTask({ relayUrl: offer.url, output: output.path }));
  let written = false;
  const parts = readParts(output, (part) => {
    written = true;
    onPart(part);
  });
  const ended = process.ended.then(async (end) => {
    if (packer.turn > turn) {
      await Promise.race([parts, deps.clock.sleep(LAST_FRAGMENT_MS)]);
      return 'goes on' as const;
    }
    deps.log.info({ ...target, ...end }, 'ffmpeg ended');
    return processFailure(end, session.mediaAtMs !== null && !written);
  });
  const unusable = parts.then((failure) => failure ?? new Promise<never>(() => {}));
  const outcome = await Promise.race([session.ended, ended, unusable, called]);
  offer.withdraw();
  output.close();
  process.stop();
  await process.ended;
  return outcome;
}

async function openSession(
  deps: RunDeps,
  { deviceId, quality }: RunTarget,
  signal: AbortSignal,
): Promise<CameraSession | StreamFailure> {
  const limit = deadline(deps.clock, OPEN_MS, signal);
  try {
    const camera = await orAborted(deps.cameras.camera(deviceId), limit.signal);
    if (!camera) return new StreamFailure('no-address');
    const url = quality === 'sub' ? (camera.subUrl ?? camera.url) : camera.url;
    const session = await CameraSession.open(deps, { ...camera, url }, limit.signal);
    const withheld = await orAborted(deps.cameras.admit(deviceId), limit.signal).catch((error: unknown) =>
      limit.signal.aborted ? abortFailure(limit.signal) : asFailure(error, 'lookup'),
    );
    if (withheld === null) return session;
    const failure = withheld instanceof StreamFailure ? withheld : new StreamFailure('other-unit', withheld);
    await session.close(failure);
    return failure;
  } catch (error) {
    return limit.signal.aborted ? abortFailure(limit.signal) : asFailure(error, 'lookup');
  } finally {
    limit.cancel();
  }
}

/** Resolves when another camera is found to stand there while this runs. */
async function foundOut({ clock, cameras }: RunDeps, id: DeviceId, signal: AbortSignal): Promise<StreamFailure> {
  while (!signal.aborted) {
    const withheld = cameras.withheld(id);
    if (withheld !== null) return new StreamFailure('other-unit', withheld);
    await clock.sleep(LOOK_MS, signal);
  }
  return new StreamFailure('stopped');
}

/** Resolves with a failure when what ffmpeg writes cannot be used, with null at its end. */
async function readParts(local: LocalSocket, onPart: (part: Part) => void): Promise<StreamFailure | null> {
  const never = new Promise<never>(() => {});
  const socket = await local.connection.catch(() => never);
  const parser = new FragmentParser();
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const part of parser.push(chunk)) onPart(part);
      } catch (error) {
        socket.destroy();
        resolve(new StreamFailure('ffmpeg', 'What it wrote is not a stream.', error));
      }
    });
    socket.once('close', () => resolve(null));
  });
}

async function calledOff(deps: RunDeps, session: CameraSession, signal: AbortSignal): Promise<StreamFailure> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  const cause = signal.reason as CloseCause | StreamFailure;
  if (cause instanceof StreamFailure) return cause;
  if (cause === 'unwanted') return new StreamFailure('stopped', 'Nobody watches it any more.');
  return silenceOf(session, cause, deps.clock.monotonicMs());
}

/** Why nothing came of a camera that is connected, by how far its media got. */
function silenceOf({ mediaAtMs, packer }: CameraSession, cause: CloseCause, nowMs: number): StreamFailure {
  const { pictureAtMs, seen } = packer;
  if (mediaAtMs === null) return new StreamFailure('timeout', 'It promised video and sent none.');
  if (nowMs - mediaAtMs > SILENT_MS) return new StreamFailure('stalled');
  if (pictureAtMs === null) return new StreamFailure('nonsense', 'Its media are not the video it announces.');
  if (nowMs - pictureAtMs > SILENT_MS) return new StreamFailure('stalled', 'It still sends media, but no pictures.');
  if (!seen.key) return new StreamFailure('no-key-frame');
  if (!seen.sets) return new StreamFailure('nonsense', 'It sends no parameters of its video (SPS, PPS).');
  return new StreamFailure('ffmpeg', cause === 'overdue' ? 'It made nothing of the video.' : undefined);
}

/** `unused`: there were media, and ffmpeg made nothing of them. */
function processFailure(end: ProcessEnd, unused: boolean): StreamFailure {
  if (end.how === 'not-started' || cannotRun(end.code)) return new StreamFailure('not-started');
  if (end.how === 'lost') return new StreamFailure('ffmpeg', 'The spawner ended.');
  if (end.signal) return new StreamFailure('ffmpeg', `Signal ${end.signal}.`);
  if (unused && end.code !== 0) return new StreamFailure('nonsense', 'Its media are not the video it announces.');
  return new StreamFailure('ffmpeg', `Exit status ${end.code}.`);
}

import { deadline } from '../../core/clock.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import { asFailure, StreamFailure } from '../pool/types.ts';
import { abortFailure, CameraSession, type CameraSessionDeps, type Playback } from '../relay/camera-session.ts';
import type { CalledOff, EngineRun } from './engine.ts';

/** From connecting to a track that is set up, however slowly the camera talks. */
const OPEN_MS = 10_000;
/** A camera whose media are older than this when the watchdog comes is the one that stopped. */
const SILENT_MS = 3_000;

/** Connects to the camera of `run` and has it admitted; resolves with why not, and then nothing of it is left. */
export async function openSession(
  deps: CameraSessionDeps,
  { camera, admit, playback = null }: Pick<EngineRun, 'camera' | 'admit'> & { playback?: Playback | null },
  signal: AbortSignal,
): Promise<CameraSession | StreamFailure> {
  const limit = deadline(deps.clock, OPEN_MS, signal);
  try {
    const session = await CameraSession.open(deps, camera, limit.signal, playback);
    const refused = await orAborted(admit(), limit.signal).catch((error: unknown) =>
      limit.signal.aborted ? abortFailure(limit.signal) : asFailure(error, 'lookup'),
    );
    if (refused === null) return session;
    await session.close(refused);
    return refused;
  } catch (error) {
    return limit.signal.aborted ? abortFailure(limit.signal) : asFailure(error, 'lookup');
  } finally {
    limit.cancel();
  }
}

/** Resolves when the run is called off, with what that says of the camera. */
export async function calledOff(session: CameraSession, signal: AbortSignal, nowMs: () => number) {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  const cause = signal.reason as CalledOff;
  if (cause instanceof StreamFailure) return cause;
  if (cause === 'unwanted') return new StreamFailure('stopped', 'Nobody watches it any more.');
  return silenceOf(session, cause, nowMs());
}

/** Why nothing came of a camera that is connected, by how far its media got. */
function silenceOf({ mediaAtMs, packer }: CameraSession, cause: CalledOff, nowMs: number): StreamFailure {
  const { pictureAtMs, seen } = packer;
  if (mediaAtMs === null) return new StreamFailure('timeout', 'It promised video and sent none.');
  if (nowMs - mediaAtMs > SILENT_MS) return new StreamFailure('stalled');
  if (pictureAtMs === null) return new StreamFailure('nonsense', 'Its media are not the video it announces.');
  if (nowMs - pictureAtMs > SILENT_MS) return new StreamFailure('stalled', 'It still sends media, but no pictures.');
  if (!seen.key) return new StreamFailure('no-key-frame');
  if (!seen.sets) return new StreamFailure('nonsense', 'It sends no parameters of its video (SPS, PPS).');
  return new StreamFailure('ffmpeg', cause === 'overdue' ? 'It made nothing of the video.' : undefined);
}

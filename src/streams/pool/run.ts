import { type Clock, deadline } from '../../core/clock.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Engine } from '../engine/engine.ts';
import type { Part } from '../fmp4/parser.ts';
import { abortFailure } from '../relay/camera-session.ts';
import { asFailure, type CameraAddress, type CameraSource, type Quality, StreamFailure } from './types.ts';

export interface RunDeps {
  clock: Clock;
  cameras: CameraSource;
  /** What pulls cameras, the best first: one that cannot take the video of a camera leaves it to the next. */
  engines: readonly Engine[];
}

export interface RunTarget {
  deviceId: DeviceId;
  quality: Quality;
}

/** For looking the address up. */
const LOOK_UP_MS = 10_000;
/** Between two looks at whether it is still believed to be the registered camera. */
const LOOK_MS = 1_000;

/**
 * One run of one pull: looks the camera up and has an engine pull it. Runs until `signal` is aborted (with a
 * `CloseCause`) or something breaks; returns why, after everything it began is gone.
 */
export async function runPull(
  deps: RunDeps,
  target: RunTarget,
  onPart: (part: Part) => void,
  signal: AbortSignal,
): Promise<StreamFailure> {
  const { deviceId } = target;
  let isShown = false;
  const show = (part: Part): void => {
    if (!isShown && part.type === 'fragment') deps.cameras.pictured(deviceId, null);
    isShown ||= part.type === 'fragment';
    onPart(part);
  };
  const failure = await runOnce(deps, target, show, signal);
  if (failure.reason !== 'stopped') deps.cameras.lost(deviceId);
  deps.cameras.pictured(deviceId, failure.reason);
  return failure;
}

async function runOnce(
  { clock, cameras, engines }: RunDeps,
  target: RunTarget,
  onPart: (part: Part) => void,
  signal: AbortSignal,
): Promise<StreamFailure> {
  const { deviceId } = target;
  const camera = await lookUp({ clock, cameras }, target, signal);
  if (camera instanceof StreamFailure) return camera;
  const over = new AbortController();
  const end = () => over.abort(signal.reason);
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  const stopLooking = clock.every(LOOK_MS, () => {
    const withheld = cameras.withheld(deviceId);
    if (withheld !== null) over.abort(new StreamFailure('other-unit', withheld));
  });
  const admit = async () => {
    const withheld = await cameras.admit(deviceId);
    return withheld === null ? null : new StreamFailure('other-unit', withheld);
  };
  try {
    let failure: StreamFailure | 'unfit' = 'unfit';
    for (const engine of engines) {
      if (failure === 'unfit') failure = await engine.run({ deviceId, camera, admit, onPart }, over.signal);
    }
    return failure === 'unfit' ? new StreamFailure('codec-unsupported') : failure;
  } finally {
    stopLooking();
    signal.removeEventListener('abort', end);
  }
}

async function lookUp(
  { clock, cameras }: Pick<RunDeps, 'clock' | 'cameras'>,
  { deviceId, quality }: RunTarget,
  signal: AbortSignal,
): Promise<CameraAddress | StreamFailure> {
  const limit = deadline(clock, LOOK_UP_MS, signal);
  try {
    const camera = await orAborted(cameras.camera(deviceId), limit.signal);
    if (!camera) return new StreamFailure('no-address');
    return { ...camera, url: quality === 'sub' ? (camera.subUrl ?? camera.url) : camera.url };
  } catch (error) {
    return limit.signal.aborted ? abortFailure(limit.signal) : asFailure(error, 'lookup');
  } finally {
    limit.cancel();
  }
}

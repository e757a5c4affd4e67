import { subnetOf } from '../../core/address-block.ts';
import { type Clock, deadline } from '../../core/clock.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Engine, EngineRun } from '../engine/engine.ts';
import type { Part } from '../fmp4/parser.ts';
import { abortFailure } from '../relay/camera-session.ts';
import type { Lane, Starts } from './starts/starts.ts';
import { asFailure, type CameraAddress, type CameraSource, type Quality, StreamFailure } from './types.ts';

export interface RunDeps {
  clock: Clock;
  cameras: CameraSource;
  /** Whether the sound of a camera is to be taken; asked again while it is pulled. */
  soundOf(deviceId: DeviceId): boolean;
  /** What pulls cameras, the best first: one that cannot take the video of a camera leaves it to the next. */
  engines: readonly Engine[];
  starts: Starts;
}

export interface RunTarget {
  deviceId: DeviceId;
  quality: Quality;
}

/** What a run is told, and tells. */
export interface RunPort {
  /** Who goes before whom while cameras wait for their turn. */
  lane: Lane;
  /** The turn of the camera has come. */
  begun(): void;
  part(part: Part): void;
}

/** For looking the address up. */
const LOOK_UP_MS = 10_000;
/** Between two looks at whether it is still believed to be the registered camera. */
const LOOK_MS = 1_000;

/**
 * One run of one pull: looks the camera up, waits for its turn and has an engine pull it. Runs until `signal` is
 * aborted (with a `CloseCause`) or something breaks; returns why, after everything it began is gone.
 */
export async function runPull(
  deps: RunDeps,
  target: RunTarget,
  port: RunPort,
  signal: AbortSignal,
): Promise<StreamFailure> {
  const { deviceId } = target;
  let isShown = false;
  const part = (one: Part): void => {
    if (!isShown && one.type === 'fragment') deps.cameras.pictured(deviceId, null);
    isShown ||= one.type === 'fragment';
    port.part(one);
  };
  const failure = await runOnce(deps, target, { ...port, part }, signal);
  if (failure.reason !== 'stopped') deps.cameras.lost(deviceId);
  deps.cameras.pictured(deviceId, failure.reason);
  return failure;
}

async function runOnce(
  deps: RunDeps,
  target: RunTarget,
  { lane, begun, part }: RunPort,
  signal: AbortSignal,
): Promise<StreamFailure> {
  const found = await lookUp(deps, target, signal);
  if (found instanceof StreamFailure) return found;
  const turn = deps.starts.turn(networkOf(found), lane, signal);
  const leave = await turn.catch(() => abortFailure(signal));
  if (leave instanceof StreamFailure) return leave;
  const onPart = (one: Part): void => {
    if (one.type === 'fragment') leave();
    part(one);
  };
  begun();
  const { deviceId } = target;
  const camera = { ...found, sound: deps.soundOf(deviceId) };
  return await pullCamera(deps, { deviceId, camera, onPart }, signal).finally(leave);
}

async function pullCamera(
  { clock, cameras, engines, soundOf }: RunDeps,
  { deviceId, camera, onPart }: Omit<EngineRun, 'admit'>,
  signal: AbortSignal,
): Promise<StreamFailure> {
  const over = new AbortController();
  const end = () => over.abort(signal.reason);
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  const stopLooking = clock.every(LOOK_MS, () => {
    const withheld = cameras.withheld(deviceId);
    if (withheld !== null) over.abort(new StreamFailure('other-unit', withheld));
    else if (soundOf(deviceId) !== camera.sound) over.abort(new StreamFailure('changed'));
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

/** What cannot be read is refused by the engine, and waits among its own. */
function networkOf({ url }: CameraAddress): string {
  return URL.canParse(url) ? subnetOf(new URL(url).hostname) : '';
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

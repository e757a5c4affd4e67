import type { DeviceId } from '../../core/types.ts';
import type { Part } from '../fmp4/parser.ts';
import type { CloseCause } from '../pool/pull-machine.ts';
import type { CameraAddress, StreamFailure } from '../pool/types.ts';

/** One run of one camera, and who hears of it. */
export interface EngineRun {
  deviceId: DeviceId;
  /** Where it is, with its login; `url` is that of the wanted quality. */
  camera: CameraAddress;
  /** Called when the camera answered; nothing is taken from it before this resolved with null. */
  admit(): Promise<StreamFailure | null>;
  onPart(part: Part): void;
}

/** Why a run is called off; the run itself knows what the camera was doing meanwhile. */
export type CalledOff = CloseCause | StreamFailure;

/**
 * Makes fragments of the video of a camera. There are two: ffmpeg for each camera, and threads of ours. Whatever the
 * camera sends, the gateway lives on, what is held is bounded, and everything of a run is gone when it is over.
 */
export interface Engine {
  /**
   * Pulls the camera until `signal` is aborted (its reason is a {@link CalledOff}) or something breaks; resolves, never
   * rejects, with why. `unfit`: its video is none that this engine can take.
   */
  run(run: EngineRun, signal: AbortSignal): Promise<StreamFailure | 'unfit'>;
  /** Ends everything; runs end as called off. */
  stop(): Promise<void>;
}

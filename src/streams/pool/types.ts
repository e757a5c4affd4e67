import type { Caller, DeviceId } from '../../core/types.ts';
import type { Use } from './uses.ts';

/** Which of a camera's two pictures: the full one, or the small one for walls of pictures. */
export type Quality = 'main' | 'sub';

/** Where a camera's streams are. A password is decrypted by the source at the last moment and never kept here. */
export interface CameraAddress {
  /** `rtsp://host[:port]/path`, without user name and password. */
  url: string;
  /** The small picture; `sub` falls back to `url` where a camera has none. */
  subUrl?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  /** Whether its sound is taken too. */
  sound?: boolean;
}

/** What streams needs of the registry. */
export interface CameraSource {
  /** The address of a camera; null for a device without a stream. */
  camera(deviceId: DeviceId): Promise<CameraAddress | null>;
  /** Makes sure that the camera that was just reached is the registered one; resolves as {@link withheld}. */
  admit(deviceId: DeviceId): Promise<string | null>;
  /** Why nothing that comes from a camera may be shown; null while there is no reason. */
  withheld(deviceId: DeviceId): string | null;
  /** The connection to a camera was lost, or none could be made. */
  lost(deviceId: DeviceId): void;
  /** Pictures of a camera come (`null`), or why they do not; `stopped` where nobody wants them any more. */
  pictured(deviceId: DeviceId, failure: FailureReason | null): void;
}

/** One look at one camera: who, why and for which case. It is written to the access register before any byte. */
export interface View {
  /** The camera; of a mosaic what the pool calls it. */
  deviceId: DeviceId;
  /** The cameras of a mosaic, in the order of their tiles: it is a look at each of them. */
  members?: readonly DeviceId[];
  /** Given where the one of `members` is wanted as H.264, whatever it sends. */
  codec?: 'h264';
  quality: Quality;
  use: Use;
  /** Who looks, as the register keeps it; `id` is stable. */
  viewer: Pick<Caller, 'type' | 'id' | 'name'>;
  purpose: string;
  case: string | null;
  /** The token of a link that the viewer came with, who has nothing else: names in playlists carry it. */
  link?: string;
}

/** Writes the register row of a viewing session. Rejecting means that nothing is shown. */
export type RegisterView = (view: View) => Promise<void>;

/** Why a camera gives no picture. The texts are for the person in front of the screen. */
const FAILURES = {
  busy: 'There is too much to do to code one more stream anew (a mosaic, or H.265 as H.264).',
  'no-address': 'The device has no stream address.',
  lookup: 'The camera could not be looked up.',
  'refused-address': 'The stream address may not be contacted.',
  elsewhere: 'Another gateway pulls this camera.',
  'no-lease': 'It cannot be found out whether another gateway pulls this camera.',
  'other-unit': 'Another camera answers than the one that is registered.',
  unreachable: 'The camera cannot be reached.',
  auth: 'The camera refuses the user name or password.',
  redirect: 'The camera sends us elsewhere; redirects are not followed.',
  timeout: 'The camera did not answer in time.',
  stalled: 'The camera stopped sending.',
  'no-key-frame': 'The camera sends no complete picture (no key frame).',
  'codec-unsupported': 'The camera sends no H.264 or H.265 video.',
  nonsense: 'What the camera sends makes no sense.',
  refused: 'The camera refuses to send this stream.',
  closed: 'The camera ended the stream.',
  ffmpeg: 'The video process ended or gave nothing.',
  'not-started': 'The video process could not be started; is ffmpeg installed?',
  changed: 'How the camera is shown was changed; it begins anew.',
  stopped: 'The server is being stopped.',
} as const;

export type FailureReason = keyof typeof FAILURES;

/** What keeps pictures away and is not the camera's doing: nothing can be said of it. */
export const NOT_ITS_DOING: ReadonlySet<FailureReason> = new Set([
  'stopped',
  'changed',
  'busy',
  'elsewhere',
  'no-lease',
  'lookup',
  'no-address',
  'refused-address',
  'not-started',
  'ffmpeg',
]);

/** A failure of one pull. `message` may name settings and addresses, never a secret nor a camera's own words. */
export class StreamFailure extends Error {
  readonly reason: FailureReason;
  readonly detail: string | undefined;

  constructor(reason: FailureReason, detail?: string, cause?: unknown) {
    super(detail ? `${FAILURES[reason]} ${detail}` : FAILURES[reason], { cause });
    this.name = 'StreamFailure';
    this.reason = reason;
    this.detail = detail;
  }
}

/** Anything thrown as a stream failure; what has no reason of its own gets `fallback`. */
export function asFailure(error: unknown, fallback: FailureReason): StreamFailure {
  return error instanceof StreamFailure ? error : new StreamFailure(fallback, undefined, error);
}

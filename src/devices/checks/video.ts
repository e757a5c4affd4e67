import type { DeviceId } from '../../core/types.ts';
import { AUTH_HINT } from './hints.ts';
import { bad, type Finding, ok } from './steps.ts';

/** A picture that is still coded, opaque here. */
export type Coded = unknown;

/** What a picture looks like without anybody seeing it. */
export interface Seen {
  width: number;
  height: number;
  /** 0 black, 100 white. */
  brightnessPct: number;
  /** 0 for one plain grey. */
  contrastPct: number;
}

/** Why there is no picture, in a word and a sentence that holds no secret. */
export interface NoPicture {
  failed: string;
  detail: string;
}

export interface VideoSource {
  /** The camera, where it is registered with this address. */
  device?: DeviceId;
  url: string;
  username: string | undefined;
  password: string | undefined;
}

/** What checks need of those who know video. None rejects; all end with the signal. */
export interface VideoLooks {
  /**
   * The first picture of a stream, over a connection of its own, with one login at most; of a camera that has none left
   * beside its live video, the newest picture of that.
   */
  first(source: VideoSource, signal: AbortSignal): Promise<{ picture: Coded; codec: string } | NoPicture>;
  /** A picture that is a JPEG. */
  jpeg(bytes: Buffer): Coded;
  seen(picture: Coded, signal: AbortSignal): Promise<Seen | NoPicture>;
  /** Two pictures of one camera, for little more than the price of one; none where one of the two cannot be seen. */
  seenBoth(pictures: readonly [Coded, Coded], signal: AbortSignal): Promise<readonly [Seen, Seen] | NoPicture>;
  /** The picture for people, a JPEG made by us. */
  still(picture: Coded, signal: AbortSignal): Promise<Buffer | NoPicture>;
}

export function isMissing(answer: object): answer is NoPicture {
  return 'failed' in answer;
}

const HINTS: Readonly<Record<string, string>> = {
  auth: AUTH_HINT,
  unreachable: 'Its RTSP port does not answer: switch RTSP on, correct the port, or forward it behind a NAT.',
  redirect: 'It sends us to another address: register that address.',
  timeout: 'Restart the camera; if that changes nothing, look at the network to it.',
  stalled: 'Restart the camera; if that changes nothing, look at the network to it.',
  'no-key-frame': 'Set the key frame interval (I-frame interval, GOP) to 2 s or less.',
  'codec-unsupported': 'Set its video to H.264 or H.265.',
  nonsense: 'Restart the camera and update its firmware; check that the stream address is right.',
  refused: 'Check the path of the stream address, and that not as many watch it already as it can serve.',
  closed: 'Check that not as many watch it already as it can serve, and restart it.',
  'refused-address': 'Have the network of the stream address added to CITYWATCH_CAMERA_NETWORKS.',
  ffmpeg: 'The gateway could not decode the picture; try again, and tell who runs the gateway.',
  'not-started': 'The gateway could not decode the picture; tell who runs the gateway.',
};

/** What is wrong with the gateway, and not with the camera. */
const OUR_OWN: readonly string[] = ['ffmpeg', 'not-started'];

/** A picture that did not come. That the gateway is busy says nothing bad of the camera. */
export function missing({ failed, detail }: NoPicture): Finding {
  return bad(OUR_OWN.includes(failed) ? 'warning' : 'failed', failed, HINTS[failed] ?? HINTS.nonsense!, detail);
}

const DARK_PCT = 3;
const BRIGHT_PCT = 97;
const PLAIN_PCT = 1.5;

/** What a decoded picture says of the camera. `what` is the beginning of the sentence, `H.264` or `JPEG`. */
export function judgePicture(what: string, { width, height, brightnessPct, contrastPct }: Seen): Finding {
  const seen = `${what}, ${width}x${height}, brightness ${brightnessPct} %.`;
  if (brightnessPct <= DARK_PCT) {
    return bad('warning', 'dark', 'The picture is black: look for a cap, dirt, the infrared light, the iris.', seen);
  }
  if (brightnessPct >= BRIGHT_PCT) {
    return bad('warning', 'bright', 'The picture is white: look at exposure and iris, and for a lamp before it.', seen);
  }
  if (contrastPct <= PLAIN_PCT) {
    const hint = 'The picture is one plain colour: look whether something covers the lens, and at the focus.';
    return bad('warning', 'plain', hint, seen);
  }
  return ok(seen);
}

import type { Caller, DeviceId } from '../../core/types.ts';
import type { Quality } from '../pool/types.ts';
import type { GapCause } from '../recorder/camera/gaps.ts';

/** Why a part of what was asked for is not in a clip. */
export type ClipHoleCause =
  /** As holes of recordings. */
  | GapCause
  /** Nobody had the camera pulled, so there is nothing from before. */
  | 'not-pulled'
  /** As much video is held for clips as may be. */
  | 'memory'
  /** The picture had another format then, and one file has one. */
  | 'format'
  /** The clip would have been longer than a clip may be. */
  | 'too-large';

/** A time that was asked for and is not in the clip. Unix ms. */
export interface ClipHole {
  fromMs: number;
  toMs: number;
  cause: ClipHoleCause;
  detail: string | null;
}

/** Where the pictures of a clip come from; `edge` is the camera's own storage. */
export const CLIP_SOURCES = [
  'recording',
  'memory',
  'edge',
  'recording+memory',
  'edge+memory',
  'edge+recording',
  'edge+recording+memory',
] as const;

export type ClipSource = (typeof CLIP_SOURCES)[number];

/** What somebody wants of a camera. Times are Unix ms; `toMs` may lie ahead. */
export interface ClipAsked {
  device: DeviceId;
  quality: Quality;
  fromMs: number;
  toMs: number;
  /** For people: why it is kept. */
  reason: string;
  case: string | null;
  /** The alert that it belongs to. */
  alert: string | null;
  by: Pick<Caller, 'type' | 'id' | 'name'>;
  /** It is kept until then, whatever the class of the camera says of its recordings. */
  untilMs: number;
}

/** The file of a clip. */
export interface ClipFile {
  /** Of its first and behind its last picture, Unix ms. */
  startsAtMs: number;
  endsAtMs: number;
  bytes: number;
  sha256: string;
  /** RFC 6381. */
  codec: string;
  source: ClipSource;
}

/** `waiting`: its time is not over, or the recording of it not yet there. `failed`: there is not one picture. */
export type ClipState = 'waiting' | 'ready' | 'failed';

export interface Clip extends ClipAsked {
  id: string;
  state: ClipState;
  askedAtMs: number;
  /** Null unless it is ready. */
  file: ClipFile | null;
  holes: ClipHole[];
}

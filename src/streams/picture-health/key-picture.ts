import { bareVideo } from '../fmp4/annex-b.ts';
import type { LiveWindow } from '../fmp4/live-window.ts';
import type { TrackPicture } from './matroska.ts';

/** The newest whole picture of a stream, still coded. */
export interface KeyPicture extends TrackPicture {
  /** By the gateway's clock, Unix ms; tells one key frame from the next. */
  takenAtMs: number;
  /** Its last bytes: two pictures that end alike show the same. Encoders number them at their beginning. */
  tail: Buffer;
  /** Whether hardly any bytes came between key frames. */
  isStill: boolean;
}

const TAIL_BYTES = 4_096;
/** Over so much video it is seen whether anything moves. */
const STILL_MS = 4_000;
/** Of what comes between key frames in a second: some words of each picture, and a share of a key frame. */
const STILL_BYTES_PER_S = 6_000;
const STILL_KEY_SHARE = 0.02;

/** Null where there is none after `afterMs` (Unix time), or the camera refreshes its picture bit by bit. */
export function newestKeyPicture(window: LiveWindow, afterMs: number): KeyPicture | null {
  const key = window.newestKey();
  if (!key || key.fragment.startsAtMs <= afterMs) return null;
  const { epoch, fragment } = key;
  const video = bareVideo(epoch.init, [fragment], { picturesMax: 1 });
  if (!video.wholeAtFirst) return null;
  const { width, height } = epoch.init.movie;
  return {
    format: video.format,
    data: video.data,
    width,
    height,
    takenAtMs: fragment.startsAtMs,
    tail: Buffer.from(video.data.subarray(-TAIL_BYTES)),
    isStill: isStill(window, fragment.data.length),
  };
}

/** Where there are nothing but key frames their pictures must tell. */
function isStill(window: LiveWindow, keyBytes: number): boolean {
  const between = (window.recent(STILL_MS)?.fragments ?? []).filter(({ key }) => !key);
  const ms = between.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const bytes = between.reduce((sum, { data }) => sum + data.length, 0);
  return ms === 0 || bytes < ((STILL_BYTES_PER_S + STILL_KEY_SHARE * keyBytes) * ms) / 1_000;
}

import { z } from 'zod';
import type { Fragment } from '../fmp4/wall-clock.ts';
import { MEMBERS_MAX } from '../mosaic/name.ts';
import type { FailureReason } from '../pool/types.ts';

/**
 * What a page says over its one connection for live video: text, one JSON object each. What comes back is text too
 * (see {@link LiveNews}), and video as binary messages (see {@link videoMessage}).
 */
export const liveOrder = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('open'),
    /** Chosen by the page; names this picture in everything that follows. */
    channel: z.int().min(0).max(0xffff),
    camera: z.string().min(1).max(128).optional(),
    /** In the place of `camera`: those of a mosaic, in the order of their tiles. */
    cameras: z.array(z.string().min(1).max(128)).min(1).max(MEMBERS_MAX).optional(),
    quality: z.enum(['main', 'sub']).default('main'),
    /** H.265 coded anew, for a browser that cannot show it. */
    codec: z.enum(['h264']).optional(),
    use: z.enum(['alert', 'live', 'wall']).default('live'),
    purpose: z.string().min(1).max(200).optional(),
    case: z.string().min(1).max(64).optional(),
  }),
  z.strictObject({ type: z.literal('close'), channel: z.int().min(0).max(0xffff) }),
]);

export type LiveOrder = z.output<typeof liveOrder>;
export type LiveLook = Extract<LiveOrder, { type: 'open' }>;

/** What is told about a picture. */
export type LiveNews =
  /** Video follows, first its initialisation segment. Comes again when the camera begins anew. */
  | { type: 'begin'; channel: number; quality: string; codec: string; width: number; height: number }
  /** No picture for the moment; it goes on by itself. */
  | { type: 'trouble'; channel: number; code: string; reason: FailureReason; detail: string }
  /** No picture, and none will follow: the channel is closed. */
  | { type: 'end'; channel: number; code: string; detail: string; retryAfterS: number | null };

const HEAD_BYTES = 12;
const INIT = 0;
const FRAGMENT = 1;
const KEY = 1;

/**
 * A binary message: channel (2 bytes, big-endian), what it is (0 initialisation segment, 1 fragment), flags (1: begins
 * with a key frame), when its first picture was taken (8 bytes, IEEE 754, Unix ms; 0 for initialisation segments), and
 * the bytes of fragmented MP4.
 */
export function videoMessage(channel: number, part: { init: Buffer } | { fragment: Fragment }): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(channel, 0);
  if ('init' in part) {
    head.writeUInt8(INIT, 2);
    return Buffer.concat([head, part.init]);
  }
  const { data, key, startsAtMs } = part.fragment;
  head.writeUInt8(FRAGMENT, 2);
  head.writeUInt8(key ? KEY : 0, 3);
  head.writeDoubleBE(startsAtMs, 4);
  return Buffer.concat([head, data]);
}

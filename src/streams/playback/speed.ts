import { CitywatchError } from '../../core/errors.ts';
import type { RecordedMoment } from '../clips/recorded-moments.ts';
import { BoxError, boxesIn, required } from '../fmp4/boxes.ts';
import { writeFragment } from '../fmp4/fragment-writer.ts';
import { keyFrameOf } from './recorded-files.ts';

/** How many times as fast as it was a recording plays. */
export const SPEEDS = [1, 2, 4, 8, 16, 32, 64] as const;

export type Speed = (typeof SPEEDS)[number];

/** From here on key frames alone are shown: all pictures would be many times what a camera sends. */
const KEYS_ONLY_FROM = 8;
/** As they are shown, between two of them. */
const SHOWN_MIN_MS = 100;
/** Of the key frames of a file; what is more is left out. */
const KEYS_BYTES_MAX = 48 * 1024 * 1024;
const TIMESCALE_MAX = 0xffffffff;

export function isKeysOnly(speed: Speed): boolean {
  return speed >= KEYS_ONLY_FROM;
}

/**
 * The beginning of a recorded file by which all that follows plays so many times as fast: its clock has more ticks in a
 * second. It is as long as it was, so every other byte stays where it is. Throws {@link BoxError}.
 */
export function fasterLead(lead: Buffer, speed: Speed): Buffer {
  const faster = Buffer.from(lead);
  for (const { type, body } of boxesIn(required(boxesIn(faster), 'moov'))) {
    if (type !== 'trak') continue;
    const mdhd = required(boxesIn(required(boxesIn(body), 'mdia')), 'mdhd');
    const at = mdhd[0] === 1 ? 20 : 12;
    if (mdhd.length < at + 4) throw new BoxError('box is shorter than its fields');
    const timescale = mdhd.readUInt32BE(at) * speed;
    if (timescale > TIMESCALE_MAX) throw new BoxError('a clock that cannot be so fast');
    mdhd.writeUInt32BE(timescale, at);
  }
  return faster;
}

/** Key frames far enough apart to be seen at this speed, in order; the first of a file is always among them. */
function keysAt<Key extends Pick<RecordedMoment, 'key' | 'startsAtMs'>>(moments: readonly Key[], speed: Speed) {
  let shownMs = Number.NEGATIVE_INFINITY;
  return moments.filter(({ key, startsAtMs }) => {
    // A sum of fractions of a millisecond may be a little short.
    if (!key || startsAtMs - shownMs < SHOWN_MIN_MS * speed - 1) return false;
    shownMs = startsAtMs;
    return true;
  });
}

/**
 * The key frames of a file as one fragment that plays so many times as fast, each shown until the next. It needs the
 * initialisation segment of the file. Errors: `not-found` where none can be read.
 */
export async function keysSegment(moments: readonly RecordedMoment[], speed: Speed): Promise<Buffer> {
  const pictures: { data: Buffer; decodeTime: number }[] = [];
  let bytes = 0;
  for (const moment of keysAt(moments, speed)) {
    const sample = await keyFrameOf(moment);
    bytes += sample.data.length;
    if (bytes > KEYS_BYTES_MAX) break;
    pictures.push({ data: sample.data, decodeTime: Math.round(sample.decodeTime / speed) });
  }
  const [first] = pictures;
  if (!first) throw new CitywatchError('not-found', { detail: 'The file of this recording has no key frame.' });
  const { movie } = moments[0]!.init;
  const lengthMs = moments.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const endsAt = first.decodeTime + Math.round((lengthMs * movie.timescale) / 1_000 / speed);
  const samples = pictures.map(({ data, decodeTime }, index) => {
    const next = pictures[index + 1]?.decodeTime ?? endsAt;
    return { data: [data], duration: Math.max(1, next - decodeTime), key: true };
  });
  const track = { trackId: movie.trackId, decodeTime: first.decodeTime, samples };
  return writeFragment({ sequence: 1, tracks: [track] });
}

import { BoxError, ByteCursor, boxesIn, boxHeader, required } from './boxes.ts';
import { trackHeader } from './fragment.ts';
import type { Movie } from './movie.ts';

/** One coded picture of a fragment. */
export interface StoredSample {
  /** From the beginning of the fragment to when it is decoded, in the track's timescale. */
  decodedAt: number;
  /** The same to when it is shown. */
  shownAt: number;
  data: Buffer;
}

const SAMPLES_MAX = 10_000;

/** The video samples of a fragment (`moof` and `mdat`), in order. Throws {@link BoxError} where they are not in it. */
export function samplesOf(fragment: Buffer, movie: Movie): StoredSample[] {
  const head = boxHeader(fragment);
  if (head?.type !== 'moof' || head.sizeBytes > fragment.length) throw new BoxError('fragment without moof');
  const samples: StoredSample[] = [];
  for (const { type, body } of boxesIn(fragment.subarray(head.headerBytes, head.sizeBytes))) {
    if (type !== 'traf') continue;
    const traf = boxesIn(body);
    const track = trackHeader(required(traf, 'tfhd'), movie);
    if (track.trackId !== movie.trackId) continue;
    for (const box of traf) if (box.type === 'trun') readRun(box.body, { track, fragment, samples });
  }
  return samples;
}

interface Reading {
  track: ReturnType<typeof trackHeader>;
  fragment: Buffer;
  samples: StoredSample[];
}

/** ISO/IEC 14496-12 §8.8.8. */
function readRun(trun: Buffer, { track, fragment, samples }: Reading): void {
  const cursor = new ByteCursor(trun);
  const head = cursor.u32();
  const [version, flags] = [head >>> 24, head & 0xffffff];
  const count = cursor.u32();
  if (samples.length + count > SAMPLES_MAX) throw new BoxError(`fragment of more than ${SAMPLES_MAX} samples`);
  if (!(flags & 0x1)) throw new BoxError('fragment without a place of its data');
  let at = cursor.u32();
  if (flags & 0x4) cursor.skip(4);
  const last = samples.at(-1);
  let decodedAt = last ? last.decodedAt + track.sampleDuration : 0;
  for (let index = 0; index < count; index += 1) {
    const duration = flags & 0x100 ? cursor.u32() : track.sampleDuration;
    const bytes = flags & 0x200 ? cursor.u32() : track.sampleBytes;
    if (flags & 0x400) cursor.skip(4);
    const shift = flags & 0x800 ? cursor.u32() : 0;
    if (at + bytes > fragment.length) throw new BoxError('sample is cut off');
    const shownAt = decodedAt + (version === 0 ? shift : shift | 0);
    samples.push({ decodedAt, shownAt, data: fragment.subarray(at, at + bytes) });
    at += bytes;
    decodedAt += duration;
  }
}

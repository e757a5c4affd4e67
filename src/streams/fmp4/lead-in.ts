import { AAC_FRAME_SAMPLES, silentFrame } from '../relay/sound/aac-config.ts';
import { BoxError, boxHeader } from './boxes.ts';
import { samplePlaces } from './fragment.ts';
import { type TrackRun, writeFragment } from './fragment-writer.ts';
import type { Movie } from './movie.ts';
import type { Fragment } from './wall-clock.ts';

/** So often the picture stands in it: players begin when they have a few. */
const PICTURES = 2;

/**
 * The first picture of `fragment`, shown for `ms` before it: a viewer who begins with it sees a picture at once, and
 * has something to play until the next segments are complete. Null where there is no room for it before the fragment,
 * or its first picture cannot be found.
 */
export function leadIn(fragment: Fragment, movie: Movie, ms: number, earlierMs: number): Fragment | null {
  const { timescale, trackId } = movie;
  const ticks = (some: number) => Math.round((some * timescale) / 1000);
  const decodeTime = ticks(fragment.decodeTimeMs) - ticks(earlierMs);
  if (!fragment.key || decodeTime < 0) return null;
  try {
    const first = samplePlaces(moofOf(fragment.data), movie)[0];
    if (!first || first.bytes === 0 || first.offset + first.bytes > fragment.data.length) return null;
    const { offset, bytes, shownLater } = first;
    const picture = fragment.data.subarray(offset, offset + bytes);
    const duration = Math.round(ticks(ms) / PICTURES);
    const samples = Array.from({ length: PICTURES }, () => ({ data: [picture], duration, key: true, shownLater }));
    const video = { trackId, decodeTime, samples };
    const data = writeFragment({ sequence: 1, tracks: [video, ...silence(movie, decodeTime / timescale, ms / 1000)] });
    const startsAtMs = fragment.startsAtMs - earlierMs;
    return { data, decodeTimeMs: fragment.decodeTimeMs - earlierMs, durationMs: ms, key: true, startsAtMs };
  } catch (error) {
    if (error instanceof BoxError) return null;
    throw error;
  }
}

/** So that a player whose stream has sound does not wait for it. */
function silence({ sound }: Movie, beginsS: number, forS: number): TrackRun[] {
  const frames = sound ? Math.floor((forS * sound.timescale) / AAC_FRAME_SAMPLES) : 0;
  if (!sound || frames === 0) return [];
  const data = [silentFrame(sound.channels === 2 ? 2 : 1)];
  const samples = Array.from({ length: frames }, () => ({ data, duration: AAC_FRAME_SAMPLES, key: true }));
  return [{ trackId: sound.trackId, decodeTime: Math.round(beginsS * sound.timescale), samples }];
}

function moofOf(data: Buffer): Buffer {
  const header = boxHeader(data);
  if (header?.type !== 'moof') throw new BoxError('fragment without moof');
  return data.subarray(header.headerBytes, header.sizeBytes);
}

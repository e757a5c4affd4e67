import { type Sample, type TrackRun, writeFragment } from '../fragment-writer.ts';
import type { Movie } from '../movie.ts';
import { type FoundSample, samplesOf, soundIn } from '../samples.ts';

/** Where a fragment comes to stand in a video that is made of several. */
export interface Place {
  sequence: number;
  /** When its first picture is decoded, in the timescale of the pictures. */
  decodeTime: number;
  /** Moments of its own between which its sound is kept, seconds. */
  fromS: number;
  toS: number;
}

/**
 * A copy of a fragment at another place, its sound as far from its pictures as it was; none is before the beginning.
 * Throws {@link BoxError} for none of ours.
 */
export function placed({ data }: { data: Buffer }, movie: Movie, place: Place): Buffer {
  const { sequence, decodeTime, fromS, toS } = place;
  const pictures = samplesOf(data, movie);
  const laterS = (decodeTime - pictures[0]!.decodeTime) / movie.timescale;
  const video = runOf(movie.trackId, pictures).map((run) => ({ ...run, decodeTime }));
  const { sound } = movie;
  if (!sound) return writeFragment({ sequence, tracks: video });
  const kept = soundIn(data, movie).filter(({ decodeTime: at, duration }) => {
    const [beginsS, endsS] = [at / sound.timescale, (at + duration) / sound.timescale];
    return beginsS >= fromS && endsS <= toS && beginsS + laterS >= 0;
  });
  const moved = runOf(sound.trackId, kept).map((run) => ({
    ...run,
    decodeTime: Math.round(run.decodeTime + laterS * sound.timescale),
  }));
  return writeFragment({ sequence, tracks: [...video, ...moved] });
}

/** One run of a track, none where it has nothing. */
export function runOf(trackId: number, found: readonly FoundSample[]): TrackRun[] {
  const [first] = found;
  if (!first) return [];
  const samples: Sample[] = found.map(({ data, duration, key, shownAfter }) => ({
    data: [data],
    duration,
    key,
    shownLater: shownAfter,
  }));
  return [{ trackId, decodeTime: first.decodeTime, samples }];
}

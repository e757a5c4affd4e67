import { BoxError } from '../fmp4/boxes.ts';
import { WHOLE } from '../recorder/disk/writer.ts';
import type { DiskReader } from '../recorder/reader/disk-reader.ts';
import { initIn } from '../recorder/reader/fragment-index.ts';
import { placeOf, type Recording } from '../recordings/recording.ts';
import type { Moment } from './moments.ts';

/** Reads a disk of recordings, and finds the fragments of a file. */
export type FragmentReader = Pick<DiskReader, 'size' | 'read' | 'fragments'>;

/** A fragment in a file. */
export interface RecordedMoment extends Moment {
  /** Of its first byte in the file. */
  offset: number;
  /** How many of its bytes reach to the end of its first picture; 0 where that is no key frame. */
  keyBytes: number;
}

/**
 * The fragments of a recorded file, found by their headers; pictures are read when they are wanted. Null where the file
 * is not on the disk, or not as its row says.
 */
export async function recordedMoments(reader: FragmentReader, recording: Recording): Promise<RecordedMoment[] | null> {
  const { name, path } = placeOf(recording);
  const { leadBytes, bytes: fileBytes, startsAtMs: beginMs, continuity: run } = recording;
  // Between its row and its day it lies where those lie that have no row.
  for (const place of [path, `${WHOLE}/${name}`]) {
    if ((await reader.size(place)) !== fileBytes) continue;
    const found = await reader.fragments(place, leadBytes);
    if (found === null) continue;
    const init = initIn(await reader.read(place, 0, leadBytes));
    const toMs = 1_000 / init.movie.timescale;
    let ticks = 0;
    return found.map(([offset, bytes, duration, keyBytes]): RecordedMoment => {
      const startsAtMs = beginMs + ticks * toMs;
      const durationMs = duration * toMs;
      ticks += duration;
      const read = async (): Promise<Buffer> => {
        const part = await reader.read(place, offset, bytes);
        if (part.length < bytes) throw new BoxError('file is cut off');
        return part;
      };
      return {
        startsAtMs,
        durationMs,
        key: keyBytes > 0,
        bytes,
        run,
        init,
        source: 'recording',
        read,
        offset,
        keyBytes,
      };
    });
  }
  return null;
}

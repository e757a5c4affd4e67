import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import type { Moment } from '../clips/moments.ts';
import { type FragmentReader, type RecordedMoment, recordedMoments } from '../clips/recorded-moments.ts';
import { bareVideo } from '../fmp4/annex-b.ts';
import { writeFragment } from '../fmp4/fragment-writer.ts';
import { type FoundSample, samplesOf } from '../fmp4/samples.ts';
import type { Recording } from '../recordings/recording.ts';

export interface RecordedFilesDeps {
  /** Who reads a disk; null where it is none of ours. */
  readerOf(disk: string): FragmentReader | null;
}

/** Files whose fragments are remembered: about 20 KB each. */
const REMEMBERED_MAX = 256;

/** Where the fragments of recorded files are; those of files that were asked for lately are remembered. */
export class RecordedFiles {
  readonly #deps: RecordedFilesDeps;
  readonly #known = new BoundedMap<string, Promise<RecordedMoment[] | null>>(REMEMBERED_MAX);

  constructor(deps: RecordedFilesDeps) {
    this.#deps = deps;
  }

  /** Null where the file is not on the disk, or not as its row says. Errors: `store.unavailable`, `stream.full`. */
  async moments(recording: Recording): Promise<RecordedMoment[] | null> {
    const reader = this.#deps.readerOf(recording.disk);
    if (reader === null) return null;
    // A file that is damaged and found again has another hash.
    const key = `${recording.disk} ${recording.sha256}`;
    const known = this.#known.get(key);
    if (known) return await known;
    const found = recordedMoments(reader, recording);
    this.#known.set(key, found);
    const forget = (): void => void this.#known.delete(key);
    found.then((moments) => moments === null && forget()).catch(forget);
    return await found;
  }
}

/** The first picture of a fragment, which begins with a key frame. Throws {@link BoxError}. */
export async function keyFrameOf(moment: Moment): Promise<FoundSample> {
  return samplesOf(await moment.read(), moment.init.movie)[0]!;
}

/** A picture as decoders take it; null where it is not whole by itself. */
export function wholePicture(moment: Moment, sample: FoundSample): { format: 'h264' | 'hevc'; data: Buffer } | null {
  const { trackId } = moment.init.movie;
  const samples = [{ data: [sample.data], duration: 1, key: true }];
  const data = writeFragment({ sequence: 1, tracks: [{ trackId, decodeTime: 0, samples }] });
  const fragment = { data, decodeTimeMs: 0, durationMs: 1, key: true };
  const { wholeAtFirst, ...video } = bareVideo(moment.init, [fragment], { picturesMax: 1 });
  return wholeAtFirst ? { format: video.format, data: video.data } : null;
}

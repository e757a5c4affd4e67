import { videoSetup } from '../fmp4/annex-b.ts';
import { writeFragment } from '../fmp4/fragment-writer.ts';
import { SOUND_TRACK_ID, TRACK_ID, writeInit } from '../fmp4/init-writer.ts';
import type { InitSegment, ParsedFragment } from '../fmp4/parser.ts';
import { type FoundSample, samplesOf, soundIn } from '../fmp4/samples.ts';
import { runOf } from '../fmp4/tracks/placed.ts';
import { aacConfigOf } from '../relay/sound/aac-config.ts';

/** Video as it was coded, with or without sound beside it. */
export interface Coded {
  init: InitSegment;
  fragments: ParsedFragment[];
}

/** Some seconds of a recording, which begin with a key frame. */
export interface Recorded {
  init: InitSegment;
  durationMs: number;
  fragments: readonly Buffer[];
}

/**
 * `coded`, which is the pictures of `recorded` coded anew, with the sound of the recording beside them: its bytes as
 * they are, as far from the pictures as they were. It may begin a little before the pictures, and end after them.
 * Without sound it is `coded` itself.
 */
export function withSound(recorded: Recorded, coded: Coded): Coded {
  const { sound } = recorded.init.movie;
  const config = sound && aacConfigOf(Buffer.from(sound.config, 'hex'));
  if (!config) return coded;
  const { format, sets } = videoSetup(coded.init);
  const { timescale } = coded.init.movie;
  const { init } = writeInit({ codec: format === 'h264' ? 'H264' : 'H265', sets, timescale, sound: config });
  const pictures = coded.fragments.map(({ data }) => samplesOf(data, coded.init.movie));
  const begins = pictures[0]![0]!.decodeTime;
  // The coder cannot know how long the last picture is shown, and what follows begins after it.
  const last = pictures.at(-1)!.at(-1)!;
  last.duration = Math.max(1, begins + Math.round((recorded.durationMs * timescale) / 1000) - last.decodeTime);
  const frames = framesOf(recorded, config.sampleRate, begins / timescale);
  const fragments = coded.fragments.map((one, at) => {
    const next = pictures[at + 1]?.[0];
    const endS = next ? next.decodeTime / timescale : Number.POSITIVE_INFINITY;
    const later = frames.findIndex(({ decodeTime }) => decodeTime / config.sampleRate >= endS);
    const beside = frames.splice(0, later < 0 ? frames.length : later);
    const tracks = [...runOf(TRACK_ID, pictures[at]!), ...runOf(SOUND_TRACK_ID, beside)];
    return { ...one, data: writeFragment({ sequence: at + 1, tracks }) };
  });
  return { init, fragments };
}

/** The sound of a recording in samples of `sampleRate`, where its first picture is shown at `beginsS`. */
function framesOf({ init: { movie }, fragments }: Recorded, sampleRate: number, beginsS: number): FoundSample[] {
  const { sound, timescale } = movie;
  if (!sound) return [];
  const shown = samplesOf(fragments[0]!, movie).map(({ decodeTime, shownAfter }) => decodeTime + shownAfter);
  const laterS = beginsS - Math.min(...shown) / timescale;
  const frames = fragments
    .flatMap((fragment) => soundIn(fragment, movie))
    .map((frame) => ({ ...frame, decodeTime: Math.round((frame.decodeTime / sound.timescale + laterS) * sampleRate) }));
  for (const [at, frame] of frames.entries()) {
    const next = frames[at + 1]?.decodeTime ?? frame.decodeTime + (frame.duration * sampleRate) / sound.timescale;
    frame.duration = Math.max(1, Math.round(next - frame.decodeTime));
  }
  return frames;
}

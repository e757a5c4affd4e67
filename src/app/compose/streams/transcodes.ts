import { availableParallelism } from 'node:os';
import { TranscodeBudget, transcodeLimits } from '../../../streams/ffmpeg/transcode-budget.ts';
import type { Ground } from '../ground/ground.ts';

/** Percent that is taken of each core where nothing is set. */
const PCT_PER_CORE = 50;

/** What everything shares that codes pictures and sound anew. */
export function composeTranscodes({ clock, observer, config }: Ground): TranscodeBudget {
  const corePct = config.stream.transcodePct ?? PCT_PER_CORE * availableParallelism();
  return new TranscodeBudget({ clock, observer }, transcodeLimits(corePct));
}

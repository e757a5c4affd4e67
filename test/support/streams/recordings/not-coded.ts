import type { PlaybackDeps } from '../../../../src/streams/recordings/playback.ts';

/** Nothing is coded anew. */
export const NOT_CODED: PlaybackDeps['coded'] = {
  playlist: () => Promise.reject(new Error('nothing is coded anew here')),
  part: () => Promise.reject(new Error('nothing is coded anew here')),
};

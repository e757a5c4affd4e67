import type { EdgeSourceDeps } from '../../../../src/streams/edge/edge-source.ts';
import type { PlaybackDeps } from '../../../../src/streams/recordings/playback.ts';

/** Nothing is coded anew. */
export const NOT_CODED: PlaybackDeps['coded'] = {
  playlist: () => Promise.reject(new Error('nothing is coded anew here')),
  part: () => Promise.reject(new Error('nothing is coded anew here')),
};

/** Nothing of what cameras play back has to be coded. */
export const NO_SOUND_CODED: EdgeSourceDeps['coding'] = {
  sockets: { open: () => Promise.reject(new Error('no socket is opened')) },
  spawner: {
    run: () => {
      throw new Error('no ffmpeg is run');
    },
  },
  transcodes: { tryEnter: () => null },
};

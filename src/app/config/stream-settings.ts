import { z } from 'zod';
import { setting } from '../../core/setup/setting.ts';
import type { EngineChoice } from '../../streams/pool/camera-pool.ts';

/** Settings of live video. */
export const STREAM = {
  engine: setting<EngineChoice>(
    ['CITYWATCH_STREAM_ENGINE', 'What pulls cameras: `auto` by threads of the gateway where they can, else by ffmpeg.'],
    z.enum(['auto', 'ffmpeg']),
    'auto',
    { range: 'auto or ffmpeg' },
  ),
  megabitsMax: setting<number | null>(
    [
      'CITYWATCH_STREAM_MEGABITS_MAX',
      'How much video is taken from all cameras together; without it what the processor was measured to carry.',
    ],
    z.int().min(10).max(100_000).nullable(),
    null,
    { range: 'a whole number from 10 to 100000', unit: 'Mbit/s', fromText: 'number' },
  ),
  pictureS: setting<number>(
    ['CITYWATCH_PICTURE_CHECK_S', 'How often the picture of a camera that is pulled is judged; 0 for never.'],
    z.int().min(0).max(3600),
    20,
    { range: 'a whole number from 0 to 3600', unit: 's', fromText: 'number' },
  ),
  transcodePct: setting<number | null>(
    [
      'CITYWATCH_TRANSCODE_PCT',
      'How much of the processor pictures and sound may take that are coded anew (thumbnails, viewing copies, ' +
        'mosaics): percent of one core; without it half of all cores.',
    ],
    z.int().min(50).max(25_600).nullable(),
    null,
    { range: 'a whole number from 50 to 25600', unit: '% of one core', fromText: 'number' },
  ),
} as const;

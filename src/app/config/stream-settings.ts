import { z } from 'zod';
import { host, setting } from '../../core/setup/setting.ts';
import type { PortRange } from '../../platform/outbound/udp-pairs.ts';
import type { EngineChoice, SoundChoice } from '../../streams/pool/camera-pool.ts';

/** Of a text that the setting took. */
export function portRange(text: string): PortRange {
  const [first, last] = text.split('-').map(Number);
  return { first: first!, last: last! };
}

function isPortRange({ first, last }: PortRange): boolean {
  return first >= 1_024 && last <= 65_535 && last > first && last - first <= 4_000;
}

/** Settings of live video. */
export const STREAM = {
  engine: setting<EngineChoice>(
    ['CITYWATCH_STREAM_ENGINE', 'What pulls cameras: `auto` by threads of the gateway where they can, else by ffmpeg.'],
    z.enum(['auto', 'ffmpeg']),
    'auto',
    { range: 'auto or ffmpeg' },
  ),
  sound: setting<SoundChoice>(
    [
      'CITYWATCH_STREAM_SOUND',
      'Whose sound is taken and recorded: `off` for no camera, `by-camera` for those whose plan says so.',
    ],
    z.enum(['off', 'by-camera']),
    'off',
    { range: 'off or by-camera' },
  ),
  udpPorts: setting<string | null>(
    [
      'CITYWATCH_STREAM_UDP_PORTS',
      'Own ports at which cameras are heard that send video over UDP alone, two for each; without it they are refused.',
    ],
    z
      .string()
      .regex(/^\d{4,5}-\d{4,5}$/)
      .refine((value) => isPortRange(portRange(value)))
      .nullable(),
    null,
    { range: 'two ports from 1024 to 65535 with at most 4000 between them, such as 20000-20999' },
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
        'mosaics, H.265 as H.264): percent of one core; without it half of all cores.',
    ],
    z.int().min(50).max(25_600).nullable(),
    null,
    { range: 'a whole number from 50 to 25600', unit: '% of one core', fromText: 'number' },
  ),
} as const;

/** Settings of live video for players that speak RTSP. */
export const RTSP = {
  host: host(['CITYWATCH_RTSP_HOST', 'Address on which players are waited for.']),
  port: setting<number | null>(
    ['CITYWATCH_RTSP_PORT', 'Port on which players fetch live video by RTSP (554 is usual); without it none can.'],
    z.int().min(0).max(65_535).nullable(),
    null,
    { range: 'a whole number from 0 to 65535', fromText: 'number' },
  ),
  sessionsMax: setting<number>(
    ['CITYWATCH_RTSP_SESSIONS_MAX', 'How many players there may be at the same time.'],
    z.int().min(1).max(2_000),
    100,
    { range: 'a whole number from 1 to 2000', fromText: 'number' },
  ),
  perViewerMax: setting<number>(
    ['CITYWATCH_RTSP_SESSIONS_PER_VIEWER', 'How many players of one person or token there may be at the same time.'],
    z.int().min(1).max(2_000),
    16,
    { range: 'a whole number from 1 to 2000', fromText: 'number' },
  ),
} as const;

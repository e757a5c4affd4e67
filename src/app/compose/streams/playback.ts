import type { FragmentReader } from '../../../streams/clips/recorded-moments.ts';
import { CodedPlayback } from '../../../streams/playback/coded-playback.ts';
import { KeyPictures, type KeyPicturesDeps } from '../../../streams/playback/key-pictures.ts';
import { RecordedFiles } from '../../../streams/playback/recorded-files.ts';
import { ThumbnailCache } from '../../../streams/playback/thumbnail-cache.ts';
import { Thumbnails } from '../../../streams/playback/thumbnails.ts';
import { Playback, type PlaybackDeps } from '../../../streams/recordings/playback.ts';
import { stillKept } from '../../../streams/recordings/still-kept.ts';
import type { Devices } from '../devices/devices.ts';
import type { Ground } from '../ground/ground.ts';
import { openCopies } from './copies.ts';

/** What playback is made of. */
export interface RecordedForPlayback extends Pick<PlaybackDeps, 'recordings' | 'gaps' | 'register'> {
  readerOf(disk: string): FragmentReader | null;
  pool: Omit<KeyPicturesDeps, 'transcodes'>;
  transcodes: KeyPicturesDeps['transcodes'];
}

/** Some hours of scrubbing. */
const CACHE = { filesMax: 4_096, bytesMax: 64 * 1024 * 1024 };

/** What was recorded, for people: playlists, files, small pictures, and copies for looking at. */
export async function openPlayback(ground: Ground, devices: Devices, parts: RecordedForPlayback) {
  const { pool, transcodes, readerOf, ...recorded } = parts;
  const { clock, database, place } = ground;
  const { sockets, spawner } = pool;
  const files = new RecordedFiles({ readerOf });
  const cache = new ThumbnailCache(await place.directory('thumbnails'), CACHE);
  await cache.start();
  const pictures = new KeyPictures({ clock, sockets, spawner, transcodes });
  return {
    playback: new Playback({
      ...recorded,
      clock,
      files,
      coded: new CodedPlayback({ clock, sockets, spawner, transcodes, files }),
      readerOf,
    }),
    thumbnails: new Thumbnails({ ...recorded, clock, files, pictures, cache }),
    copies: await openCopies(ground, devices, parts),
    tidy: () => cache.tidy((some) => stillKept(database, some)),
  };
}

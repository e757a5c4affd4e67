import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FragmentParser } from '../../../../src/streams/fmp4/parser.ts';
import { leadOf } from '../../../../src/streams/recorder/disk/segment-file.ts';
import { placeOf } from '../../../../src/streams/recordings/recording.ts';
import type { Recordings } from '../../../../src/streams/recordings/recordings.ts';
import { fragmentedFilm } from '../fragmented.ts';

const SECONDS = 6;

export interface FilmRecorded {
  endsAtMs: number;
  /** Where its file is. */
  path: string;
}

export interface FilmToRecord {
  device: string;
  startsAtMs: number;
  /** Fragmented MP4; six seconds of the film of pedestrians unless given. */
  film?: Buffer;
}

/** Six seconds of the film, or what is given, as a file of a recording with its row, as the recorder leaves them. */
export async function recordFilm(
  recordings: Recordings,
  directory: string,
  { device, startsAtMs, film = fragmentedFilm(SECONDS) }: FilmToRecord,
): Promise<FilmRecorded> {
  const [init, ...parts] = new FragmentParser().push(film);
  if (init?.type !== 'init') throw new Error('the film has no initialisation segment');
  const fragments = parts.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
  const lengthMs = fragments.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const continuity = `run-${startsAtMs}`;
  const head = { device, quality: 'main', startsAtMs, previousEndsAtMs: null, continuity, leaseEpoch: 1 } as const;
  const lead = leadOf(init.init.data, head);
  const data = Buffer.concat([lead, ...fragments.map((one) => one.data)]);
  const path = join(directory, placeOf(head).path);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, data);
  const sha256 = createHash('sha256').update(data).digest('hex');
  const endsAtMs = Math.round(startsAtMs + lengthMs);
  await recordings.add([{ head, disk: 'recordings', endsAtMs, bytes: data.length, leadBytes: lead.length, sha256 }]);
  return { endsAtMs, path };
}

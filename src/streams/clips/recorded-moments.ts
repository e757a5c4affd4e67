import { BoxError, boxHeader } from '../fmp4/boxes.ts';
import { parseFragment } from '../fmp4/fragment.ts';
import { type Movie, parseMovie } from '../fmp4/movie.ts';
import { WHOLE } from '../recorder/disk/writer.ts';
import type { DiskReader } from '../recorder/reader/disk-reader.ts';
import { placeOf, type Recording } from '../recordings/recording.ts';
import type { ClipInit, Moment } from './moments.ts';

type FileReader = Pick<DiskReader, 'size' | 'read'>;

interface OpenFile {
  reader: FileReader;
  place: string;
}

const HEADER_BYTES = 16;
/** What the recorder writes has smaller ones. */
const LEAD_BYTES_MAX = 128 * 1024;
const MOOF_BYTES_MAX = 512 * 1024;

/**
 * The fragments of a recorded file, found by their headers; pictures are read when they are wanted. Null where the file
 * is not on the disk, or not as long as its row says.
 */
export async function recordedMoments(reader: FileReader, recording: Recording): Promise<Moment[] | null> {
  const { name, path } = placeOf(recording);
  // Between its row and its day it lies where those lie that have no row.
  for (const place of [path, `${WHOLE}/${name}`]) {
    try {
      if ((await reader.size(place)) === recording.bytes) return await walk({ reader, place }, recording);
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
    }
  }
  return null;
}

async function walk(file: OpenFile, recording: Recording): Promise<Moment[]> {
  const { leadBytes, bytes: fileBytes, startsAtMs: beginMs, continuity: run } = recording;
  if (leadBytes > LEAD_BYTES_MAX) throw new BoxError('lead of another size');
  const init = initOf(await readAt(file, 0, leadBytes));
  const moments: Moment[] = [];
  let offset = leadBytes;
  let ticks = 0;
  while (offset < fileBytes) {
    const moof = boxHeader(await readAt(file, offset, HEADER_BYTES));
    if (moof?.type !== 'moof' || moof.sizeBytes > MOOF_BYTES_MAX) throw new BoxError('no fragment');
    const mdat = boxHeader(await readAt(file, offset + moof.sizeBytes, HEADER_BYTES));
    const bytes = moof.sizeBytes + (mdat?.sizeBytes ?? 0);
    if (mdat?.type !== 'mdat' || offset + bytes > fileBytes) throw new BoxError('no pictures');
    const box = await readAt(file, offset, moof.sizeBytes);
    const { duration, key } = parseFragment(box.subarray(moof.headerBytes), init.movie);
    const [startsAtMs, durationMs] = [ticks, duration].map((some) => (some * 1_000) / init.movie.timescale);
    const from = offset;
    moments.push({
      startsAtMs: beginMs + startsAtMs!,
      durationMs: durationMs!,
      key,
      bytes,
      run,
      init,
      source: 'recording',
      read: () => readWhole(file, from, bytes),
    });
    offset += bytes;
    ticks += duration;
  }
  return moments;
}

/** What a player needs of it, without the box that is ours. */
function initOf(lead: Buffer): ClipInit {
  let movie: Movie | null = null;
  let end = 0;
  for (let offset = 0; offset < lead.length; ) {
    const box = boxHeader(lead, offset);
    if (!box || offset + box.sizeBytes > lead.length) break;
    offset += box.sizeBytes;
    if (box.type !== 'moov') continue;
    movie = parseMovie(lead.subarray(offset - box.sizeBytes + box.headerBytes, offset));
    end = offset;
  }
  if (!movie) throw new BoxError('no moov');
  return { data: Buffer.from(lead.subarray(0, end)), movie };
}

function readAt({ reader, place }: OpenFile, offset: number, bytes: number): Promise<Buffer> {
  return reader.read(place, offset, bytes);
}

async function readWhole(file: OpenFile, offset: number, bytes: number): Promise<Buffer> {
  const part = await readAt(file, offset, bytes);
  if (part.length < bytes) throw new BoxError('file is cut off');
  return part;
}

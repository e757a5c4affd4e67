import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxError, boxHeader } from '../fmp4/boxes.ts';
import { parseFragment } from '../fmp4/fragment.ts';
import { type Movie, parseMovie } from '../fmp4/movie.ts';
import { WHOLE } from '../recorder/disk/writer.ts';
import { placeOf, type Recording } from '../recordings/recording.ts';
import type { ClipInit, Moment } from './moments.ts';

const HEADER_BYTES = 16;
/** What the recorder writes has smaller ones. */
const LEAD_BYTES_MAX = 128 * 1024;
const MOOF_BYTES_MAX = 512 * 1024;

/**
 * The fragments of a recorded file, found by their headers; pictures are read when they are wanted. Null where the file
 * is not on the disk, or not as long as its row says.
 */
export async function recordedMoments(directory: string, recording: Recording): Promise<Moment[] | null> {
  const { name, path } = placeOf(recording);
  // Between its row and its day it lies where those lie that have no row.
  for (const place of [join(directory, path), join(directory, WHOLE, name)]) {
    const file = await open(place, 'r').catch(ifAbsent);
    if (file === null) continue;
    try {
      if ((await file.stat()).size === recording.bytes) return await walk(file, place, recording);
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
    } finally {
      await file.close();
    }
  }
  return null;
}

async function walk(file: FileHandle, place: string, recording: Recording): Promise<Moment[]> {
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
      read: () => readWhole(place, from, bytes),
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

async function readAt(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, offset);
  return buffer.subarray(0, bytesRead);
}

async function readWhole(place: string, offset: number, bytes: number): Promise<Buffer> {
  const file = await open(place, 'r');
  try {
    const part = await readAt(file, offset, bytes);
    if (part.length < bytes) throw new BoxError('file is cut off');
    return part;
  } finally {
    await file.close();
  }
}

function ifAbsent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

import { z } from 'zod';
import { BoxError, boxHeader } from '../../fmp4/boxes.ts';
import { parseFragment, samplePlaces } from '../../fmp4/fragment.ts';
import { type Movie, parseMovie } from '../../fmp4/movie.ts';
import type { InitSegment } from '../../fmp4/parser.ts';

/**
 * Where the fragments of a file are: from, bytes, ticks that it lasts, and how many of the bytes reach to the end of
 * its first picture; 0 of those where that is no key frame.
 */
export const fragmentIndex = z.array(z.tuple([z.int().min(0), z.int().min(8), z.number().min(0), z.int().min(0)]));

export type FragmentIndex = z.infer<typeof fragmentIndex>;

/** What the recorder writes has smaller ones. */
export const LEAD_BYTES_MAX = 128 * 1024;
const MOOF_BYTES_MAX = 512 * 1024;
const HEADER_BYTES = 16;
/** Of an ordinary fragment `moof` and the beginning of `mdat` are in it. */
const LOOK_BYTES = 4_096;
/** One a picture for a minute and a half at 60 pictures a second. */
const FRAGMENTS_MAX = 6_000;

/** Reads `bytes` from `offset`; fewer where the file ends. */
type ReadAt = (offset: number, bytes: number) => Promise<Buffer>;

/** The fragments of a file, by their headers alone. Throws {@link BoxError} for a file that is not as its row says. */
export async function indexFragments(read: ReadAt, leadBytes: number, fileBytes: number): Promise<FragmentIndex> {
  if (leadBytes > LEAD_BYTES_MAX) throw new BoxError('lead of another size');
  const { movie } = initIn(await read(0, leadBytes));
  const found: FragmentIndex = [];
  for (let offset = leadBytes; offset < fileBytes; ) {
    let look = await read(offset, LOOK_BYTES);
    const moof = boxHeader(look);
    if (moof?.type !== 'moof' || moof.sizeBytes > MOOF_BYTES_MAX) throw new BoxError('no fragment');
    if (moof.sizeBytes + HEADER_BYTES > look.length) look = await read(offset, moof.sizeBytes + HEADER_BYTES);
    const mdat = boxHeader(look, moof.sizeBytes);
    const bytes = moof.sizeBytes + (mdat?.sizeBytes ?? 0);
    if (mdat?.type !== 'mdat' || offset + bytes > fileBytes) throw new BoxError('no pictures');
    if (found.length === FRAGMENTS_MAX) throw new BoxError('more fragments than a file has');
    const inside = look.subarray(moof.headerBytes, moof.sizeBytes);
    const { duration, key } = parseFragment(inside, movie);
    found.push([offset, bytes, duration, key ? Math.min(bytes, endOfFirst(inside, movie) ?? bytes) : 0]);
    offset += bytes;
  }
  return found;
}

/** Null where it cannot be told. */
function endOfFirst(moof: Buffer, movie: Movie): number | null {
  try {
    const [first] = samplePlaces(moof, movie);
    return first && first.bytes > 0 ? first.offset + first.bytes : null;
  } catch (error) {
    if (error instanceof BoxError) return null;
    throw error;
  }
}

/** What a player needs of the lead of a file, without the box that is ours. */
export function initIn(lead: Buffer): InitSegment {
  for (let offset = 0; offset < lead.length; ) {
    const box = boxHeader(lead, offset);
    if (!box || offset + box.sizeBytes > lead.length) break;
    const end = offset + box.sizeBytes;
    if (box.type === 'moov') {
      const movie = parseMovie(lead.subarray(offset + box.headerBytes, end));
      return { data: Buffer.from(lead.subarray(0, end)), movie };
    }
    offset = end;
  }
  throw new BoxError('no moov');
}

import { open } from 'node:fs/promises';
import { BoxError, boxHeader } from '../fmp4/boxes.ts';
import { indexFragments, initIn, LEAD_BYTES_MAX } from '../recorder/reader/fragment-index.ts';
import type { Piece } from './burner.ts';

/** Some ffmpeg runs of a file: long enough to be worth its start, short enough to be held in memory. */
const PIECE_MS = 10_000;
const PIECE_BYTES_MAX = 96 * 1024 * 1024;

/** A file of an export in pieces that begin with key frames. Throws {@link BoxError} where it is not as recorded. */
export async function* piecesOf(path: string, startsAtMs: number): AsyncGenerator<Piece> {
  const file = await open(path, 'r');
  const read = async (offset: number, bytes: number): Promise<Buffer> => {
    const part = Buffer.alloc(bytes);
    return part.subarray(0, (await file.read(part, 0, bytes, offset)).bytesRead);
  };
  try {
    const lead = await read(0, LEAD_BYTES_MAX);
    const leadBytes = endOfLead(lead);
    const init = initIn(lead.subarray(0, leadBytes));
    const toMs = 1_000 / init.movie.timescale;
    let piece = { init, startsAtMs, durationMs: 0, fragments: [] as Buffer[], bytes: 0 };
    for (const [offset, bytes, ticks, keyBytes] of await indexFragments(read, leadBytes, (await file.stat()).size)) {
      if (keyBytes > 0 && piece.durationMs >= PIECE_MS) {
        yield piece;
        piece = { init, startsAtMs: piece.startsAtMs + piece.durationMs, durationMs: 0, fragments: [], bytes: 0 };
      }
      piece.bytes += bytes;
      if (piece.bytes > PIECE_BYTES_MAX) throw new BoxError('no key frame for too long');
      piece.fragments.push(await read(offset, bytes));
      piece.durationMs += ticks * toMs;
    }
    if (piece.fragments.length > 0) yield piece;
  } finally {
    await file.close();
  }
}

function endOfLead(lead: Buffer): number {
  for (let offset = 0; ; ) {
    const box = boxHeader(lead, offset);
    if (!box) throw new BoxError('no fragment');
    if (box.type === 'moof') return offset;
    offset += box.sizeBytes;
  }
}

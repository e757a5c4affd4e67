import { join } from 'node:path';
import { CitywatchError } from '../../core/errors.ts';
import type { Lane } from '../../core/types.ts';
import { receivedAtMsOf } from './codec.ts';
import type { JournalFiles } from './files.ts';
import { incarnationAt, type LaneLineage } from './lineage.ts';
import { baseOfName, decodeHeader, HEADER_BYTES, type SegmentHeader } from './segments/header.ts';
import { type Damage, noteRecord, type Segment, walkSegment } from './segments/segment.ts';

export interface Recovery {
  files: JournalFiles;
  directory: string;
  lane: Lane;
  lineage: LaneLineage;
  onDamage(damage: Damage): void;
  onTornTail(path: string, bytes: number): void;
  onUnreadable(path: string): Promise<void>;
}

interface Found {
  path: string;
  base: number;
  size: number;
  header: SegmentHeader | null;
}

/**
 * Finds the log's segments as they stand on the disk, oldest first. The newest one is read through: what a crash left
 * half written at its end is cut off, and the rest is synced before anybody is shown it.
 */
export async function recoverSegments(recovery: Recovery): Promise<Segment[]> {
  const found = await findFiles(recovery);
  const segments: Segment[] = [];
  for (const [index, { path, base, size, header }] of found.entries()) {
    if (!header) {
      await setAside(recovery, { path, size, newest: index === found.length - 1 });
      continue;
    }
    if (header.lane !== recovery.lane || header.base !== base) {
      throw new CitywatchError('config.invalid', {
        detail: `The journal file ${path} belongs to lane ${header.lane} at ${header.base}; put it back where it was.`,
      });
    }
    segments.push(segmentOf(recovery, path, header, size));
  }
  linkNeighbours(segments, found);
  const newest = segments.at(-1);
  if (newest) await repairNewest(recovery, newest);
  return segments;
}

async function findFiles({ files, directory }: Recovery): Promise<Found[]> {
  const found: Found[] = [];
  for (const name of await files.list(directory)) {
    const base = baseOfName(name);
    if (base === null) continue;
    const path = join(directory, name);
    const file = await files.open(path, 'read');
    try {
      const bytes = Buffer.alloc(HEADER_BYTES);
      const read = await file.read(bytes, 0);
      found.push({ path, base, size: await file.size(), header: decodeHeader(bytes.subarray(0, read)) });
    } finally {
      await file.close();
    }
  }
  return found.sort((a, b) => a.base - b.base);
}

/** A newest file without records and without a whole header is what a crash while creating it leaves behind. */
async function setAside({ files, onUnreadable }: Recovery, file: { path: string; size: number; newest: boolean }) {
  if (file.newest && file.size <= HEADER_BYTES) await files.remove(file.path);
  else await onUnreadable(file.path);
}

function segmentOf({ lane, lineage }: Recovery, path: string, header: SegmentHeader, size: number): Segment {
  const { base, salt, createdAtMs } = header;
  const incarnation = header.incarnation || incarnationAt(lineage, base);
  const end = base + Math.max(0, size - HEADER_BYTES);
  return { path, lane, base, end, salt, incarnation, createdAtMs, firstAtMs: 0, lastAtMs: 0, blocks: [] };
}

/** Each header says where the log ended and which times the file before it holds. */
function linkNeighbours(segments: Segment[], found: Found[]): void {
  const headers = new Map(found.map(({ base, header }) => [base, header]));
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    const header = next && headers.get(next.base);
    if (!header) continue;
    segment.end = Math.max(segment.base, Math.min(segment.end, header.previousEnd));
    segment.firstAtMs = header.previousFirstAtMs;
    segment.lastAtMs = header.previousLastAtMs;
    if (segment.end > segment.base) {
      segment.blocks = [{ offset: segment.base, firstAtMs: segment.firstAtMs, lastAtMs: segment.lastAtMs }];
    }
  }
}

async function repairNewest({ files, onDamage, onTornTail }: Recovery, segment: Segment): Promise<void> {
  const fileEnd = segment.end;
  segment.end = await walkSegment(files, segment, {
    from: segment.base,
    to: fileEnd,
    verify: true,
    visit: (bytes, at, offset) => {
      noteRecord(segment, offset, receivedAtMsOf(bytes, at));
      return true;
    },
    onDamage: (damage) => {
      if (damage.next !== null) onDamage(damage);
    },
  });
  const file = await files.open(segment.path, 'write');
  try {
    if (segment.end < fileEnd) {
      onTornTail(segment.path, fileEnd - segment.end);
      await file.truncate(segment.end - segment.base + HEADER_BYTES);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

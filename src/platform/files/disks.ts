import { open, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What is kept on a disk, gravest first: the order in which it is given up when room runs out is the other way. */
export type DiskUse = 'journal' | 'database' | 'evidence' | 'pictures' | 'telemetry';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

/** Free bytes below which a use of the disk takes nothing more, so that what matters more goes on for longer. */
export const ROOM_BYTES = {
  /** Pictures that devices send. */
  pictures: GiB,
  /** Pictures of alerts. */
  evidence: 512 * MiB,
  /** Messages; also what the databases beside the journal have for their own housekeeping. */
  journal: 256 * MiB,
  /** Edits: four files of PostgreSQL's write-ahead log, whose next one it must be able to make. */
  database: 64 * MiB,
} as const;

/** Below this somebody should know, though nothing is refused. */
const COMFORTABLE_BYTES = 10 * GiB;

/**
 * A disk that takes longer to make 4 KiB durable holds up every acknowledgement: ten times what a rotating disk takes,
 * and a twentieth of the two seconds in which a critical alert must be on its way.
 */
const SYNC_SLOW_MS = 100;

const REFUSED: Record<Exclude<DiskUse, 'telemetry'>, string> = {
  journal: 'no message is acknowledged',
  database: 'no edit is taken',
  evidence: 'no picture is attached to alerts',
  pictures: 'no picture of a device is taken',
};

export interface DiskFacts {
  /** A path on it, for people. */
  path: string;
  uses: readonly DiskUse[];
  freeBytes: number;
  /** How long it took to make a few bytes durable; null where that was not tried. */
  syncMs: number | null;
}

/** What is to be thought of a disk. The start, the running gateway and doctor all say this and nothing else. */
export interface DiskVerdict extends DiskFacts {
  /** `problem`: no message is acknowledged, or no edit taken. `warning`: somebody should know. */
  level: 'fine' | 'warning' | 'problem';
  /** What it takes no more of. */
  refuses: DiskUse[];
  what: string;
  /** Empty where nothing is wrong. */
  remedy: string;
}

export function judgeDisk(facts: DiskFacts): DiskVerdict {
  const { path, uses, freeBytes, syncMs } = facts;
  const refuses = uses.filter((use) => use !== 'telemetry' && freeBytes < ROOM_BYTES[use]);
  const isSlow = syncMs !== null && syncMs > SYNC_SLOW_MS;
  const isTight = freeBytes < COMFORTABLE_BYTES;
  const what = [
    `${sizeOf(freeBytes)} free for ${uses.join(', ')} (${path})`,
    ...refuses.map((use) => REFUSED[use as keyof typeof REFUSED]),
    ...(isSlow
      ? [`it takes ${Math.round(syncMs)} ms to make a write durable, and every acknowledgement waits for it`]
      : []),
  ].join('; ');
  const isGrave = refuses.some((use) => use === 'journal' || use === 'database');
  const remedies = [...(isTight ? ['make room, or use a larger disk'] : []), ...(isSlow ? ['use a faster disk'] : [])];
  const level = isGrave ? 'problem' : remedies.length > 0 ? 'warning' : 'fine';
  return { ...facts, level, refuses, what, remedy: remedies.join('; ') };
}

function sizeOf(bytes: number): string {
  return bytes < GiB ? `${Math.floor(bytes / MiB)} MiB` : `${(bytes / GiB).toFixed(1)} GiB`;
}

/** Bytes an ordinary user may still write on the disk of `path`. */
export async function freeBytesOf(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

export interface DiskPlace {
  use: DiskUse;
  /** May be absent: then it will be made on the disk of the nearest directory above it. */
  path: string;
}

/**
 * Looks at every disk that holds one of the places, once each. Where the journal is there, its disk is also asked how
 * long a write takes, by a file that is gone again afterwards. Rejects where a disk cannot be asked.
 */
export async function lookAtDisks(places: readonly DiskPlace[], monotonicMs: () => number): Promise<DiskVerdict[]> {
  const disks = new Map<number, { path: string; uses: DiskUse[]; journal: string | null }>();
  for (const { use, path } of places) {
    const { there, dev } = await nearest(path);
    const disk = disks.get(dev) ?? { path: there, uses: [], journal: null };
    if (!disk.uses.includes(use)) disk.uses.push(use);
    if (use === 'journal' && there === path) disk.journal = path;
    disks.set(dev, disk);
  }
  return Promise.all(
    [...disks.values()].map(async ({ path, uses, journal }) => {
      const freeBytes = await freeBytesOf(path);
      const syncMs = journal === null ? null : await timeOfSync(journal, monotonicMs);
      return judgeDisk({ path, uses, freeBytes, syncMs });
    }),
  );
}

async function nearest(path: string): Promise<{ there: string; dev: number }> {
  for (let there = path; ; there = dirname(there)) {
    const found = await stat(there).catch(() => null);
    if (found) return { there, dev: found.dev };
    if (there === dirname(there)) throw new Error(`${path} is on no disk`);
  }
}

const PROBE_BYTES = 4096;

/** The quickest of three: one may have waited for what others write. Null where nothing can be written. */
async function timeOfSync(directory: string, monotonicMs: () => number): Promise<number | null> {
  const path = join(directory, '.probe');
  try {
    const file = await open(path, 'w', 0o600);
    try {
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 3; round += 1) {
        const beforeMs = monotonicMs();
        await file.write(Buffer.alloc(PROBE_BYTES), 0, PROBE_BYTES, 0);
        await file.datasync();
        best = Math.min(best, monotonicMs() - beforeMs);
      }
      return best;
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  } catch {
    return null;
  }
}

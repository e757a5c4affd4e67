import { type Clock, DAY_MS, HOUR_MS } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import { chunksOf } from '../../../platform/database/chunks.ts';
import type { GapTable } from '../../recordings/gap-table.ts';
import type { KeptFiles } from '../../recordings/kept-files.ts';
import { placeOf, type Recording } from '../../recordings/recording.ts';
import type { RecordedFile, Recordings } from '../../recordings/recordings.ts';
import type { Disk } from '../disk/disk.ts';
import type { Disks } from '../disk/disks.ts';
import { WHOLE } from '../disk/writer.ts';
import type { DiskReader } from '../reader/disk-reader.ts';

export interface FsckDeps {
  clock: Clock;
  disks: Pick<Disks, 'of'>;
  recordings: Pick<Recordings, 'add' | 'one'>;
  kept: Pick<KeptFiles, 'startedOn' | 'span' | 'mark' | 'unmark'>;
  gaps: Pick<GapTable, 'cover'>;
  /** Starts the processes of disks where nothing is recorded. */
  wake(): void;
}

/** What was found of files and rows. */
export interface Checked {
  files: number;
  /** Files without a row, which have one now. */
  adopted: number;
  /** Rows whose file is not there, or is of another length: each is a hole now. */
  missing: number;
  /** Rows that were holes, whose file is there again. */
  back: number;
  /** Files that are none of ours, are not whole, or have a row that names another disk. They stay. */
  strangers: number;
}

export type CheckedPart = Checked & {
  /** Ask again from here; null when all was checked. Unix ms. */
  nextMs: number | null;
};

interface Found {
  disk: Disk;
  checked: Checked;
}

/** So long one call goes on, ms. */
const WORK_MS = 20_000;
const AT_ONCE = 100;
/** For a disk that nobody asked for before, ms. */
const READY_MS = 15_000;
const LOOK_MS = 100;

/**
 * Holds the files of a disk against their rows, hour by hour, and mends what differs by rows alone: no file is ever
 * removed, cut or moved.
 */
export class Fsck {
  readonly #deps: FsckDeps;

  constructor(deps: FsckDeps) {
    this.#deps = deps;
  }

  /**
   * Checks a disk from an hour on, all of it where none is named, as far as one call goes. Errors: `not-found`,
   * `store.unavailable` where the disk cannot be read.
   */
  async check(name: string, fromMs: number | null): Promise<CheckedPart> {
    const disk = this.#deps.disks.of(name);
    if (!disk) throw new CitywatchError('not-found', { detail: `There is no disk ${name}.` });
    this.#deps.wake();
    const endMs = this.#deps.clock.monotonicMs() + READY_MS;
    while (!disk.isReady && disk.health.problem === null && this.#deps.clock.monotonicMs() < endMs) {
      await this.#deps.clock.sleep(LOOK_MS);
    }
    // Of a disk that is not there all rows would be without a file.
    if (!disk.isReady) {
      throw new CitywatchError('store.unavailable', { detail: disk.health.refusal ?? 'The disk is not ready yet.' });
    }
    const beginMs = fromMs ?? (await this.#oldestMs(disk));
    return await this.#run(disk, beginMs, true);
  }

  /**
   * Gives rows to files that are newer than the newest row: of an older state of the database, which was restored.
   * Resolves with how many there were.
   */
  async adopt(disk: Disk): Promise<number> {
    const span = await this.#deps.kept.span(disk.name);
    let adopted = 0;
    for (let next: number | null = span?.newestMs ?? (await this.#oldestMs(disk)); next !== null; ) {
      const part: CheckedPart = await this.#run(disk, next, false);
      adopted += part.adopted;
      next = part.nextMs;
    }
    return adopted;
  }

  async #run(disk: Disk, fromMs: number, judgesRows: boolean): Promise<CheckedPart> {
    const { clock } = this.#deps;
    const checked: Checked = { files: 0, adopted: 0, missing: 0, back: 0, strangers: 0 };
    const endMs = clock.monotonicMs() + WORK_MS;
    let hourMs = Math.floor(fromMs / HOUR_MS) * HOUR_MS;
    // Times of files may be ahead of a clock that was set back.
    for (const lastMs = clock.nowMs() + DAY_MS; hourMs <= lastMs; hourMs += HOUR_MS) {
      await this.#hour({ disk, checked }, hourMs, judgesRows);
      if (clock.monotonicMs() > endMs) return { ...checked, nextMs: hourMs + HOUR_MS };
    }
    return { ...checked, nextMs: null };
  }

  async #hour({ disk, checked }: Found, hourMs: number, judgesRows: boolean): Promise<void> {
    const { kept, gaps } = this.#deps;
    const folder = folderOf(hourMs);
    // The folder first: a file comes there only once its row is committed.
    const files = new Map((await disk.reader.list(folder)).map(({ name, bytes }) => [name, bytes]));
    const rows = await kept.startedOn(disk.name, { fromMs: hourMs, toMs: hourMs + HOUR_MS });
    checked.files += files.size;
    const known = new Map(rows.map((row) => [placeOf(row).name, row]));
    const fresh = [...files.keys()].filter((name) => !known.has(name));
    for (const names of chunksOf(fresh, AT_ONCE)) {
      const paths = names.map((name) => `${folder}/${name}`);
      await this.#adopt({ disk, checked }, paths);
    }
    if (!judgesRows) return;
    const lost: Recording[] = [];
    const back: Recording[] = [];
    for (const [name, row] of known) {
      const isThere = files.get(name) === row.bytes || (await isElsewhere(disk.reader, row));
      if (isThere && row.isLost) back.push(row);
      if (!isThere && !row.isLost) lost.push(row);
    }
    if (lost.length > 0) await kept.mark(lost, this.#deps.clock.nowMs());
    if (back.length > 0) {
      await kept.unmark(back);
      await gaps.cover(back);
    }
    checked.missing += lost.length;
    checked.back += back.length;
  }

  async #adopt({ disk, checked }: Found, paths: readonly string[]): Promise<void> {
    const { recordings, gaps } = this.#deps;
    const adopted: RecordedFile[] = [];
    for (const path of paths) {
      const found = /^[\w/-]+\.mp4$/.test(path) ? await disk.reader.inspect(path) : null;
      const isOurs = found !== null && placeOf(found.head).path === path;
      const row = isOurs
        ? await recordings.one({ ...found.head, startsAtMs: Math.round(found.head.startsAtMs) })
        : null;
      if (!isOurs || row) checked.strangers += 1;
      else adopted.push({ ...found, disk: disk.name });
    }
    if (adopted.length === 0) return;
    await recordings.add(adopted);
    await gaps.cover(adopted.map(({ head, endsAtMs }) => ({ ...head, endsAtMs })));
    checked.adopted += adopted.length;
  }

  /** Where its oldest folder or row begins. */
  async #oldestMs(disk: Disk): Promise<number> {
    const { clock, kept } = this.#deps;
    const days = (await disk.reader.list('.')).map(({ name }) => dayMs(name)).filter((atMs) => atMs !== null);
    const span = await kept.span(disk.name);
    return Math.min(clock.nowMs(), ...days, ...(span ? [span.oldestMs] : []));
  }
}

/** Whether it still lies where those lie that had no row, or came to its day since it was listed. */
async function isElsewhere(reader: DiskReader, row: Recording): Promise<boolean> {
  const { name, path } = placeOf(row);
  for (const place of [`${WHOLE}/${name}`, path]) if ((await reader.size(place)) === row.bytes) return true;
  return false;
}

function folderOf(hourMs: number): string {
  const [day, hour] = new Date(hourMs).toISOString().split(/[T:]/);
  return `${day!.replaceAll('-', '')}/${hour}`;
}

function dayMs(name: string): number | null {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(name) ?? [];
  const atMs = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  return Number.isNaN(atMs) ? null : atMs;
}

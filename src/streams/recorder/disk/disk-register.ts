import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import { CitywatchError, invalid, messageOf } from '../../../core/errors.ts';
import { covers, NATIONWIDE } from '../../../core/jurisdiction.ts';
import type { Observer } from '../../../core/observe.ts';
import type { Caller } from '../../../core/types.ts';
import type { Database } from '../../../platform/database/database.ts';
import { recordAudit } from '../../../platform/records/audit.ts';
import type { Recordings } from '../../recordings/recordings.ts';
import type { CheckedPart } from '../fsck/fsck.ts';
import { type DiskPlace, type Disks, type DiskUse, FIRST_DISK, refusalOf, volumeOf } from './disks.ts';

interface DiskTables {
  recording_disk: { name: string; directory: string | null; use: string; since_ms: number };
}

export interface DiskRegisterDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
  disks: Disks;
  recordings: Pick<Recordings, 'isAny' | 'countOn' | 'lose'>;
  fsck: { check(name: string, fromMs: number | null): Promise<CheckedPart> };
}

export interface ShownDisk extends DiskPlace {
  /** What is wrong with it, one sentence; null where nothing is. */
  problem: string | null;
  freeBytes: number | null;
  /** Bytes that wait to be written. */
  queueBytes: number;
  /** Files with a row; at most 100,000 are counted. */
  files: number;
}

export interface NewDisk {
  name: string;
  /** Absolute, of a directory that is there. */
  directory: string;
  /** It is meant to lie on a disk that is used already. */
  confirm: boolean;
}

const DISKS_MAX = 16;
const COUNTED_MAX = 100_000;
/** Files that are given up by one statement. */
const AT_ONCE = 5_000;

/** The first disk, which lies at `first`, and those that were added. */
export async function diskPlaces(database: Database, first: string): Promise<DiskPlace[]> {
  const query = database.tables<DiskTables>().selectFrom('recording_disk').selectAll();
  const rows = await query.orderBy('since_ms').execute();
  const places = rows.map(({ name, directory, use }) => ({ name, directory: directory ?? first, use: use as DiskUse }));
  const isThere = places.some(({ name }) => name === FIRST_DISK);
  return isThere ? places : [{ name: FIRST_DISK, directory: first, use: 'active' }, ...places];
}

/** Which disks recordings lie on, in the database, and who may change it leaves a row in the audit trail. */
export class DiskRegister {
  readonly #deps: DiskRegisterDeps;

  constructor(deps: DiskRegisterDeps) {
    this.#deps = deps;
  }

  async list(): Promise<ShownDisk[]> {
    const { disks } = this.#deps;
    return await Promise.all(
      disks.places().map(async ({ disk, use }) => ({
        name: disk.name,
        directory: disk.directory,
        use,
        problem: refusalOf(disk),
        freeBytes: disk.freeBytes,
        queueBytes: disk.waitingBytes,
        files: await this.#deps.recordings.countOn(disk.name, COUNTED_MAX),
      })),
    );
  }

  /**
   * Uses one more disk. Errors: `request.invalid` for a directory that cannot be used, `request.confirm` for one on a
   * file system that is used already (its disk may not be mounted), `conflict.exists`, `conflict.state` beyond 16.
   */
  async add(caller: Caller, { name, directory, confirm }: NewDisk): Promise<void> {
    requireWhole(caller);
    const { database, clock, observer, recordings, disks } = this.#deps;
    if (disks.of(name)) throw new CitywatchError('conflict.exists', { detail: `There is a disk ${name} already.` });
    if (disks.all().length >= DISKS_MAX) {
      throw new CitywatchError('conflict.state', { detail: `There are ${DISKS_MAX} disks already: retire one.` });
    }
    const found = await this.#usable(directory, confirm);
    const isExpected = (disk: string) => recordings.isAny(disk);
    const volume = volumeOf({ name, directory: found }, { database, clock, observer, isExpected });
    const problem = await volume.problem().catch(messageOf);
    if (problem !== null) throw invalid('directory', problem);
    const place: DiskPlace = { name, directory: found, use: 'active' };
    const atMs = clock.nowMs();
    await database.transaction(async (tx) => {
      await tx
        .tables<DiskTables>()
        .insertInto('recording_disk')
        .values({ ...place, since_ms: atMs })
        .execute();
      await recordAudit(tx, { ...auditOf(caller, 'add', name), after: place, atMs });
    });
    disks.add(place);
  }

  /** Errors: `not-found`, `request.confirm` where no disk would take anything any more. */
  async use(caller: Caller, { name, use, confirm }: { name: string; use: DiskUse; confirm: boolean }): Promise<void> {
    requireWhole(caller);
    const { database, clock, disks } = this.#deps;
    const before = placeOf(disks, name);
    const others = disks.places().filter(({ disk, use: of }) => of === 'active' && disk.name !== name);
    if (use === 'draining' && others.length === 0 && !confirm) {
      const message = 'is to be true if nothing is to be recorded: no other disk takes anything';
      throw new CitywatchError('request.confirm', { issues: [{ path: 'confirm', message }] });
    }
    const atMs = clock.nowMs();
    const directory = name === FIRST_DISK ? null : before.directory;
    await database.transaction(async (tx) => {
      await tx
        .tables<DiskTables>()
        .insertInto('recording_disk')
        .values({ name, directory, use, since_ms: atMs })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ use }))
        .execute();
      await recordAudit(tx, { ...auditOf(caller, use, name), before, after: { ...before, use }, atMs });
    });
    disks.use(name, use);
  }

  /**
   * Uses a disk no more. With `lost` files that are still known there are given up first, as far as one call goes: then
   * `retired` is false. Errors: `not-found`; `conflict.state` for the first disk, one that is not drained, and one with
   * files that have rows.
   */
  async retire(
    caller: Caller,
    { name, lost }: { name: string; lost: boolean },
  ): Promise<{ retired: boolean; lost: number }> {
    requireWhole(caller);
    const { database, clock, observer, recordings, disks } = this.#deps;
    const before = placeOf(disks, name);
    const refuse = (detail: string) => new CitywatchError('conflict.state', { detail });
    if (name === FIRST_DISK) throw refuse('The settings name this disk: give them another directory instead.');
    if (before.use === 'active') throw refuse('It is still written: drain it first.');
    const files = await recordings.countOn(name, COUNTED_MAX);
    if (files > 0 && !lost) {
      throw refuse(`It holds ${files} files: wait until their time is over, or give them up by "lost": true.`);
    }
    const given = files > 0 ? await this.#giveUp(caller, before) : 0;
    if (given < files) return { retired: false, lost: given };
    const atMs = clock.nowMs();
    await database.transaction(async (tx) => {
      await tx.tables<DiskTables>().deleteFrom('recording_disk').where('name', '=', name).execute();
      await volumeOf(before, { database, clock, observer, isExpected: async () => false }).forget(tx);
      await recordAudit(tx, { ...auditOf(caller, 'retire', name), before, atMs });
    });
    await disks.remove(name);
    return { retired: true, lost: given };
  }

  /** Holds files against rows, see `Fsck.check`; a row of the trail tells what was changed. */
  async check(caller: Caller, { name, fromMs }: { name: string; fromMs: number | null }): Promise<CheckedPart> {
    requireWhole(caller);
    const { database, clock, fsck } = this.#deps;
    const found = await fsck.check(name, fromMs);
    if (found.adopted + found.missing + found.back > 0) {
      const entry = { ...auditOf(caller, 'check', name), after: found, atMs: clock.nowMs() };
      await database.transaction((tx) => recordAudit(tx, entry));
    }
    return found;
  }

  /** The row of the trail comes first: whatever ends this, it is known who gave files up. */
  async #giveUp(caller: Caller, place: DiskPlace): Promise<number> {
    const { database, clock, recordings } = this.#deps;
    const entry = { ...auditOf(caller, 'give-up', place.name), before: place, atMs: clock.nowMs() };
    await database.transaction((tx) => recordAudit(tx, entry));
    let sum = 0;
    for (let some = AT_ONCE; some === AT_ONCE && sum < COUNTED_MAX; sum += some) {
      some = await recordings.lose(place.name, AT_ONCE);
    }
    return sum;
  }

  /** The real path of a directory that may be used. */
  async #usable(directory: string, confirm: boolean): Promise<string> {
    const { disks } = this.#deps;
    if (!isAbsolute(directory)) throw invalid('directory', 'must be an absolute path, such as /mnt/video-2');
    const real = await realpath(directory).catch(() => null);
    const found = real === null ? null : await stat(real);
    if (real === null || !found?.isDirectory()) {
      throw invalid('directory', 'is no directory on the machine of the gateway: mount the disk there first');
    }
    const others = await Promise.all(
      ['/', ...disks.all().map((disk) => disk.directory)].map(async (path) => ({
        path,
        dev: (await stat(path).catch(() => null))?.dev,
      })),
    );
    for (const { path } of others) {
      if (path !== '/' && (isWithin(path, real) || isWithin(real, path))) {
        throw invalid('directory', `lies in ${path}, or that in it, and is used already`);
      }
    }
    const same = others.find(({ dev }) => dev === found.dev);
    if (same && !confirm) {
      const message = `is to be true if ${real} is to share the disk of ${same.path}: its own is not mounted, it seems`;
      throw new CitywatchError('request.confirm', { issues: [{ path: 'confirm', message }] });
    }
    return real;
  }
}

/** Disks hold what cameras of all areas show. */
function requireWhole(caller: Caller): void {
  if (covers(caller, { jurisdiction: NATIONWIDE, police: null })) return;
  throw new CitywatchError('auth.forbidden', {
    detail: 'Disks hold recordings of all areas: who changes them must be an administrator of all of them.',
  });
}

function placeOf(disks: Disks, name: string): DiskPlace {
  const entry = disks.places().find(({ disk }) => disk.name === name);
  if (!entry) throw new CitywatchError('not-found', { detail: `There is no disk ${name}.` });
  return { name, directory: entry.disk.directory, use: entry.use };
}

function auditOf(caller: Caller, what: string, name: string) {
  const action = `recording-disk.${what}`;
  return { caller, action, subject: `recording-disk/${name}`, jurisdiction: NATIONWIDE };
}

function isWithin(outer: string, inner: string): boolean {
  const path = relative(resolve(outer), resolve(inner));
  return path === '' || (!path.startsWith('..') && !isAbsolute(path));
}

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, readlink, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { CitywatchError } from '../../../core/errors.ts';
import { ensureDirectory, syncDirectory, writeFileDurable } from '../../../platform/files/files.ts';
import { lockFile } from '../file-lock.ts';

/** Where a system user can go when the data directory, say below /root, is closed to it. */
export const SYSTEM_HOME = '/var/lib/citywatch';

const INSTANCES = join(SYSTEM_HOME, 'instances');

/** The name under which a data directory leads to its instance. */
const LINK = 'postgres';

/** Two data directories that are started at once decide one after the other whose an instance is. */
const CLAIM_WAIT_S = 10;

/**
 * The instance of a data directory when we are root: a directory below /var/lib/citywatch, made at first use. The data
 * directory has a link to it, and the instance has a note of the data directory's path; both must fit, so that a copy
 * of a data directory never lays hands on the database of the original.
 *
 * A data directory that was moved takes its instance along. Rejects with `service.failed`, naming the remedy, when the
 * link was copied and the instance belongs to the directory it was copied from, and when the instance is not there.
 */
export async function claimInstance(dataDirectory: string): Promise<string> {
  await ensureDirectory(INSTANCES, 0o755);
  const link = join(dataDirectory, LINK);
  const lock = await lockFile(join(SYSTEM_HOME, 'claims'), CLAIM_WAIT_S);
  if (!lock) throw refused(`${SYSTEM_HOME}/claims is held by another start; try again`);
  try {
    const home = await linkTarget(link);
    if (home === null) return await makeInstance(dataDirectory, link);
    if (!(await isDirectory(home))) {
      const remedy = 'put it there too, or restore a backup (citywatch restore)';
      throw refused(`${link} leads to ${home}, where the database was, and that is not there; ${remedy}`);
    }
    const other = await otherOwner(home, dataDirectory);
    if (other !== null) {
      const remedy = `to have the data here, run citywatch backup there and citywatch restore here`;
      throw refused(`${dataDirectory} is a copy of ${other}, and the database stays with that one; ${remedy}`);
    }
    await noteOrigin(home, dataDirectory);
    return home;
  } finally {
    await lock.release();
  }
}

/** Removes what a data directory keeps outside itself, for whoever is about to remove the data directory. */
export async function forgetInstance(dataDirectory: string): Promise<void> {
  const home = await readlink(join(dataDirectory, LINK)).catch(() => null);
  if (!home?.startsWith(`${INSTANCES}/`) || (await otherOwner(home, dataDirectory)) !== null) return;
  await rm(home, { recursive: true, force: true });
}

/**
 * The other directory that an instance belongs to; null when it is this one's. Whoever is noted keeps it for as long as
 * it is there and leads to it. One that is not, was moved to where we are, or removed after it was copied. Both names
 * may mean one directory, through a bind mount or a rename of a parent.
 */
async function otherOwner(home: string, dataDirectory: string): Promise<string | null> {
  const noted = await origin(home);
  if (noted === '' || noted === dataDirectory) return null;
  const leadsHere = (await readlink(join(noted, LINK)).catch(() => null)) === home;
  if (!leadsHere || (await isSameFile(noted, dataDirectory))) return null;
  return noted;
}

/** The file of an instance that names its data directory. */
const ORIGIN = 'origin';

async function noteOrigin(home: string, dataDirectory: string): Promise<void> {
  // Not written again: the disk may be full.
  if ((await origin(home)) === dataDirectory) return;
  await writeFileDurable(join(home, ORIGIN), `${dataDirectory}\n`, { mode: 0o600 });
}

async function origin(home: string): Promise<string> {
  const text = await readFile(join(home, ORIGIN), 'utf8').catch(() => '');
  return text.replace(/\n$/, '');
}

async function makeInstance(dataDirectory: string, link: string): Promise<string> {
  const home = join(INSTANCES, randomBytes(8).toString('hex'));
  await mkdir(home, { mode: 0o700 });
  await noteOrigin(home, dataDirectory);
  await syncDirectory(INSTANCES);
  await symlink(home, link);
  await syncDirectory(dataDirectory);
  return home;
}

async function linkTarget(link: string): Promise<string | null> {
  return readlink(link).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    if (error.code !== 'EINVAL') throw error;
    throw refused(`${link} was made by another user than root; run citywatch as that user, or move it away`);
  });
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([stat(one).catch(() => null), stat(other).catch(() => null)]);
  return a !== null && b !== null && a.dev === b.dev && a.ino === b.ino;
}

function refused(what: string): CitywatchError {
  return new CitywatchError('service.failed', { detail: `${what}.` });
}

import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

/** A file system in memory that Linux brings. */
export const MEMORY = '/dev/shm';

const PREFIX = 'citywatch-tests-';

/** All that a whole run keeps there at a time is less than 0.2 GiB, but for one that floods. */
const ROOM_BYTES = 4 * 1024 ** 3;

/**
 * Where the tests of this run keep their temporary files, and what removes them: in memory where there is room, since a
 * tenth of a run was the file system's work for files that are gone a moment later. Null where there is none, where
 * programs may not run there, and where `TMPDIR` says another place. What is made durable there outlives kill -9, as on
 * a disk; only a power cut tells them apart, and tests of that act on the file.
 */
export function placeInMemory() {
  if (process.env.TMPDIR || !existsSync(MEMORY) || !mayRunPrograms()) return null;
  const { bavail, bsize } = statfsSync(MEMORY);
  if (bavail * bsize < ROOM_BYTES) return null;
  sweep();
  const directory = mkdtempSync(join(MEMORY, `${PREFIX}${process.pid}-`));
  // As /tmp is: some tests become another user.
  chmodSync(directory, 0o1777);
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

function mayRunPrograms() {
  const mount = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .find((line) => line.split(' ')[1] === MEMORY);
  return mount !== undefined && !mount.split(' ')[3].split(',').includes('noexec');
}

/** Removes what runs left that were killed. */
function sweep() {
  for (const name of readdirSync(MEMORY)) {
    const pid = /^citywatch-tests-(\d+)-/.exec(name)?.[1];
    if (!pid || existsSync(`/proc/${pid}`)) continue;
    try {
      rmSync(join(MEMORY, name), { recursive: true, force: true });
    } catch {
      // A file system that such a run mounted there is still mounted: it stays, and holds up no other run.
    }
  }
}

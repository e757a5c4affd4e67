import { randomBytes } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readFile, readlink, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RESTORING } from '../../backups/restore.ts';
import { LINKED_BY_BACKUPS, LINKS } from '../../backups/tree.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { KnownSecrets } from '../../core/observe.ts';
import { ensureDirectory, writeFileDurable } from '../../platform/files/files.ts';
import { giveUpRoom } from '../../platform/files/kept-room.ts';
import { lockFile } from './file-lock.ts';

/** The longest path a unix socket can have on Linux (`sun_path` less its final zero). */
const SOCKET_PATH_BYTES_MAX = 107;

/** Room kept for the longest socket name we use, `.s.PGSQL.5432`, and its slash. */
const SOCKET_NAME_BYTES = 16;

/** The one directory a gateway keeps everything in, held exclusively while it runs. */
export class DataDirectory {
  /** Absolute, without symbolic links. */
  readonly path: string;
  readonly #secrets: KnownSecrets;
  readonly #release: () => Promise<void>;
  #sockets: string | null = null;

  private constructor(path: string, secrets: KnownSecrets, release: () => Promise<void>) {
    this.path = path;
    this.#secrets = secrets;
    this.#release = release;
  }

  /**
   * Makes (mode 0700) and locks the directory. Rejects in one sentence when another gateway holds it, when it belongs
   * to another user, when other users may write to it, or when a restore left it half full. Waits a moment for a
   * gateway that was just killed.
   */
  static async open(path: string, secrets: KnownSecrets, use: 'run' | 'restore' = 'run'): Promise<DataDirectory> {
    await mkdir(path, { recursive: true, mode: 0o700 }).catch((cause: Error) => {
      const detail = `The data directory ${path} cannot be made (${cause.message}); set CITYWATCH_DATA_DIR.`;
      throw new CitywatchError('service.failed', { detail, cause });
    });
    const real = await realpath(path);
    const wrong = await ownerProblem(real);
    if (wrong) throw new CitywatchError('service.failed', { detail: `${wrong.what}; ${wrong.remedy}.` });
    await giveUpRoom(await placesOfRoom(real));
    const lock = await lockFile(join(real, 'lock'), LOCK_WAIT_S);
    if (!lock) {
      throw new CitywatchError('service.failed', {
        detail: `Another citywatch uses the data directory ${real}; stop it, or set CITYWATCH_DATA_DIR to another one.`,
      });
    }
    const isHalf = await stat(join(real, RESTORING)).catch(absentAsNull);
    if (isHalf && use === 'run') {
      await lock.release();
      const detail = `A restore into ${real} was cut short; run it again (citywatch restore), or remove the directory.`;
      throw new CitywatchError('backup.target', { detail });
    }
    for (const name of LINKED_BY_BACKUPS) await rm(join(real, name, LINKS), { recursive: true, force: true });
    return new DataDirectory(real, secrets, lock.release);
  }

  /** A directory of its own below the data directory, mode 0700. */
  async directory(name: string): Promise<string> {
    const path = join(this.path, name);
    await ensureDirectory(path, 0o700);
    return path;
  }

  /** The secret called `name`: 256 random bits as URL-safe text, made at first use, mode 0600, never logged. */
  async secret(name: string): Promise<string> {
    await this.directory('secrets');
    const there = await this.read(name);
    if (there) return there;
    const value = randomBytes(32).toString('base64url');
    await writeFileDurable(this.pathOf(name), value, { mode: 0o600 });
    this.#secrets.add(value);
    return value;
  }

  /** As {@link secret}, where there is one. */
  async read(name: string): Promise<string | null> {
    const value = await readFile(this.pathOf(name), 'utf8').catch(absentAsNull);
    if (value) this.#secrets.add(value);
    return value || null;
  }

  /** Removes the file of a secret that is of no use any more. */
  async forget(name: string): Promise<void> {
    await rm(this.pathOf(name), { force: true });
  }

  /** The file of a secret, there or not. */
  pathOf(name: string): string {
    return secretFileIn(this.path, name);
  }

  /**
   * The name of the node whose directory this is, made at first use. It goes where the directory goes; that two copies
   * do not work at the same time is the matter of the lease.
   */
  async node(): Promise<string> {
    const path = join(this.path, 'node');
    const known = await readFile(path, 'utf8').catch(absentAsNull);
    if (known) return known.trim();
    const name = `node-${randomBytes(8).toString('hex')}`;
    await writeFileDurable(path, name, { mode: 0o600 });
    return name;
  }

  /**
   * A private directory whose path is short enough for a unix socket: below the data directory where that fits, else
   * one in the temporary directory, which the data directory remembers. That one notes whose it is, so that a copy of
   * the data directory does not take the sockets of the original away.
   */
  async socketDirectory(): Promise<string> {
    this.#sockets ??= await this.#findSocketDirectory();
    return this.#sockets;
  }

  async #findSocketDirectory(): Promise<string> {
    const own = await this.directory('run');
    if (Buffer.byteLength(own) + SOCKET_NAME_BYTES <= SOCKET_PATH_BYTES_MAX) return own;
    const note = join(own, SOCKETS_NOTE);
    const remembered = await readFile(note, 'utf8').catch(absentAsNull);
    if (remembered && (await isPrivate(remembered)) && (await this.#isOurs(remembered))) return remembered;
    const made = await mkdtemp(join(tmpdir().length < 60 ? tmpdir() : '/tmp', 'citywatch-'));
    await writeFile(join(made, SOCKETS_OF), this.path, { mode: 0o600 });
    await writeFileDurable(note, made, { mode: 0o600 });
    return made;
  }

  async #isOurs(sockets: string): Promise<boolean> {
    return (await readFile(join(sockets, SOCKETS_OF), 'utf8').catch(absentAsNull)) === this.path;
  }

  /** Unlocks. Call it last, when every child has ended. */
  async close(): Promise<void> {
    if (this.#sockets && !this.#sockets.startsWith(this.path))
      await rm(this.#sockets, { recursive: true, force: true });
    await this.#release();
  }
}

/** The file of the secret called `name` in a data directory. */
export function secretFileIn(dataDirectory: string, name: string): string {
  return join(dataDirectory, 'secrets', name);
}

/** The directories, each perhaps a disk of its own, that a start writes to and where room is kept for the next one. */
export async function placesOfRoom(path: string): Promise<string[]> {
  const database = await readlink(join(path, 'postgres')).catch(() => null);
  return [path, join(path, 'journal'), ...(database === null ? [] : [database])];
}

/** The file in `run/` that names a directory for sockets elsewhere. */
const SOCKETS_NOTE = 'sockets';

/** The file of a directory for sockets that names the data directory they belong to. */
const SOCKETS_OF = 'origin';

/** Writes a file of ours unless it says that already: a start on a full disk must not fail for want of a copy. */
export async function keepFile(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(absentAsNull)) === text) return;
  await writeFileDurable(path, text, { mode: 0o600 });
}

/** A gateway that was killed keeps its lock until the kernel has cleared it away. */
const LOCK_WAIT_S = 1;

/** The directory for sockets of the gateway that runs on this data directory. */
export async function socketsOf(path: string): Promise<string> {
  const own = join(path, 'run');
  return (await readFile(join(own, SOCKETS_NOTE), 'utf8').catch(absentAsNull)) ?? own;
}

/** Whether a gateway runs on this data directory now. */
export async function dataDirectoryIsHeld(path: string): Promise<boolean> {
  const file = join(path, 'lock');
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return false;
  const lock = await lockFile(file, 0);
  await lock?.release();
  return lock === null;
}

/** What is wrong with the owner or the mode of a data directory, and how to mend it; null when nothing is. */
export async function ownerProblem(path: string): Promise<{ what: string; remedy: string } | null> {
  const { uid, mode } = await stat(path);
  const us = process.getuid?.() ?? uid;
  if (uid !== us) {
    const what = `The data directory ${path} belongs to user ${uid}, but citywatch runs as user ${us}`;
    return { what, remedy: `run it as that user, or chown -R ${us} ${path}` };
  }
  if ((mode & 0o022) === 0) return null;
  return { what: `Other users may write to the data directory ${path}`, remedy: `run chmod 700 ${path}` };
}

async function isPrivate(path: string): Promise<boolean> {
  const found = await lstat(path).catch(absentAsNull);
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}

function absentAsNull(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

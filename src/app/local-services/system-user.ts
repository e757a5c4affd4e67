import { readFile } from 'node:fs/promises';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import type { Observer } from '../../core/observe.ts';
import { run } from './run.ts';

/** The system user that PostgreSQL runs as when we are root, because it refuses to run as root. */
const SYSTEM_USER = 'citywatch';
/** The system user that ffmpeg runs as when we are root. It owns nothing: not even PostgreSQL's files are its own. */
const VIDEO_USER = 'citywatch-video';
/** Where that user cannot be made: Debian's `nobody`, which other programs may run as too. */
const NOBODY = { uid: 65_534, gid: 65_534 };

export interface SystemUser {
  name: string;
  uid: number;
  gid: number;
}

/** Whether we are root and so have to hand PostgreSQL to another user. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The user of PostgreSQL, made if it is missing. */
export async function ensureSystemUser(): Promise<SystemUser> {
  return ensureUser(SYSTEM_USER, '/var/lib/citywatch').catch((error: unknown) => {
    throw new CitywatchError('service.failed', { detail: `PostgreSQL does not run as root, and ${messageOf(error)}` });
  });
}

/** Whom ffmpeg runs as: the user of its own, made if it is missing, where we are root; null where we are not. */
export async function ffmpegUser({ log }: Observer): Promise<Pick<SystemUser, 'uid' | 'gid'> | null> {
  if (!isRoot()) return null;
  return ensureUser(VIDEO_USER, '/nonexistent').catch((error: unknown) => {
    log.warn({ part: 'streams', remedy: addLine(VIDEO_USER) }, `ffmpeg runs as nobody: ${messageOf(error)}`);
    return NOBODY;
  });
}

/** Whom ffmpeg would run as, made or not, for a look at the machine that changes nothing. */
export async function ffmpegUserToBe(): Promise<Pick<SystemUser, 'uid' | 'gid'> | null> {
  return isRoot() ? ((await findUser(VIDEO_USER)) ?? NOBODY) : null;
}

/** Two gateways may do this at once: whoever comes second finds the user made. */
async function ensureUser(name: string, home: string): Promise<SystemUser> {
  const known = await findUser(name);
  if (known) return known;
  const place = ['--no-create-home', '--home-dir', home, '--shell', '/usr/sbin/nologin'];
  const made = await run('useradd', ['--system', '--user-group', ...place, name]);
  const user = await findUser(name);
  if (user) return user;
  throw new Error(`its user cannot be made (${made.stderr.trim()}); run: ${addLine(name)}`);
}

function addLine(name: string): string {
  return `useradd --system --user-group ${name}`;
}

/** Why {@link ensureSystemUser} would fail; null when the user is there or can be made. Changes nothing. */
export async function systemUserProblem(): Promise<string | null> {
  if (await findUser(SYSTEM_USER)) return null;
  return run('useradd', ['--help']).then(
    () => null,
    () => `useradd is missing, so the user ${SYSTEM_USER} that PostgreSQL runs as cannot be made`,
  );
}

async function findUser(name: string): Promise<SystemUser | null> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((entry) => entry.startsWith(`${name}:`));
  if (!line) return null;
  const [, , uid, gid] = line.split(':');
  return { name, uid: Number(uid), gid: Number(gid) };
}

import { readFile } from 'node:fs/promises';
import { CitywatchError } from '../../core/errors.ts';
import { run } from './run.ts';

/** The system user that PostgreSQL runs as when we are root, because it refuses to run as root. */
export const SYSTEM_USER = 'citywatch';

export interface SystemUser {
  name: string;
  uid: number;
  gid: number;
}

/** Whether we are root and so have to hand PostgreSQL to another user. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The system user, made if it is missing. Two gateways may do this at once: whoever comes second finds it made. */
export async function ensureSystemUser(): Promise<SystemUser> {
  const known = await findUser();
  if (known) return known;
  const made = await run('useradd', ['--system', '--user-group', '--no-create-home', ...HOME_AND_SHELL, SYSTEM_USER]);
  const user = await findUser();
  if (user) return user;
  const line = `useradd --system --user-group ${SYSTEM_USER}`;
  const reason = `PostgreSQL does not run as root, and its user cannot be made (${made.stderr.trim()})`;
  const detail = `${reason}; run: ${line}`;
  throw new CitywatchError('service.failed', { detail });
}

/** Why {@link ensureSystemUser} would fail; null when the user is there or can be made. Changes nothing. */
export async function systemUserProblem(): Promise<string | null> {
  if (await findUser()) return null;
  return run('useradd', ['--help']).then(
    () => null,
    () => `useradd is missing, so the user ${SYSTEM_USER} that PostgreSQL runs as cannot be made`,
  );
}

const HOME_AND_SHELL = ['--home-dir', '/var/lib/citywatch', '--shell', '/usr/sbin/nologin'];

async function findUser(): Promise<SystemUser | null> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((entry) => entry.startsWith(`${SYSTEM_USER}:`));
  if (!line) return null;
  const [name = '', , uid, gid] = line.split(':');
  return { name, uid: Number(uid), gid: Number(gid) };
}

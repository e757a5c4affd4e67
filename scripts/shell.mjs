import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where the gateway looks for the programs it starts, whatever the PATH of the caller is. */
const PLACES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Something went wrong that the reader can mend: the message is the whole output. */
export class SetupError extends Error {}

/** Everything set-up says goes to standard error, so that the output of a command stays its own. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

export function findProgram(name) {
  return PLACES.map((place) => join(place, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Runs a command to its end. Output is returned, or shown on standard error with `show`. */
export function run(command, args, { show = false, ...options } = {}) {
  const stdio = show ? ['inherit', 2, 2] : ['inherit', 'pipe', 'pipe'];
  const result = spawnSync(command, args, { stdio, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, ...options });
  return {
    ok: result.status === 0,
    status: result.status,
    stdout: result.stdout ?? '',
    stderr: (result.stderr ?? '') + (result.error ? result.error.message : ''),
  };
}

/**
 * Calls `work` while holding an exclusive lock on `path`, waiting for whoever holds it. The kernel ends the lock with us,
 * however we end. Without flock(1), that is outside Debian, the work goes on unlocked.
 */
export async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  const fd = openSync(path, 'a');
  try {
    spawnSync('flock', ['-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
    return await work();
  } finally {
    closeSync(fd);
  }
}

import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './root.mjs';

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
 * however we end. Without flock(1), that is outside Debian, the work goes on unlocked. Whoever needs the lock is about to
 * write beside it, so one that cannot be made is the first sign of a service that runs from a clone it may only read.
 */
export async function withLock(path, work) {
  const fd = openLock(path);
  try {
    spawnSync('flock', ['-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
    return await work();
  } finally {
    closeSync(fd);
  }
}

function openLock(path) {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'a');
  } catch (error) {
    const remedy = `run "npm run setup" in ${ROOT} once, as a user who may write there`;
    throw new SetupError(`Something has to be set up first, and this user may not (${error.message}): ${remedy}.`);
  }
}

import './node-version.mjs';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall, hasApt } from './apt.mjs';
import { packageName, pinnedNode } from './pinned-node.mjs';
import { ROOT } from './root.mjs';
import { findProgram, run, SetupError, say, withLock } from './shell.mjs';

/** What the gateway starts besides itself, the Debian package it comes in, and the setting that stands in for it. */
const PROGRAMS = [
  { program: 'redis-server', debian: 'redis-server', setting: 'REDIS_URL' },
  { program: 'influxd', debian: 'influxdb', setting: 'INFLUX_URL' },
  { program: 'ffmpeg', debian: 'ffmpeg', setting: 'FFMPEG_PATH' },
];

/** What the pinned Node needs besides what every Debian has. */
const NODE_LIBRARY = { name: /libatomic\.so/, debian: 'libatomic1' };

/**
 * Installs the npm packages when they are missing or are not those of package-lock.json. `npm ci` would refuse a lockfile
 * made with a registry that lacks packages for other systems, so it is `npm install`, and the result is checked.
 */
export async function setUpPackages() {
  await installPackages();
  await setUpNode();
}

async function installPackages() {
  if (packagesFit(ROOT)) return;
  await withLock(join(ROOT, '.cache', 'setup.lock'), () => {
    if (packagesFit(ROOT)) return;
    const args = ['install', '--no-save', '--include=dev', '--loglevel=error'];
    say(`$ npm ${args.join(' ')}`);
    const { ok } = run('npm', args, { show: true, cwd: ROOT });
    if (!ok) throw new SetupError('npm could not install the packages; its output above says why.');
    if (!packagesFit(ROOT)) throw new SetupError('npm installed other packages than package-lock.json names.');
  });
}

/**
 * Sees that the pinned Node runs. It needs one library that a bare Debian lacks; what else may keep it from running is
 * told as the machine says it.
 */
async function setUpNode() {
  const why = whyNodeFails(pinnedNode());
  if (why === null) return;
  if (!NODE_LIBRARY.name.test(why) || !hasApt()) throw new SetupError(howWithoutLibrary(why));
  await withLock(join(ROOT, '.cache', 'setup.lock'), () => {
    if (whyNodeFails(pinnedNode()) !== null) aptInstall([NODE_LIBRARY.debian]);
  });
  const still = whyNodeFails(pinnedNode());
  if (still !== null) throw new SetupError(howWithoutLibrary(still));
}

/** What it said when it was asked for its version; null when it runs. */
export function whyNodeFails(node) {
  const { ok, stdout, stderr } = run(node, ['--version']);
  return ok ? null : (stderr || stdout).trim() || 'it ended without a word';
}

export function howWithoutLibrary(why) {
  const remedy = NODE_LIBRARY.name.test(why) ? ` Install ${NODE_LIBRARY.debian} or what your system calls it.` : '';
  return `The Node that citywatch brings does not run here: ${why}.${remedy}`;
}

/**
 * Whether everything package-lock.json asks for is there in that version. What only other machines need is optional,
 * and so is not asked for, but for the Node of this one.
 */
export function packagesFit(root) {
  const wanted = readLock(join(root, 'package-lock.json'));
  const there = readLock(join(root, 'node_modules', '.package-lock.json'));
  const ours = `node_modules/${packageName()}`;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || (entry.optional && path !== ours) || entry.link) return true;
    return there[path]?.version === entry.version && there[path]?.integrity === entry.integrity;
  });
}

function readLock(path) {
  if (!existsSync(path)) return {};
  return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
}

/**
 * Installs whatever of redis-server, influxdb and ffmpeg is missing. One that is there stays as it is. `configured` names
 * settings that point to other servers: what those stand in for is not needed.
 */
export async function setUpPrograms(configured = []) {
  if (missingPrograms(configured).length === 0) return;
  await withLock(join(ROOT, '.cache', 'setup.lock'), () => {
    const missing = missingPrograms(configured);
    if (missing.length === 0) return;
    if (!hasApt()) throw new SetupError(howWithoutApt(missing));
    try {
      aptInstall(missing.map(({ debian }) => debian));
    } catch (error) {
      if (error instanceof SetupError) error.message += `\n${howToPoint(missing)}`;
      throw error;
    }
  });
}

function missingPrograms(configured) {
  return PROGRAMS.filter(({ program, setting }) => !configured.includes(setting) && !findProgram(program));
}

export function howWithoutApt(missing) {
  const names = missing.map(({ program }) => program).join(', ');
  return `Not found: ${names}, and this machine has no apt-get. Install them by its own means.\n${howToPoint(missing)}`;
}

function howToPoint(missing) {
  const hints = missing.map(({ program, setting }) => `${setting} in place of ${program}`);
  return `Or point to what you have: ${hints.join(', ')} (see docs/settings.md).`;
}

/** Settings given by environment, or in the file, that make one of our own programs unnecessary. */
export async function configuredSettings() {
  const given = PROGRAMS.map(({ setting }) => setting).filter(
    (name) => process.env[name] || process.env[`${name}_FILE`],
  );
  const file = process.env.CITYWATCH_CONFIG ?? join(ROOT, 'config', 'gateway.yaml');
  if (!existsSync(file)) return given;
  const { parse } = await import('yaml');
  const values = quietly(() => parse(readFileSync(file, 'utf8'))) ?? {};
  if (values.redis?.url) given.push('REDIS_URL');
  if (values.influx?.url) given.push('INFLUX_URL');
  if (values.ffmpeg?.path) given.push('FFMPEG_PATH');
  return given;
}

/** A file that cannot be read is reported by the gateway, with the line. */
function quietly(work) {
  try {
    return work();
  } catch {
    return null;
  }
}

/** Runs `main`; an error the reader can mend is printed as it is. */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    say(error instanceof SetupError ? error.message : String(error?.stack ?? error));
    process.exitCode = 1;
  }
}

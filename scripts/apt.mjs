import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { findProgram, run, SetupError, say } from './shell.mjs';

const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_MARK = '# made by the set-up of citywatch';
const QUIET = ['-q', '-o', 'DPkg::Lock::Timeout=300'];

export function hasApt() {
  return findProgram('apt-get') !== undefined && findProgram('dpkg-query') !== undefined;
}

/**
 * Installs Debian packages, printing each line that runs as root before it runs. Their services are neither started nor
 * enabled. Throws SetupError with what to do when that is not possible.
 */
export function aptInstall(packages) {
  const sudo = rootPrefix(packages);
  ensureLists(packages, sudo);
  const hasOwnPolicy = existsSync(POLICY) && !readFileSync(POLICY, 'utf8').includes(POLICY_MARK);
  if (!hasOwnPolicy) forbidStarts(sudo);
  try {
    install(packages, sudo);
  } finally {
    if (!hasOwnPolicy) run(...asRoot(sudo, ['rm', '-f', POLICY]));
  }
  for (const name of packages) disableServices(name, sudo);
}

function install(packages, sudo) {
  const line = [
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    ...QUIET,
    'install',
    '-y',
    '--no-install-recommends',
    ...packages,
  ];
  if (showAndRun(sudo, line)) return;
  // The lists may name versions that the mirror no longer has.
  showAndRun(sudo, ['apt-get', ...QUIET, 'update']);
  if (!showAndRun(sudo, line))
    throw new SetupError(`apt-get could not install ${packages.join(', ')}; its output above says why.`);
}

/** How to become root: nothing when we are, sudo when it is there and lets us or can ask. */
function rootPrefix(packages) {
  if (process.getuid() === 0) return [];
  if (findProgram('sudo')) {
    if (run('sudo', ['-n', 'true']).ok) return ['sudo', '-n'];
    if (process.stdin.isTTY) return ['sudo'];
  }
  throw new SetupError(
    `Installing needs root and sudo does not let us; run as root: apt-get install --no-install-recommends ${packages.join(' ')}`,
  );
}

function asRoot(sudo, line) {
  const [command, ...args] = [...sudo, ...line];
  return [command, args];
}

/** Prints the line, runs it, and shows what it wrote only when it fails. */
function showAndRun(sudo, line) {
  say(`$ ${[...sudo, ...line].join(' ')}`);
  const { ok, stdout, stderr } = run(...asRoot(sudo, line));
  if (!ok) say(`${stdout}${stderr}`.trimEnd());
  return ok;
}

/** Fetches the package lists when there are none, or when they do not know a package. */
export function ensureLists(packages, sudo = process.getuid() === 0 ? [] : ['sudo', '-n']) {
  if (simulate(packages).ok) return;
  if (!showAndRun(sudo, ['apt-get', ...QUIET, 'update']))
    say('apt-get update failed; going on with the lists there are.');
  const { ok, stderr } = simulate(packages);
  if (!ok) throw new SetupError(`apt-get does not know how to install ${packages.join(', ')}: ${stderr.trim()}`);
}

/** What installing would do, asked without root. */
export function simulate(packages) {
  const env = { ...process.env, LC_ALL: 'C' };
  return run('apt-get', ['-q', '-s', '--no-install-recommends', 'install', ...packages], { env });
}

/** Debian asks this script before it starts a service; 101 means no. */
function forbidStarts(sudo) {
  const directory = mkdtempSync(join(tmpdir(), 'citywatch-setup-'));
  try {
    const file = join(directory, 'policy-rc.d');
    writeFileSync(file, `#!/bin/sh\n${POLICY_MARK}\nexit 101\n`);
    run(...asRoot(sudo, ['install', '-m', '755', file, POLICY]));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Takes a freshly installed package out of the boot: its units and its init scripts. */
function disableServices(name, sudo) {
  const files = run('dpkg', ['-L', name]).stdout.split('\n');
  const units = files
    .filter((file) => /\/systemd\/system\/[^/@]+\.(service|socket|timer)$/.test(file))
    .map((file) => basename(file));
  if (units.length > 0 && findProgram('systemctl')) run(...asRoot(sudo, ['systemctl', '--quiet', 'disable', ...units]));
  for (const script of files.filter((file) => /^\/etc\/init\.d\/[^/]+$/.test(file)).map((file) => basename(file))) {
    if (findProgram('update-rc.d')) run(...asRoot(sudo, ['update-rc.d', script, 'disable']));
  }
  removeUnitLinks(units, sudo);
}

/** Where systemd is not there to do it: the links by which a unit would start at boot, and its other names. */
function removeUnitLinks(units, sudo) {
  const base = '/etc/systemd/system';
  if (!existsSync(base)) return;
  const folders = ['', ...readdirSync(base).filter((entry) => entry.endsWith('.wants'))];
  const links = folders.flatMap((folder) => readdirSync(join(base, folder)).map((entry) => join(base, folder, entry)));
  const ours = links.filter((link) => lstatSync(link).isSymbolicLink() && units.includes(basename(readlinkSync(link))));
  if (ours.length > 0) run(...asRoot(sudo, ['rm', '-f', ...ours]));
}

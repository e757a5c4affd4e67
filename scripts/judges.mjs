import './node-version.mjs';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureLists, hasApt, simulate } from './apt.mjs';
import { ROOT, runScript } from './setup.mjs';
import { findProgram, run, SetupError, say, withLock } from './shell.mjs';

/**
 * Programs of others that tests measure us against, by the Debian package they come in. They are unpacked into a cache
 * and never installed, so the machine stays as it was and an ordinary user can run the tests.
 */
const JUDGES = {
  mosquitto_pub: { debian: 'mosquitto-clients', path: 'usr/bin/mosquitto_pub' },
  mosquitto_sub: { debian: 'mosquitto-clients', path: 'usr/bin/mosquitto_sub' },
  mosquitto: { debian: 'mosquitto', path: 'usr/sbin/mosquitto' },
  // The browser itself, not the script that Debian puts before it: that one reads the machine's own settings.
  chromium: { debian: 'chromium', path: 'usr/lib/chromium/chromium' },
  // Chinese letters for screenshots; not a program.
  fonts: { debian: 'fonts-wqy-microhei', path: 'usr/share/fonts/truetype/wqy/wqy-microhei.ttc' },
  // Its package also brings a window program and with it all of Qt, which the tests have no use for.
  'onvif-util': {
    debian: 'onvif-tools',
    path: 'usr/bin/onvif-util',
    only: /^(onvif-tools|libonvif\d|libxml2|libicu\d+)$/,
  },
  ip: { debian: 'iproute2', path: 'bin/ip' },
};

const CACHE = join(ROOT, '.cache', 'judges');

/** Unpacks every judge that is not there yet. */
export async function prepareJudges() {
  for (const name of Object.keys(JUDGES)) await prepareJudge(name);
}

/** Where a judge is and the environment it needs to find its libraries. */
export async function prepareJudge(name) {
  const judge = JUDGES[name];
  if (!judge) throw new SetupError(`There is no judge ${name}; known are ${Object.keys(JUDGES).join(', ')}.`);
  const directory = join(CACHE, judge.debian);
  if (!existsSync(directory)) await withLock(`${directory}.lock`, () => unpack(judge, directory));
  const unpacked = join(directory, judge.path);
  // A package that is installed already has nothing to unpack.
  const command = [unpacked, join('/', judge.path)].find(existsSync) ?? findProgram(name);
  if (!command) throw new SetupError(`${judge.debian} has no ${judge.path}; remove ${directory} and try again.`);
  return { command, env: environmentOf(directory) };
}

function unpack({ debian, only }, directory) {
  if (existsSync(directory)) return;
  if (!hasApt()) throw new SetupError(`The tests need ${debian} of Debian and this machine has no apt-get.`);
  ensureLists([debian]);
  const temporary = `${directory}.${process.pid}.tmp`;
  const archives = join(temporary, 'archives');
  mkdirSync(archives, { recursive: true });
  try {
    const packages = closureOf(debian).filter((name) => !only || only.test(name.split('=')[0]));
    if (packages.length > 0) {
      say(`$ apt-get download ${packages.join(' ')}`);
      const fetched = run('apt-get', ['-q', 'download', ...packages], { cwd: archives });
      if (!fetched.ok) throw new SetupError(`apt-get could not download ${debian}: ${fetched.stderr.trim()}`);
    }
    for (const archive of readdirSync(archives)) {
      const { ok, stderr } = run('dpkg-deb', ['-x', join(archives, archive), temporary]);
      if (!ok) throw new SetupError(`dpkg-deb could not unpack ${archive}: ${stderr.trim()}`);
    }
    rmSync(archives, { recursive: true });
    renameSync(temporary, directory);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** The package and what it needs of what this machine does not have, as `name=version`. */
function closureOf(debian) {
  const lines = simulate([debian]).stdout.split('\n');
  return lines.flatMap((line) => {
    const found = /^Inst (\S+)(?: \[[^\]]*\])? \((\S+) /.exec(line);
    return found ? [`${found[1]}=${found[2]}`] : [];
  });
}

function environmentOf(directory) {
  const libraries = join(directory, 'usr', 'lib');
  const places = existsSync(libraries) ? readdirSync(libraries).filter((name) => name.includes('-linux-')) : [];
  const paths = [
    ...places.map((name) => join(libraries, name)),
    libraries,
    ...places.map((name) => join(directory, 'lib', name)),
  ];
  return { LD_LIBRARY_PATH: paths.join(':'), PATH: process.env.PATH ?? '' };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runScript(async () => {
    const asked = process.argv.slice(2);
    if (asked.length === 0) return prepareJudges();
    const found = await Promise.all(asked.map(prepareJudge));
    process.stdout.write(`${JSON.stringify(found)}\n`);
  });
}

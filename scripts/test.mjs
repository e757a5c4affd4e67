import './node-version.mjs';
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { buildWeb } from './build-web.mjs';
import { bundleGateway, COMPILED } from './bundle.mjs';
import { pinnedNode } from './pinned-node.mjs';
import { ROOT } from './root.mjs';
import { runScript, setUpPackages, setUpPrograms } from './setup.mjs';
import { SetupError, say } from './shell.mjs';
import { runFiles } from './tests/files.mjs';
import { prepareJudges } from './tests/judges.mjs';
import { MEMORY, placeInMemory } from './tests/memory.mjs';
import { bundleTestPackages } from './tests/packages.mjs';

/**
 * All that `npm test` runs, in this order: what takes longest, or waits for cameras, is begun first, and the shortest fill
 * the gaps at the end.
 */
const FOLDERS = [
  'test/acceptance',
  'test/integration/streams',
  'test/integration',
  'test/unit',
  'test/catalogue',
  'test/tidy',
];

/** Most of a test is waiting for a gateway, a camera or a database: about a third of a processor each. */
const JOBS = 3 * availableParallelism();

/** What a file may take that does not set its own limit. A long campaign may take an hour. */
const TIMEOUT_S = 120;
const LONG_TIMEOUT_S = 3600;

/** What is code; pages are laid out by hand. */
const CODE = ['bench', 'config', 'scripts', 'simulators', 'src', 'test', 'web'];

/** Younger data may belong to a test that is about to link to it. */
const SWEEP_AFTER_MS = 600_000;

/** What `tap build` makes, and what it was made of. */
const TAP_CLASS = join(ROOT, 'node_modules/@tapjs/test/test-built/dist/esm/index.js');
const TAP_MADE_OF = join(ROOT, '.tap', 'made-of');

/**
 * What did not change since the last run is not checked again; and by one checker, as several look at the same
 * declarations each, at half as much processor time again.
 */
const HOW_TYPES = [
  '--noEmit',
  '--checkers',
  '1',
  '--incremental',
  '--tsBuildInfoFile',
  join(ROOT, '.cache/types.json'),
];

/** Folders of tests with parts that speak to PostgreSQL or Redis. */
const WANTS_SERVICES = /^test\/(integration|acceptance|long)\//;
/** What a file imports that looks at pages. */
const WANTS_BROWSER = /web\/browser\.ts'/;

/** Of what the compiler or the linter says. */
const OUTPUT_MAX_BYTES = 64 * 1024 * 1024;

const execute = promisify(execFile);

const totals = { passed: 0, failed: 0 };

await runScript(async () => {
  const asked = process.argv.slice(2);
  const long = asked.includes('--long');
  const files = asked.filter((word) => !word.startsWith('-'));
  await setUpPackages();
  await setUpPrograms();
  await prepareJudges();
  const [gateway, hooks] = await Promise.all([bundleGateway(), prepareTap(), buildWeb()]);
  sweepInstances();
  const memory = long ? null : placeInMemory();
  if (memory) process.env.TMPDIR = memory.directory;
  const whole = files.length === 0 && !long;
  const places = whole ? FOLDERS : long && files.length === 0 ? ['test/long'] : files;
  const tests = [...new Set(places.flatMap(testsBelow))];
  const checked = whole ? checkCode() : null;
  const shared = await startShared(tests, hooks);
  const limits = { hooks, jobs: whole ? JOBS : 1, timeoutS: long ? LONG_TIMEOUT_S : TIMEOUT_S };
  try {
    await runFiles(tests, {
      ...limits,
      env: { ...shared.env, NODE_COMPILE_CACHE: COMPILED, TEST_GATEWAY: gateway },
      report: (result) => report(result, { isBrief: whole }),
    });
  } finally {
    // Also where we fail ourselves: what is shared would keep us from ending.
    await Promise.all([shared.stop(), checked]);
    memory?.remove();
  }
  process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed\n`);
  if (totals.failed > 0 || totals.passed === 0) process.exitCode = 1;
});

/**
 * Removes what killed tests left: PostgreSQL data of a root gateway lives apart from its data directory, and outlives a
 * temporary one. Nothing of a data directory elsewhere is touched, even one that is not there at the moment.
 */
function sweepInstances() {
  const instances = '/var/lib/citywatch/instances';
  if (process.getuid() !== 0 || !existsSync(instances)) return;
  for (const name of readdirSync(instances)) {
    const note = join(instances, name, 'origin');
    const origin = existsSync(note) ? readFileSync(note, 'utf8').trim() : '';
    const isOld = existsSync(note) && Date.now() - statSync(note).mtimeMs > SWEEP_AFTER_MS;
    const wasTemporary = [tmpdir(), MEMORY].some((place) => origin.startsWith(`${place}/`));
    if (isOld && wasTemporary && !pointsTo(join(origin, 'postgres'), join(instances, name))) {
      rmSync(join(instances, name), { recursive: true, force: true });
    }
  }
}

function pointsTo(link, target) {
  try {
    return readlinkSync(link) === target;
  } catch {
    return false;
  }
}

/** Resolves with the module that a test imports first. */
async function prepareTap() {
  await buildTap();
  return await bundleTestPackages();
}

/** Makes tap's own test class, once for each set of packages: npm would have if we let it run package scripts. */
async function buildTap() {
  const sources = ['package-lock.json', '.taprc'].map((name) => readFileSync(join(ROOT, name)));
  const hash = createHash('sha256').update(sources[0]).update(sources[1]).digest('hex');
  const isMade = existsSync(TAP_CLASS) && existsSync(TAP_MADE_OF) && readFileSync(TAP_MADE_OF, 'utf8') === hash;
  if (isMade) return;
  await execute(pinnedNode(), [binary('tap'), 'build'], { cwd: ROOT }).catch(({ stdout, stderr, message }) => {
    throw new SetupError(`tap build failed: ${stdout ?? ''}${stderr ?? message}`);
  });
  writeFileSync(TAP_MADE_OF, hash);
}

/** Each run of the compiler and of the linter counts as one test. They go on beside the first tests. */
async function checkCode() {
  await check('types (tsc)', [binary('tsc'), ...HOW_TYPES]);
  await check('types of the console (tsc)', [binary('tsc'), '-p', 'web', '--noEmit']);
  await check('style (biome)', [
    binary('biome'),
    'check',
    '--error-on-warnings',
    ...CODE.filter((folder) => existsSync(join(ROOT, folder))),
  ]);
}

async function check(name, args) {
  const failure = await execute(pinnedNode(), args, { cwd: ROOT, maxBuffer: OUTPUT_MAX_BYTES }).then(
    () => null,
    (error) => `${error.stdout}${error.stderr}${error.message}`,
  );
  if (failure === null) totals.passed += 1;
  else totals.failed += 1;
  process.stdout.write(failure === null ? `ok      ${name}\n` : `FAILED  ${name}\n${failure}\n`);
}

function binary(name) {
  return join(ROOT, 'node_modules', '.bin', name);
}

/** Test files at or below a path, which may be relative to where we were called or to the root; named from the root. */
function testsBelow(path) {
  const place = [resolve(path), resolve(ROOT, path)].find((candidate) => existsSync(candidate));
  if (!place) return [];
  if (statSync(place).isFile()) return [relative(ROOT, place)];
  return readdirSync(place, { recursive: true })
    .map((name) => relative(ROOT, join(place, String(name))))
    .filter((name) => name.endsWith('.test.ts'))
    .sort();
}

/**
 * Starts one PostgreSQL, one Redis and one InfluxDB for all files that break none
 * (test/support/services/shared-database.ts), and one Chromium if any looks at pages. They end with us, however we end:
 * their standard input does.
 */
async function startShared(files, hooks) {
  if (!files.some((file) => WANTS_SERVICES.test(file))) return { env: {}, stop: async () => {} };
  const looks = files.some((file) => WANTS_BROWSER.test(readFileSync(join(ROOT, file), 'utf8')));
  const program = join(ROOT, 'test/support/services/shared-services.ts');
  const child = spawn(pinnedNode(), [`--import=${hooks}`, program, ...(looks ? ['browser'] : [])], {
    cwd: ROOT,
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const [line] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    ended.then((status) => Promise.reject(new SetupError(`The services of the tests ended with ${status}.`))),
  ]);
  const stop = async () => {
    child.stdin.end();
    await ended;
  };
  return { env: { TEST_SERVICES: line }, stop };
}

/** One line per file, and everything there is to know of each failure; what its tests say of figures, unless `isBrief`. */
function report({ name, ok, passed, failures, comments, noise, how, harm, seconds }, { isBrief }) {
  const outer = failures.filter(({ names }) => names.length === 0).length;
  const failed = ok ? 0 : Math.max(1, outer);
  totals.passed += passed;
  totals.failed += failed;
  const counts = `${passed} passed, ${failed} failed, ${seconds.toFixed(1)} s`;
  process.stdout.write(`${ok ? 'ok    ' : 'FAILED'}  ${name} (${counts})\n`);
  if (!ok || !isBrief) for (const text of comments) process.stdout.write(`        ${text}\n`);
  if (ok) return;
  for (const failure of failures.filter(({ isTold }) => !isTold)) explain(failure);
  if (noise.length > 0) process.stdout.write(`${noise.map((line) => `    ${line}`).join('\n')}\n`);
  for (const words of outer === 0 && harm.length === 0 ? [how] : harm) process.stdout.write(`${indent(words)}\n`);
}

function explain({ names, result }) {
  process.stdout.write(`  ✗ ${[...names, result.name].join(' > ')}\n${indent(describe(result.diag))}\n`);
}

function describe(diag) {
  if (!diag) return '';
  const { source: _source, ...rest } = diag;
  return Object.entries(rest)
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? withoutTap(value.trimEnd()) : JSON.stringify(value)}`)
    .join('\n');
}

/** A stack without the lines of tap itself, which leaves them out only where it lies among the packages. */
function withoutTap(text) {
  return text.replace(/\n.*\/test-packages\/\w+\/tap\.mjs.*/g, '');
}

function indent(text) {
  return text.replace(/^/gm, '      ');
}

process.on('uncaughtException', (error) => {
  say(String(error.stack));
  process.exit(1);
});

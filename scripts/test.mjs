import './node-version.mjs';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { buildWeb } from './build-web.mjs';
import { prepareJudges } from './judges.mjs';
import { pinnedNode } from './pinned-node.mjs';
import { ROOT } from './root.mjs';
import { runScript, setUpPackages, setUpPrograms } from './setup.mjs';
import { run, SetupError, say } from './shell.mjs';

/**
 * All that `npm test` runs. tap takes the files in the order of their names, which suits: the acceptance tests, which
 * are the longest, come first, and the shortest fill the gaps at the end.
 */
const FOLDERS = ['test/acceptance', 'test/catalogue', 'test/integration', 'test/tidy', 'test/unit'];

/** Most of a test is waiting for a gateway, a camera or a database: about half a processor each. */
const JOBS = 2 * availableParallelism();

/** A long campaign may take an hour; `.taprc` limits every other file. */
const LONG_TIMEOUT_S = 3600;

/** Lines a failed file printed besides its results, the last of which are shown. */
const NOISE_LINES_MAX = 40;

/** What is code; pages are laid out by hand. */
const CODE = ['bench', 'config', 'scripts', 'simulators', 'src', 'test', 'web'];

/** Younger data may belong to a test that is about to link to it. */
const SWEEP_AFTER_MS = 600_000;

/** Compiled code of one file serves the others. */
const COMPILED = join(ROOT, '.cache', 'compiled');

/** Folders of tests with parts that speak to PostgreSQL or Redis. */
const WANTS_SERVICES = /^test\/(integration|acceptance|long)\//;

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
  await buildWeb();
  buildTap();
  sweepInstances();
  const whole = files.length === 0 && !long;
  const tests = (whole ? FOLDERS : long && files.length === 0 ? ['test/long'] : files).flatMap(testsBelow);
  const checked = whole ? checkCode() : null;
  const shared = await startShared(tests);
  await runTests(tests, { jobs: whole ? JOBS : 1, long, env: shared.env });
  await Promise.all([shared.stop(), checked]);
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
    const wasTemporary = origin.startsWith(`${tmpdir()}/`);
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

/** Makes tap's own test class, which npm would have made if we let it run package scripts. */
function buildTap() {
  const { ok, stderr, stdout } = run(pinnedNode(), [binary('tap'), 'build'], { cwd: ROOT });
  if (!ok) throw new SetupError(`tap build failed: ${stdout}${stderr}`);
}

/** Each run of the compiler and of the linter counts as one test. They go on beside the first tests. */
async function checkCode() {
  await check('types (tsc)', [binary('tsc'), '--noEmit']);
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
 * Starts one PostgreSQL and one Redis for all files that break neither (test/support/shared-database.ts). They end with
 * us, however we end: their standard input does.
 */
async function startShared(files) {
  if (!files.some((file) => WANTS_SERVICES.test(file))) return { env: {}, stop: async () => {} };
  const child = spawn(pinnedNode(), [join(ROOT, 'test/support/shared-services.ts')], {
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

async function runTests(files, { jobs, long, env: shared }) {
  if (files.length === 0) return;
  const { Parser } = await import('tap-parser');
  const limit = long ? [`--timeout=${LONG_TIMEOUT_S}`] : [];
  const args = [binary('tap'), 'run', '--reporter=tap', `--jobs=${jobs}`, ...limit, ...files];
  const env = { ...process.env, ...shared, NODE_COMPILE_CACHE: COMPILED };
  const child = spawn(pinnedNode(), args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const results = new Map();
  const reported = new Set();
  const parser = new Parser();
  parser.on('child', (file) => results.set(file.name, follow(file)));
  parser.on('assert', (result) => {
    reported.add(result.name);
    report(result, results.get(result.name));
  });
  const ended = new Promise((resolve) => child.on('close', (status, signal) => resolve(signal ?? `status ${status}`)));
  child.stdout.pipe(parser);
  const how = await ended;
  for (const file of files.filter((name) => !reported.has(name))) {
    totals.failed += 1;
    process.stdout.write(`FAILED  ${file} (not run: tap ended with ${how})\n`);
  }
}

/** Collects what one file said: its results, the failed ones in full with the names above them, and other output. */
function follow(file) {
  const seen = { passed: 0, failures: [], noise: [] };
  collect(file, [], seen);
  return seen;
}

function collect(parser, names, seen) {
  const nested = new Set();
  parser.on('child', (child) => {
    nested.add(child.name);
    collect(child, [...names, child.name], seen);
  });
  parser.on('extra', (text) => {
    seen.noise.push(text.trimEnd());
    if (seen.noise.length > NOISE_LINES_MAX) seen.noise.shift();
  });
  parser.on('assert', (result) => {
    // A test that holds others passes and fails by them; it counts itself when it passes.
    if (result.ok) seen.passed += names.length === 0 ? 1 : 0;
    else if (!nested.has(result.name) || names.length === 0)
      seen.failures.push({ names, result, isOuter: nested.has(result.name) });
  });
}

/** One line per file, and everything there is to know of each failure. */
function report(result, seen = { passed: 0, failures: [], noise: [] }) {
  const outer = seen.failures.filter(({ names }) => names.length === 0).length;
  const failed = result.ok ? 0 : Math.max(1, outer);
  totals.passed += seen.passed;
  totals.failed += failed;
  const seconds = ((result.time ?? 0) / 1000).toFixed(1);
  process.stdout.write(
    `${result.ok ? 'ok    ' : 'FAILED'}  ${result.name} (${seen.passed} passed, ${failed} failed, ${seconds} s)\n`,
  );
  if (result.ok) return;
  for (const failure of seen.failures.filter(({ isOuter }) => !isOuter)) explain(failure);
  if (seen.noise.length > 0) process.stdout.write(`${seen.noise.map((line) => `    ${line}`).join('\n')}\n`);
  if (outer === 0) process.stdout.write(`${indent(describe(result.diag))}\n`);
}

function explain({ names, result }) {
  process.stdout.write(`  ✗ ${[...names, result.name].join(' > ')}\n${indent(describe(result.diag))}\n`);
}

function describe(diag) {
  if (!diag) return '';
  const { source: _source, ...rest } = diag;
  return Object.entries(rest)
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value.trimEnd() : JSON.stringify(value)}`)
    .join('\n');
}

function indent(text) {
  return text.replace(/^/gm, '      ');
}

process.on('uncaughtException', (error) => {
  say(String(error.stack));
  process.exit(1);
});

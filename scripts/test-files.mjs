import { spawn } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { pinnedNode } from './pinned-node.mjs';
import { ROOT } from './root.mjs';

/** A file that says nothing for so long after its own limit has passed hangs, and is ended. */
const GRACE_MS = 600_000;

/** What a test may leave behind keeps its output open; what it wrote itself has arrived by then. */
const DRAIN_MS = 2_000;

/** Lines a file printed besides its results, the last of which are kept. */
const NOISE_LINES_MAX = 40;

/** More programs than this want a processor, for each there is: then only one file at a time, as `make -l` does. */
const LOAD_MAX = 6;
const BUSY_PAUSE_MS = 1_000;

const isBusy = () => loadavg()[0] > LOAD_MAX * availableParallelism();

/**
 * @typedef {object} FileResult
 * @property {string} name Path of the file from the root.
 * @property {boolean} ok
 * @property {number} passed Tests of the file itself, not those within them.
 * @property {{ names: string[], result: object, isOuter: boolean }[]} failures Outermost last; `names` are the tests around.
 * @property {string[]} noise Other output.
 * @property {string} how Why it failed where no test did, such as `ended with status 1`.
 * @property {number} seconds
 */

/**
 * Runs test files, `jobs` at a time, in the order given, each as a plain process of the pinned Node: `tap run` would load a
 * layer for mocks and for coverage, which nobody here uses, into each of them, at twice the processor time.
 * `hooks` is a module that each loads first, `timeoutS` what a file may take unless it says otherwise; tap itself holds it to that. Resolves when all have ended.
 *
 * @param {string[]} files
 * @param {{ jobs: number, timeoutS: number, hooks: string, env: Record<string, string>, report: (result: FileResult) => void }} options
 */
export async function runFiles(files, { jobs, timeoutS, env, hooks, report }) {
  const { Parser } = await import('tap-parser');
  const waiting = [...files];
  const work = async (_, number) => {
    for (;;) {
      while (number > 0 && waiting.length > 0 && isBusy()) await sleep(BUSY_PAUSE_MS);
      const name = waiting.shift();
      if (name === undefined) return;
      report(await runFile(name, new Parser(), { timeoutS, env, hooks }));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

async function runFile(name, parser, { timeoutS, env, hooks }) {
  const startMs = performance.now();
  const seen = { passed: 0, failures: [], noise: [] };
  collect(parser, [], seen);
  const summary = new Promise((resolve) => parser.once('complete', resolve));
  const child = spawn(pinnedNode(), [`--import=${hooks}`, name], {
    cwd: ROOT,
    env: { ...process.env, ...env, TAP: '1', TAP_TIMEOUT: String(timeoutS) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const backstop = setTimeout(() => child.kill('SIGKILL'), timeoutS * 1000 + GRACE_MS);
  child.stdout.pipe(parser);
  child.stderr.setEncoding('utf8').on('data', (text) => note(seen, text));
  const how = await endOf(child);
  clearTimeout(backstop);
  // Whatever it left behind may still write, and must keep neither us nor the next file.
  child.stdout.unpipe(parser).destroy();
  child.stderr.destroy();
  parser.end();
  const { ok } = await summary;
  const why = how || (ok ? 'no test ran' : 'it says that it failed');
  const seconds = (performance.now() - startMs) / 1000;
  return { name, ok: ok && how === '' && seen.passed > 0, ...seen, how: why, seconds };
}

/** Resolves with how a process failed, or with nothing, when all that it wrote itself has been read. */
function endOf(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (status, signal) => {
      const how = signal ? `ended by ${signal}` : status === 0 ? '' : `ended with status ${status}`;
      const drained = setTimeout(() => resolve(how), DRAIN_MS);
      child.once('close', () => {
        clearTimeout(drained);
        resolve(how);
      });
    });
  });
}

/** Collects what one file says: its results, the failed ones in full with the names above them, and other output. */
function collect(parser, names, seen) {
  const nested = new Set();
  parser.on('child', (child) => {
    nested.add(child.name);
    collect(child, [...names, child.name], seen);
  });
  parser.on('extra', (text) => note(seen, text));
  parser.on('assert', (result) => {
    // A test that holds others passes and fails by them; it counts itself when it passes.
    if (result.ok) seen.passed += names.length === 0 ? 1 : 0;
    else if (!nested.has(result.name) || names.length === 0)
      seen.failures.push({ names, result, isOuter: nested.has(result.name) });
  });
}

function note({ noise }, text) {
  noise.push(...text.trimEnd().split('\n'));
  noise.splice(0, Math.max(0, noise.length - NOISE_LINES_MAX));
}

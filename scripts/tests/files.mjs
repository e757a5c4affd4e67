import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { pinnedNode } from '../pinned-node.mjs';
import { ROOT } from '../root.mjs';
import { COMPANY, COMPANY_FILES, companiesOf, END_OF_FILE } from './companies.mjs';

/**
 * A file that says nothing for so long hangs in a way that tap does not see, such as a loop that never yields, and is
 * ended. Each line of output begins it anew. It is above the longest limit that a file sets itself.
 */
const SILENCE_MS = 660_000;
/** So much later than the limit that tap holds it to, where that is longer: a campaign may be silent all the time. */
const SILENCE_AFTER_LIMIT_MS = 60_000;

/** Every process below a test file has this in its environment, with a value of that run of the file alone. */
const MARK = 'TEST_FILE_RUN';

/** What a killed part leaves ends soon by itself; who is there after this was left behind. */
const LEAVE_MS = 5_000;
const LEAVE_PAUSE_MS = 100;

/** What a test may leave behind keeps its output open; what it wrote itself has arrived by then. */
const DRAIN_MS = 2_000;

/** Comments that tap makes of each test. */
const OF_TAP = /^# (time=|Subtest|(failed|skip|todo):? \d|\{)/;

/** Lines a file printed besides its results, the last of which are kept. */
const NOISE_LINES_MAX = 40;

/** More programs than this want a processor, for each there is: then only one file for each processor, as `make -l` does. */
const LOAD_MAX = 8;
const BUSY_PAUSE_MS = 1_000;

const isBusy = () => loadavg()[0] > LOAD_MAX * availableParallelism();

/** Where files wait for cameras, the processors have time for others: this share of it, over a pause, is worth one. */
const IDLE_SHARE_MIN = 0.25;
const IDLE_PAUSE_MS = 1_000;
/** So many times as many processes as were asked for, at most. */
const MORE_MAX = 2;

/**
 * @typedef {object} FileResult
 * @property {string} name Path of the file from the root.
 * @property {boolean} ok
 * @property {number} passed Tests of the file itself, not those within them.
 * @property {{ names: string[], result: object, isTold: boolean }[]} failures Outermost last; `names` are the tests
 * around; `isTold` where failures within say why.
 * @property {string[]} comments What its tests said with `t.comment`, figures of campaigns for example.
 * @property {string[]} noise Other output.
 * @property {string} how Why it failed where no test did, such as `ended with status 1`.
 * @property {string[]} harm What it did besides its tests: it hung, or left processes behind.
 * @property {number} seconds
 */

/**
 * Runs test files, `jobs` processes at a time, in the order given, each a plain one of the pinned Node: `tap run` would load
 * a layer for mocks and for coverage, which nobody here uses, into each of them, at twice the processor time.
 * `hooks` is a module that each loads first, `timeoutS` what a process may take for each of its files unless one says
 * otherwise; tap itself holds it to that. Where the processors have time to spare, more run beside them. A skipped or
 * unfinished test fails its file, and so does a process that it leaves behind, which is ended. Resolves when all have
 * ended.
 *
 * @param {string[]} files
 * @param {{ jobs: number, timeoutS: number, hooks: string, env: Record<string, string>, report: (result: FileResult) => void,
 *   together?: (files: string[]) => string[][], silenceMs?: number, leaveMs?: number }} options `together` says which share
 *   a process, instead of {@link companiesOf}, `silenceMs` is after how long without output a file is ended,
 *   `leaveMs` how long what it started may run on after it.
 */
export async function runFiles(files, { jobs, timeoutS, env, hooks, report, together, silenceMs, leaveMs = LEAVE_MS }) {
  const { Parser } = await import('tap-parser');
  const waiting = (together ?? companiesOf)(files);
  const limits = { timeoutS, silenceMs: silenceMs ?? silenceOf(timeoutS), leaveMs };
  const run = (...names) => runProcess(names, new Parser(), { ...limits, env, hooks });
  const runNext = async () => {
    const names = waiting.shift();
    for (const result of await (names.length > 1 ? runCompany(names, run) : run(...names))) report(result);
  };
  const work = async (_, number) => {
    for (;;) {
      while (number >= availableParallelism() && waiting.length > 0 && isBusy()) await sleep(BUSY_PAUSE_MS);
      if (waiting.length === 0) return;
      await runNext();
    }
  };
  await Promise.all([...Array.from({ length: jobs }, work), ...(jobs > 1 ? [runMore(jobs, waiting, runNext)] : [])]);
}

/** Begins one more file at a time while the processors have nothing to do. Resolves when all that it began have ended. */
async function runMore(jobs, waiting, runNext) {
  const running = new Set();
  for (let before = cpus(); waiting.length > 0; ) {
    await sleep(IDLE_PAUSE_MS);
    const now = cpus();
    const isIdle = idleShare(before, now) > IDLE_SHARE_MIN;
    before = now;
    if (!isIdle || waiting.length === 0 || running.size >= jobs * (MORE_MAX - 1)) continue;
    const one = runNext().finally(() => running.delete(one));
    running.add(one);
  }
  await Promise.all(running);
}

/** What nobody used of the time of all processors, from 0 to 1. */
function idleShare(before, now) {
  let [idle, all] = [0, 0];
  for (const [n, { times }] of now.entries()) {
    for (const [name, ms] of Object.entries(times)) {
      const took = ms - (before[n]?.times[name] ?? ms);
      all += took;
      if (name === 'idle') idle += took;
    }
  }
  return all > 0 ? idle / all : 0;
}

const silenceOf = (timeoutS) => Math.max(SILENCE_MS, timeoutS * 1000 + SILENCE_AFTER_LIMIT_MS);

/**
 * What files do in one process counts if all is well. If not, each runs alone, and is judged by that, so that no failure
 * is another's; what fails only in company is told as such.
 */
async function runCompany(names, run) {
  const together = await run(...names);
  if (together.every(({ ok }) => ok)) return together;
  const alone = [];
  for (const name of names) alone.push(...(await run(name)));
  if (alone.some(({ ok }) => !ok)) return alone;
  const [last] = together.filter(({ ok }) => !ok);
  return [...alone, { ...last, name: `in one process: ${names.join(' ')}` }];
}

/** Resolves with a result for each of the files; where one is not good, all are not, and with the same failures. */
async function runProcess(names, parser, { timeoutS, env, hooks, silenceMs, leaveMs }) {
  const startMs = performance.now();
  const seen = { passed: 0, failures: [], comments: [], noise: [], harm: [], ends: [] };
  collect(parser, [], seen);
  const summary = new Promise((resolve) => parser.once('complete', resolve));
  const mark = randomUUID();
  const program = names.length > 1 ? [COMPANY, names[0]] : names;
  const company = names.length > 1 ? { [COMPANY_FILES]: JSON.stringify(names) } : {};
  const child = spawn(pinnedNode(), [`--import=${hooks}`, ...program], {
    cwd: ROOT,
    env: { ...process.env, ...env, ...company, TAP: '1', TAP_TIMEOUT: String(timeoutS * names.length), [MARK]: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const silence = setTimeout(() => {
    seen.harm.push(`said nothing for ${silenceMs / 1000} s, and was ended`);
    child.kill('SIGKILL');
  }, silenceMs);
  child.stdout.on('data', () => silence.refresh());
  child.stdout.pipe(parser);
  child.stderr.setEncoding('utf8').on('data', (text) => {
    silence.refresh();
    note(seen, text);
  });
  const how = await endOf(child, () => clearTimeout(silence));
  // Whatever it left behind may still write, and must keep neither us nor the next file.
  child.stdout.unpipe(parser).destroy();
  child.stderr.destroy();
  seen.harm.push(...(await endLeftBehind(mark, leaveMs)));
  parser.end();
  const { ok } = await summary;
  return judge(names, seen, { ok, how, startMs });
}

function judge(names, { ends, ...seen }, { ok, how, startMs }) {
  const parts = names.length > 1 ? ends : [{ ...seen, atMs: performance.now() }];
  const isWhole = parts.length === names.length && parts.every(({ passed }) => passed > 0);
  const isGood = ok && how === '' && isWhole && seen.failures.length === 0 && seen.harm.length === 0;
  const why = how || (ok ? 'no test ran' : 'it says that it failed');
  return names.map((name, n) => {
    const { passed, comments, atMs } = isGood ? parts[n] : { ...seen, atMs: performance.now() };
    const seconds = (atMs - (isGood && n > 0 ? parts[n - 1].atMs : startMs)) / 1000;
    return { name, ok: isGood, ...seen, passed, comments, how: why, seconds };
  });
}

/** Ends what runs on below a file that has ended, once it had time to end by itself; says what each was. */
async function endLeftBehind(mark, leaveMs) {
  const untilMs = performance.now() + leaveMs;
  let left = processesWith(mark);
  while (left.length > 0 && performance.now() < untilMs) {
    await sleep(LEAVE_PAUSE_MS);
    left = processesWith(mark);
  }
  for (const { pid } of left) end(pid);
  return left.map(({ commandLine }) => `left a process behind: ${commandLine}`);
}

/** Processes of our user with this mark in their environment. One that waits to be reaped has none. */
function processesWith(mark) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (statSync(`/proc/${pid}`).uid !== process.getuid()) return [];
        if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${MARK}=${mark}`)) return [];
        const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
        return [{ pid: Number(pid), commandLine }];
      } catch {
        // It ended while we looked, or is not ours to look into.
        return [];
      }
    });
}

function end(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Resolves with how a process failed, or with nothing, when all that it wrote itself has been read. */
function endOf(child, onEnd) {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      onEnd();
      resolve(error.message);
    });
    child.once('exit', (status, signal) => {
      onEnd();
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
  parser.on('child', (child) => collect(child, [...names, child.name], seen));
  parser.on('extra', (text) => note(seen, text));
  parser.on('comment', (text) => {
    if (!OF_TAP.test(text)) seen.comments.push(text.replace(/^# /, '').trimEnd());
  });
  parser.on('assert', (result) => {
    const notRun = notRunOf(result);
    // A test that holds others passes and fails by them; it counts itself when it passes.
    if (notRun) seen.failures.push({ names, result: { ...result, diag: { message: notRun } }, isTold: false });
    else if (result.ok && names.length === 0 && result.name.startsWith(END_OF_FILE)) endFile(result, seen);
    else if (result.ok) seen.passed += names.length === 0 ? 1 : 0;
    else seen.failures.push({ names, result, isTold: hasFailureWithin([...names, result.name], seen) });
  });
  parser.on('complete', ({ failures }) => {
    // What the reader of results finds wrong with them, such as a plan that was not met.
    for (const { tapError, ...rest } of failures.filter((failure) => failure.tapError)) {
      seen.failures.push({
        names,
        result: { name: rest.name || 'results', diag: { message: tapError } },
        isTold: false,
      });
    }
  });
}

/** What passed, and what was said, since the end of the file before it is of this one. */
function endFile({ name }, seen) {
  const { passed, comments } = seen;
  seen.ends.push({ name: name.slice(END_OF_FILE.length), passed, comments, atMs: performance.now() });
  Object.assign(seen, { passed: 0, comments: [] });
}

/** The project allows no test that is skipped or not finished: why this one is such, or nothing. */
function notRunOf({ skip, todo }) {
  const [word, reason] = skip ? ['skipped', skip] : ['marked as todo', todo];
  if (!reason) return '';
  return `${word}${reason === true ? '' : ` (${reason})`}: no test may be; mend it or remove it`;
}

function hasFailureWithin(names, { failures }) {
  return failures.some((failure) => names.every((name, depth) => failure.names[depth] === name));
}

function note({ noise }, text) {
  noise.push(...text.trimEnd().split('\n'));
  noise.splice(0, Math.max(0, noise.length - NOISE_LINES_MAX));
}

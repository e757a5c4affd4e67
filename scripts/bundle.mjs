import './node-version.mjs';
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { GATEWAY_ENVIRONMENT, GATEWAY_NODE_OPTIONS } from './gateway-memory.mjs';
import { hashOfFiles } from './hash.mjs';
import { pinnedNode } from './pinned-node.mjs';
import { ROOT } from './root.mjs';
import { runScript } from './setup.mjs';
import { say, withLock } from './shell.mjs';

/** What stands for the gateway where nothing can be bundled: the same program, read from 1,500 files. */
const SOURCE = join(ROOT, 'src', 'app', 'main.ts');

/**
 * Holds a folder for each state of the sources, named by their hash. A running gateway reads from the one that it began
 * with. Within node_modules, so that Node goes on saying nothing of old ways in packages, which only their makers can mend.
 */
const BUNDLES = join(ROOT, 'node_modules', '.cache', 'gateway');

/** Parts compiled for one machine, those that look for files beside them, and what few gateways ever load, stay where they are. */
const STAYS = /^(@(node-rs|bull-board)\/|nodemailer$)/;

/**
 * What chunks of packages are called: one of those that every command needs, and one of those that only a gateway does.
 * They have no maps: to read one of their size would stand in the way of messages for over a second.
 */
const PACKAGES = 'packages';

/**
 * What the maker of labels (pdfkit) has in common with parts that every command needs. In a chunk with it, it would bring
 * 1.6 MB of fonts and compression into each start.
 */
const COMMON = /\/node_modules\/fast-deep-equal\//;

/** Bundles that nobody has started for this long are removed. */
const SWEEP_AFTER_MS = 24 * 3_600_000;

/**
 * Makes one file for each command out of the sources and their packages, unless what is there was made of the same, and
 * resolves with the program to start. A gateway so made starts with half the processor time and 50 MB less memory. Where
 * it cannot be made it is said, and the gateway runs from its sources.
 */
export async function bundleGateway() {
  try {
    return await bundleOf({ into: BUNDLES, folders: ['src'], beside: {} });
  } catch (error) {
    say(`${error.message}; the gateway starts from its sources`);
    return SOURCE;
  }
}

/**
 * As {@link bundleGateway}, with programs beside it that stand in the same modules: `beside` has their files by the names
 * they get, `folders` all that they and the gateway are made of, and `into` is a folder of their own. Removes from it
 * what nobody has started for a day. Rejects where it cannot be made.
 */
export async function bundleOf({ into, folders, beside }) {
  const made = join(into, hashOfSources(folders));
  const program = join(made, 'main.mjs');
  const input = { main: SOURCE, ...beside };
  if (existsSync(program) && ageMs(made) < SWEEP_AFTER_MS / 2) return program;
  try {
    await withLock(join(ROOT, '.cache', 'bundle.lock'), () => make(made, program, input));
  } catch (error) {
    // Whoever may not write here starts what somebody else has made.
    if (!existsSync(program)) throw error;
  }
  return program;
}

/** Since it was made or last started. */
function ageMs(path) {
  return Date.now() - statSync(path).mtimeMs;
}

/** An old one is said to be in use before it is started, under the lock that others sweep under. */
async function make(made, program, input) {
  if (existsSync(program)) {
    const now = new Date();
    utimesSync(made, now, now);
    return;
  }
  const unfinished = `${made}.${process.pid}`;
  try {
    await bundle(unfinished, input);
    renameSync(unfinished, made);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  await compileAhead(made);
  sweep(dirname(made));
}

/** Where `src/app/main.ts` keeps compiled code between starts. */
export const COMPILED = join(ROOT, '.cache', 'compiled');

/** What a gateway loads, by the names of its chunks. */
const LOADED = ['cli.mjs', 'compose.mjs', 'house.mjs'];

/** Loads what a gateway will load, so that not its first start is the one that compiles it. */
async function compileAhead(directory) {
  const chunks = LOADED.map((name) => join(directory, name)).filter((path) => existsSync(path));
  const program = chunks.map((path) => `await import(${JSON.stringify(pathToFileURL(path).href)});`).join('\n');
  const options = [...GATEWAY_NODE_OPTIONS, '--input-type=module', '--eval', program];
  const env = { ...process.env, ...GATEWAY_ENVIRONMENT, NODE_COMPILE_CACHE: COMPILED };
  // Where it cannot be done the first start does it.
  await promisify(execFile)(pinnedNode(), options, { cwd: ROOT, env }).catch(() => {});
}

/** The root is part of it: a bundle names files by their whole path. */
function hashOfSources(folders) {
  const sources = folders
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const others = [join(ROOT, 'package-lock.json'), fileURLToPath(import.meta.url)];
  return hashOfFiles([...sources, ...others], ROOT).slice(0, 32);
}

async function bundle(directory, input) {
  const { rolldown } = await import('rolldown');
  const build = await rolldown({
    input,
    platform: 'node',
    external: (id) => (isBuiltin(id) && !HTTP_NAME.test(id)) || STAYS.test(id),
    plugins: [{ name: 'where-a-module-is', transform: sayWhereItIs }, HTTP_WITHOUT_FETCH],
    logLevel: 'silent',
  });
  mkdirSync(directory, { recursive: true });
  await build.write({
    dir: directory,
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name].mjs',
    sourcemap: true,
    comments: false,
    codeSplitting: {
      groups: [
        { name: `${PACKAGES}~common`, test: COMMON, priority: 1 },
        { name: PACKAGES, test: /\/node_modules\//, entriesAware: true, entriesAwareMergeThreshold: 500_000 },
      ],
    },
  });
  await build.close();
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (name.startsWith(PACKAGES) && name.endsWith('.map')) rmSync(path);
    if (name.endsWith('.mjs')) writeFileSync(path, inPlainLetters(readFileSync(path, 'utf8')));
  }
}

/**
 * The same program without letters beyond Latin-1: with one of them Node would hold the whole file with two bytes for
 * each letter, 11 MB more. A letter behind a backslash stands for itself, and so does its escape without a second one.
 */
export function inPlainLetters(code) {
  return code.replace(/(\\*)([^\0-\xff])/g, (_, slashes, letter) => {
    const escaped = `u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
    return slashes.length % 2 === 1 ? `${slashes}${escaped}` : `${slashes}\\${escaped}`;
  });
}

/** A module that looks for files beside it finds them where it was written, not where it was bundled. */
export function sayWhereItIs(code, id) {
  if (!/\bimport\.meta\.(dirname|url|filename)\b|\b__(dirname|filename)\b/.test(code)) return null;
  const [directory, file, url] = [dirname(id), id, pathToFileURL(id).href].map((text) => JSON.stringify(text));
  const told = code
    .replace(/\bimport\.meta\.dirname\b|(?<![.\w])__dirname\b/g, directory)
    .replace(/\bimport\.meta\.filename\b|(?<![.\w])__filename\b/g, file)
    .replace(/\bimport\.meta\.url\b/g, url);
  return { code: told, map: null };
}

/** How sources name Node's http. */
export const HTTP_NAME = /^(node:)?http$/;
const HTTP = '\0http-without-fetch';

/**
 * `import` of Node's http looks at all that it has, and with it loads a whole second client for the web (WebSocket) that
 * nobody uses: 45 ms of processor time. What is bundled imports only the rest. To be told to rolldown as a plugin;
 * {@link HTTP_NAME} must not be external to it, or no plugin is asked.
 */
export const HTTP_WITHOUT_FETCH = {
  name: 'http-without-fetch',
  resolveId: (source, _importer, { kind }) => {
    if (!HTTP_NAME.test(source)) return null;
    return kind === 'import-statement' ? HTTP : { id: source, external: true };
  },
  load: (id) => (id === HTTP ? httpWithoutFetch() : null),
};

/** The module that stands for it. */
export function httpWithoutFetch() {
  const names = Object.keys(http).filter((name) => !['WebSocket', 'CloseEvent', 'MessageEvent'].includes(name));
  return `const http = process.getBuiltinModule('node:http');\nexport default http;\nexport const { ${names} } = http;\n`;
}

/** Removes bundles of sources that nobody starts any more, and what a killed run left unfinished. */
function sweep(bundles) {
  for (const name of readdirSync(bundles)) {
    const path = join(bundles, name);
    if (ageMs(path) > SWEEP_AFTER_MS) rmSync(path, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runScript(async () => say(await bundleGateway()));

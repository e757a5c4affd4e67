import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { HTTP_NAME, HTTP_WITHOUT_FETCH, httpWithoutFetch, sayWhereItIs } from '../bundle.mjs';
import { hashOfFiles } from '../hash.mjs';
import { pinnedNode } from '../pinned-node.mjs';
import { ROOT } from '../root.mjs';
import { SetupError, withLock } from '../shell.mjs';

/** Whose packages are meant. */
const FOLDERS = ['src', 'simulators', 'test'];

const IMPORT = /^(?:import|export)\s(?!type\s)[^;]*?from '([^.'][^']*)';$/gm;

/** Compiled for one machine, or looking for what lies beside them while they run: read from where they are. */
const STAYS =
  /^(@node-rs\/|classic-level$|pino$|fluent-ffmpeg$|node-onvif|oxc-parser$|playwright-core$|@fastify\/swagger-ui$)/;

/** Stands for what tap watches its tests with. */
const DOMAINS = join(ROOT, 'scripts/tests/domains.mjs');

/** Stands for Node's http, see {@link HTTP_WITHOUT_FETCH}. */
const HTTP_FILE = 'node-http.mjs';

/** Within node_modules, so that tap leaves its own lines out of what a failure says. */
const MADE = join(ROOT, 'node_modules', '.cache', 'test-packages');

/**
 * Makes one file of each package that tests load, unless it is there, and resolves with the module that a test imports
 * first so that it gets those. Some 340 processes would each read hundreds of small files of tap, fastify, zod and others.
 */
export async function bundleTestPackages() {
  const names = packagesNamed();
  const madeOf = [
    'package-lock.json',
    'scripts/bundle.mjs',
    'scripts/tests/packages.mjs',
    'scripts/tests/domains.mjs',
  ].map((name) => join(ROOT, name));
  const made = join(MADE, hashOfFiles(madeOf, JSON.stringify([ROOT, names])).slice(0, 32));
  const hooks = join(made, 'hooks.mjs');
  if (!existsSync(hooks)) await withLock(join(ROOT, '.cache', 'test-packages.lock'), () => makeApart(made));
  return hooks;
}

function packagesNamed() {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
  );
  const named = files.flatMap((text) => [...text.matchAll(IMPORT)].map(([, name]) => name));
  return [...new Set(named)].filter((name) => !isBuiltin(name) && !STAYS.test(name)).sort();
}

/** In a process of the pinned Node: what a package gives is asked of itself, and tap, once loaded, wants to run tests. */
async function makeApart(made) {
  if (existsSync(made)) return;
  await promisify(execFile)(pinnedNode(), [fileURLToPath(import.meta.url), made]).catch(({ message, stderr }) => {
    throw new SetupError(`The packages of the tests could not be bundled: ${stderr || message}`);
  });
}

async function make(made) {
  const names = packagesNamed();
  rmSync(MADE, { recursive: true, force: true });
  const unfinished = `${made}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  const entries = await Promise.all(names.map(entryFor));
  const { rolldown } = await import('rolldown');
  const build = await rolldown({
    input: Object.fromEntries(names.map((name) => [fileOf(name), `entry:${name}`])),
    platform: 'node',
    external: (id) => (isBuiltin(id) && !HTTP_NAME.test(id)) || STAYS.test(id),
    logLevel: 'silent',
    plugins: [
      {
        name: 'packages',
        resolveId: (id) => {
          if (id === 'async-hook-domain') return DOMAINS;
          return id.startsWith('entry:') ? join(ROOT, 'test', `${fileOf(id.slice(6))}.mjs`) : null;
        },
        load: (id) => entries.find(({ name }) => id === join(ROOT, 'test', `${fileOf(name)}.mjs`))?.code ?? null,
        transform: sayWhereItIs,
      },
      HTTP_WITHOUT_FETCH,
    ],
  });
  await build.write({
    dir: unfinished,
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
  });
  await build.close();
  writeFileSync(join(unfinished, HTTP_FILE), httpWithoutFetch());
  writeFileSync(join(unfinished, 'hooks.mjs'), hooksFor(names));
  renameSync(unfinished, made);
}

/** Names that Node finds in a CommonJS package are told one by one: a bundle of it has only the default. */
async function entryFor(name) {
  const given = Object.keys(await import(name));
  const from = JSON.stringify(name);
  if (!given.includes('module.exports')) {
    const whole = given.includes('default') ? `export { default } from ${from};\n` : '';
    return { name, code: `export * from ${from};\n${whole}` };
  }
  const names = given.filter((key) => key !== 'default' && /^[A-Za-z_$][\w$]*$/.test(key));
  return {
    name,
    code: `import whole from ${from};\nexport default whole;\nexport const { ${names.join(', ')} } = whole;\n`,
  };
}

function fileOf(name) {
  return name.replace(/[^a-z0-9.-]/g, '_');
}

/**
 * Ends a process in which nothing waits any more. Node 26 by itself closes all handles then, and was seen to turn in
 * `Environment::CleanupHandles` for ever, on a loaded machine; to exit leaves that out. Other listeners come first, and
 * may have begun something.
 */
const ENDING = `process.once('beforeExit', () => {
  // Pipes of its output are among them.
  const unawaited = process.getActiveResourcesInfo().length;
  process.on('beforeExit', () => {
    if (process.getActiveResourcesInfo().length <= unawaited) process.exit();
  });
  setImmediate(() => {});
});`;

function hooksFor(names) {
  const files = JSON.stringify(names.map((name) => [name, `./${fileOf(name)}.mjs`]));
  return `import { registerHooks } from 'node:module';
const made = new Map(${files}.map(([name, file]) => [name, new URL(file, import.meta.url).href]));
made.set('node:http', new URL('${HTTP_FILE}', import.meta.url).href);
${ENDING}
registerHooks({
  resolve(name, context, next) {
    const { parentURL } = context;
    if (parentURL === undefined || parentURL.includes('/node_modules/')) return next(name, context);
    // Files of ours lie where their names say: Node would ask the disk about each of some hundred.
    if (name[0] === '.' && name.endsWith('.ts') && parentURL.startsWith('file:'))
      return { url: new URL(name, parentURL).href, format: 'module-typescript', shortCircuit: true };
    const url = made.get(name);
    return url === undefined ? next(name, context) : { url, format: 'module', shortCircuit: true };
  },
});
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await make(process.argv[2]);
  process.exit();
}

import './node-version.mjs';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashOfFiles } from './hash.mjs';
import { ROOT } from './root.mjs';
import { runScript } from './setup.mjs';
import { SetupError, say, withLock } from './shell.mjs';

const WEB = join(ROOT, 'web');
const OUTPUT = join(WEB, 'dist');
/** Holds the hash of everything the build was made of. The server serves no file whose name begins with a dot. */
const MARKER = join(OUTPUT, '.made-of');

/** `CONSOLE_OFFLINE=off` builds a page that no device keeps, and that takes away what an earlier one left there. */
const IS_KEPT = process.env.CONSOLE_OFFLINE !== 'off';
const SERVICE_WORKER = 'sw.js';
/** What a device keeps beside the page itself: the views of work orders, and scripts that these start. */
const KEPT_VIEWS = /\/src\/orders\/(view\/orders?-view\.tsx|queue\/sender\.ts)$/;
const KEPT_WORKERS = /^assets\/(worker|decoder)-[\w-]+\.js$/;

/** Builds the console into web/dist, unless what is there was made of the same sources and packages. */
export async function buildWeb() {
  if (isFresh()) return;
  await withLock(join(ROOT, '.cache', 'build-web.lock'), async () => {
    if (isFresh()) return;
    const hash = hashOfSources();
    say('Building the console (web/dist)');
    await runVite();
    writeFileSync(MARKER, hash);
  });
}

/** True, too, where there are no sources to build from. */
function isFresh() {
  if (!existsSync(WEB)) return true;
  return existsSync(MARKER) && readFileSync(MARKER, 'utf8') === hashOfSources();
}

function hashOfSources() {
  const sources = readdirSync(WEB, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(`${OUTPUT}/`));
  const others = [join(ROOT, 'package-lock.json'), join(ROOT, 'CHANGELOG.md'), fileURLToPath(import.meta.url)];
  return `${hashOfFiles([...sources, ...others])} ${IS_KEPT ? 'kept' : 'not kept'}`;
}

async function runVite() {
  const { build } = await import('vite');
  try {
    const { output } = await build({
      root: WEB,
      configFile: false,
      envDir: false,
      logLevel: 'warn',
      // The light edition leaves out subtitles, other sound tracks and copy protection, which cameras do not have.
      resolve: { alias: { 'hls.js': 'hls.js/light' } },
      define: { KEPT_ON_DEVICES: JSON.stringify(IS_KEPT) },
      oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
      build: {
        outDir: OUTPUT,
        emptyOutDir: true,
        target: 'es2023',
        // Nothing may stand inside a page: its content policy forbids it.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        chunkSizeWarningLimit: 1_200,
        rollupOptions: {
          input: {
            index: join(WEB, 'index.html'),
            'not-found': join(WEB, 'not-found.html'),
            sw: join(WEB, 'src/orders/shell/sw.ts'),
          },
          output: { entryFileNames: ({ name }) => (name === 'sw' ? SERVICE_WORKER : 'assets/[name]-[hash].js') },
        },
      },
    });
    writeServiceWorker(output);
  } catch (error) {
    throw new SetupError(`The console could not be built: ${error.message}`);
  }
}

/** Writes above the service worker which files it keeps, with the hash of each. */
function writeServiceWorker(output) {
  const path = join(OUTPUT, SERVICE_WORKER);
  const code = readFileSync(path, 'utf8');
  const files = Object.fromEntries(keptFiles(output).map((name) => [addressOf(name), hashOf(join(OUTPUT, name))]));
  const version = createHash('sha256').update(JSON.stringify(files)).update(code).digest('hex').slice(0, 16);
  const shell = IS_KEPT ? JSON.stringify({ version, files }) : 'null';
  writeFileSync(path, `const SHELL=${shell};\n${code}`);
}

/** The page, what it brings with it at once, and the parts that are used without the network. */
function keptFiles(output) {
  const chunks = new Map(output.filter(({ type }) => type === 'chunk').map((chunk) => [chunk.fileName, chunk]));
  const names = new Set(['index.html']);
  const add = (name) => {
    const chunk = chunks.get(name);
    if (names.has(name) || !chunk) return;
    names.add(name);
    for (const style of chunk.viteMetadata.importedCss) names.add(style);
    for (const next of chunk.imports) add(next);
  };
  for (const { fileName, name, isEntry, facadeModuleId } of chunks.values()) {
    if ((isEntry && name === 'index') || KEPT_VIEWS.test(facadeModuleId ?? '')) add(fileName);
  }
  for (const { fileName } of output) {
    if (KEPT_WORKERS.test(fileName) || /^assets\/icon-.*\.svg$/.test(fileName)) names.add(fileName);
  }
  return [...names].sort();
}

function addressOf(name) {
  return name === 'index.html' ? '/' : `/${name}`;
}

function hashOf(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runScript(buildWeb);

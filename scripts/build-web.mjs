import './node-version.mjs';
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
  const others = [join(ROOT, 'package-lock.json'), fileURLToPath(import.meta.url)];
  return hashOfFiles([...sources, ...others]);
}

async function runVite() {
  const { build } = await import('vite');
  try {
    await build({
      root: WEB,
      configFile: false,
      envDir: false,
      logLevel: 'warn',
      // The light edition leaves out subtitles, other sound tracks and copy protection, which cameras do not have.
      resolve: { alias: { 'hls.js': 'hls.js/light' } },
      oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
      build: {
        outDir: OUTPUT,
        emptyOutDir: true,
        target: 'es2023',
        // Nothing may stand inside a page: its content policy forbids it.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        chunkSizeWarningLimit: 700,
        rollupOptions: { input: [join(WEB, 'index.html'), join(WEB, 'not-found.html')] },
      },
    });
  } catch (error) {
    throw new SetupError(`The console could not be built: ${error.message}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runScript(buildWeb);

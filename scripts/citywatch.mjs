#!/usr/bin/env node
import './node-version.mjs';
import { buildWeb } from './build-web.mjs';
import { configuredSettings, runScript, setUpPackages, setUpPrograms } from './setup.mjs';
import { say } from './shell.mjs';

/** Commands that start services of their own and serve the console; the others only talk to a gateway or to nobody. */
const STARTS_SERVICES = new Set(['serve', 'demo']);

await runScript(async () => {
  await setUpPackages();
  const asked = process.argv.slice(2);
  const needsServices = STARTS_SERVICES.has(asked[0]) && !asked.includes('--help') && !asked.includes('-h');
  if (needsServices) {
    await setUpPrograms(await configuredSettings());
    // Devices and machines do not need the console.
    await buildWeb().catch((error) => say(`${error.message}; going on without the page at /`));
  }
  const restore = hideEnvironment();
  const { register } = await import('tsx/esm/api');
  register();
  const { main } = await import('../src/app/cli.ts');
  restore();
  process.exit(await main(asked));
});

/** What translating TypeScript may need to know. */
function isHarmless(name) {
  return /^(PATH|HOME|TMPDIR|TEMP|LANG|LC_.*|NODE_.*|TSX_.*|ESBUILD_.*)$/.test(name);
}

/**
 * Takes secrets and the rest out of our environment until the returned function is called: the loader starts a process
 * that translates TypeScript, which lives as long as we do and would show them to whoever may look at it.
 */
function hideEnvironment() {
  const hidden = Object.entries(process.env).filter(([name]) => !isHarmless(name));
  for (const [name] of hidden) delete process.env[name];
  return () => Object.assign(process.env, Object.fromEntries(hidden));
}

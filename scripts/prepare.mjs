import './node-version.mjs';
import { buildWeb } from './build-web.mjs';
import { bundleGateway } from './bundle.mjs';
import { startLines } from './gateway-memory.mjs';
import { pinnedNode } from './pinned-node.mjs';
import { configuredSettings, runScript, setUpPackages, setUpPrograms } from './setup.mjs';
import { say } from './shell.mjs';

/** Commands that start services of their own and serve the console; the others only talk to a gateway or to nobody. */
const STARTS_SERVICES = new Set(['serve', 'demo']);

/** Brings what the asked command needs, and prints how it is started. */
await runScript(async () => {
  await setUpPackages();
  const asked = process.argv.slice(2);
  const needsServices = STARTS_SERVICES.has(asked[0]) && !asked.includes('--help') && !asked.includes('-h');
  if (needsServices) {
    await setUpPrograms(await configuredSettings());
    // Devices and machines do not need the console.
    await buildWeb().catch((error) => say(`${error.message}; going on without the page at /`));
  }
  process.stdout.write(startLines({ node: pinnedNode(), program: await bundleGateway() }));
});

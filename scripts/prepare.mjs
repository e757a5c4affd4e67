import './node-version.mjs';
import { buildWeb } from './build-web.mjs';
import { bundleGateway } from './bundle.mjs';
import { startLines } from './gateway-memory.mjs';
import { pinnedNode } from './pinned-node.mjs';
import { configuredSettings, runScript, setUpPackages, setUpPrograms } from './setup.mjs';
import { say } from './shell.mjs';

/** Commands that start services of their own and serve the console; the others only talk to a gateway or to nobody. */
const SERVES = new Set(['serve', 'demo']);
/** What makes `simulate` do without a gateway of its own. */
const NO_OWN_GATEWAY = /^(--(gateway|driver|clean|scenario)(=.*)?|record|merge|device)$/;

/** Whether services of its own are started. */
function needsServices([command, ...words]) {
  if (words.includes('--help') || words.includes('-h')) return false;
  return SERVES.has(command) || (command === 'simulate' && !words.some((word) => NO_OWN_GATEWAY.test(word)));
}

/** Brings what the asked command needs, and prints how it is started. */
await runScript(async () => {
  await setUpPackages();
  const asked = process.argv.slice(2);
  if (needsServices(asked)) {
    await setUpPrograms(await configuredSettings());
    // Devices and machines do not need the console.
    if (SERVES.has(asked[0]))
      await buildWeb().catch((error) => say(`${error.message}; going on without the page at /`));
  }
  process.stdout.write(startLines({ node: pinnedNode(), program: await bundleGateway() }));
});

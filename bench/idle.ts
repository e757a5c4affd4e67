import { Agent, setGlobalDispatcher } from 'undici';
import { Gateway } from '../test/support/gateway/gateway.ts';
import { idleSince, memoryOf, startFigures } from './support/at-rest.ts';
import { Load, owner, print, register, run, setting, settle, tokensOf } from './support/harness.ts';

/**
 * What the gateway costs while nothing comes: its start, cold and warm; processor time, statements and wakes with 1,000
 * devices connected that send nothing; memory at rest, after 20,000 devices were registered (`CITYWATCH_BENCH_DEVICES`),
 * and after a start with all of them. `CITYWATCH_BENCH_SECONDS` (default 60) is how long it is watched.
 */
const SECONDS = setting('SECONDS', 60);
const REGISTERED = setting('DEVICES', 20_000);
const CONNECTED = 1_000;
const WARM_STARTS = 3;
const CALLERS = 32;

setGlobalDispatcher(new Agent({ connections: 64 }));
await run(async () => {
  const gateway = await Gateway.bare(owner);
  print({ bench: 'start', start: 'cold: nothing there', ...(await startFigures(gateway)) });
  for (let start = 1; start <= WARM_STARTS; start += 1) {
    await gateway.stop('SIGTERM');
    print({ bench: 'start', start: `warm ${start}`, ...(await startFigures(gateway)) });
  }
  await settle(10);
  print({ bench: 'memory', state: 'at rest', ...memoryOf(gateway) });
  const before = await idleSince(gateway, SECONDS);
  print({ bench: 'idle', devices: 0, ...before });
  const devices = await register(gateway, CONNECTED);
  await Load.connect(gateway, devices);
  await settle(10);
  print({ bench: 'memory', state: `${CONNECTED} devices connected`, ...memoryOf(gateway) });
  print({ bench: 'idle', devices: CONNECTED, ...(await idleSince(gateway, SECONDS)) });
  await register(gateway, REGISTERED, { name: 'registered', tokens: await tokensOf(gateway, CALLERS) });
  await settle(10);
  print({ bench: 'memory', state: `after ${REGISTERED} registrations`, ...memoryOf(gateway) });
  await gateway.stop('SIGTERM');
  print({ bench: 'start', start: `warm, ${REGISTERED} devices`, ...(await startFigures(gateway)) });
  await settle(10);
  print({ bench: 'memory', state: `${REGISTERED} devices, after a start`, ...memoryOf(gateway) });
  await gateway.stop('SIGTERM');
});

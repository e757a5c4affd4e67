import { Agent, setGlobalDispatcher } from 'undici';
import { GATEWAY_NODE_OPTIONS } from '../scripts/gateway-memory.mjs';
import { Gateway } from '../test/support/gateway/gateway.ts';
import { idleSince, memoryOf, startFigures, untilTidied } from './support/at-rest.ts';
import { cpuOf, Load, owner, print, register, round, run, setting, settle, tokensOf } from './support/harness.ts';

/**
 * What the gateway costs while nothing comes, and what its start takes: cold and warm; processor time, statements and
 * wakes with 1,000 devices connected that send nothing; memory at rest, after 20,000 devices were registered, after a
 * start with all of them, and with half of them connected, idle and at 1,000 messages/s.
 * `CITYWATCH_BENCH_SECONDS` (default 60) is how long each is watched, `CITYWATCH_BENCH_DEVICES` how many are made;
 * a device that is connected takes a file descriptor here and one in the gateway (`ulimit -n`).
 */
const SECONDS = setting('SECONDS', 60);
const REGISTERED = setting('DEVICES', 20_000);
const CONNECTED = 1_000;
const PER_SECOND = 1_000;
const WARM_STARTS = 3;
const CALLERS = 32;

setGlobalDispatcher(new Agent({ connections: 64 }));
await run(async () => {
  const gateway = await Gateway.bare(owner);
  // As it is delivered: reading maps of the sources is for tests.
  gateway.nodeOptions = GATEWAY_NODE_OPTIONS;
  const begin = async (start: string): Promise<void> =>
    print({ bench: 'start', start, ...(await startFigures(gateway)) });
  await begin('cold: nothing there');
  for (let start = 1; start <= WARM_STARTS; start += 1) {
    await gateway.stop('SIGTERM');
    await begin(`warm ${start}`);
  }
  await tell(gateway, 'at rest');
  const few = await Load.connect(gateway, await register(gateway, CONNECTED));
  await tell(gateway, `${CONNECTED} devices connected`);
  await untilTidied(gateway);
  print({ bench: 'idle', devices: CONNECTED, ...(await idleSince(gateway, SECONDS)) });
  few.end();
  const tokens = await tokensOf(gateway, CALLERS);
  const devices = await register(gateway, REGISTERED, { name: 'many', tokens });
  await tell(gateway, `after ${REGISTERED} registrations`);
  await gateway.stop('SIGTERM');
  await begin(`warm, ${REGISTERED} devices`);
  await tell(gateway, `${REGISTERED} devices, after a start`);
  await underLoad(gateway, await Load.connect(gateway, devices.slice(0, REGISTERED / 2)));
  await gateway.stop('SIGTERM');
});

async function tell(gateway: Gateway, state: string): Promise<void> {
  await settle(10);
  print({ bench: 'memory (MiB)', state, ...memoryOf(gateway) });
}

async function underLoad(gateway: Gateway, load: Load): Promise<void> {
  await tell(gateway, `${REGISTERED / 2} connected`);
  const before = cpuOf(gateway).gateway ?? 0;
  const { acked, p50Ms, p99Ms } = await load.pace(PER_SECOND, SECONDS, 'right');
  const cores = round(((cpuOf(gateway).gateway ?? 0) - before) / SECONDS);
  print({ bench: 'load of these devices', messages: acked, gatewayCores: cores, p50Ms, p99Ms });
  await tell(gateway, `after ${SECONDS} s at ${PER_SECOND} messages/s`);
}

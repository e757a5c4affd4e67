import { Agent, setGlobalDispatcher } from 'undici';
import { GATEWAY_NODE_OPTIONS } from '../scripts/gateway-memory.mjs';
import { Gateway } from '../test/support/gateway/gateway.ts';
import { idleSince, memoryOf, startFigures, untilTidied } from './support/at-rest.ts';
import { atMost, each, type Goal, tell } from './support/figures.ts';
import { cpuOf, delays, Load, owner, register, run, setting, settle, tokensOf } from './support/harness.ts';

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
const ASKED_BY = 'issue 10';

setGlobalDispatcher(new Agent({ connections: 64 }));
await run(async () => {
  const gateway = await Gateway.bare(owner);
  // As it is delivered: reading maps of the sources is for tests.
  gateway.nodeOptions = GATEWAY_NODE_OPTIONS;
  const begin = async (start: string, mostMs: number): Promise<void> => {
    const { ms, cpuMs } = await startFigures(gateway);
    tell('start', { start }, { ready: [ms, 'ms', atMost(mostMs, ASKED_BY)], ...each(cpuMs, 'CPU ms') });
  };
  await begin('cold: nothing there', 2_000);
  for (let start = 1; start <= WARM_STARTS; start += 1) {
    await gateway.stop('SIGTERM');
    await begin(`warm ${start}`, 1_000);
  }
  await remember(gateway, 'at rest', atMost(180, ASKED_BY));
  const few = await Load.connect(gateway, await register(gateway, CONNECTED));
  await remember(gateway, `${CONNECTED} devices connected`);
  await untilTidied(gateway);
  const { allPercent, percent, rates } = await idleSince(gateway, SECONDS);
  tell(
    'nothing comes',
    { devices: CONNECTED },
    {
      all: [allPercent, '% of a core', atMost(1, ASKED_BY)],
      ...each(percent, '% of a core'),
    },
  );
  tell('asked while nothing comes', { devices: CONNECTED }, each(rates, '/s'));
  few.end();
  const tokens = await tokensOf(gateway, CALLERS);
  const devices = await register(gateway, REGISTERED, { name: 'many', tokens });
  await remember(gateway, `after ${REGISTERED} registrations`, atMost(300, ASKED_BY));
  await gateway.stop('SIGTERM');
  await begin(`warm, ${REGISTERED} devices`, 2_000);
  await remember(gateway, `${REGISTERED} devices, after a start`);
  await underLoad(gateway, await Load.connect(gateway, devices.slice(0, REGISTERED / 2)));
  await gateway.stop('SIGTERM');
});

async function remember(gateway: Gateway, state: string, ...goals: Goal[]): Promise<void> {
  await settle(10);
  const { gateway: own = 0, ...servers } = memoryOf(gateway);
  tell('memory', { state }, { gateway: [own, 'MiB', ...goals], ...each(servers, 'MiB') });
}

async function underLoad(gateway: Gateway, load: Load): Promise<void> {
  await remember(gateway, `${REGISTERED / 2} connected`);
  const before = cpuOf(gateway).gateway ?? 0;
  const { acked, p50Ms, p99Ms } = await load.pace(PER_SECOND, SECONDS, 'right');
  tell(
    'load of these devices',
    { perSecond: PER_SECOND },
    {
      messages: [acked, 'count'],
      gateway: [((cpuOf(gateway).gateway ?? 0) - before) / SECONDS, 'cores'],
      ...delays({ p50Ms, p99Ms }),
    },
  );
  await remember(gateway, `after ${SECONDS} s at ${PER_SECOND} messages/s`, atMost(350, ASKED_BY));
}

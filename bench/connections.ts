import { Gateway } from '../test/support/gateway/gateway.ts';
import { cpuOf, Load, memory, owner, print, register, round, run, setting, settle } from './support/harness.ts';

/**
 * Memory of the gateway with many devices connected, idle and with 1,000 messages/s of them.
 * `CITYWATCH_BENCH_DEVICES` (default 10,000) and `CITYWATCH_BENCH_SECONDS` (default 60); each device takes a file
 * descriptor here and one in the gateway (`ulimit -n`).
 */
const DEVICES = setting('DEVICES', 10_000);
const SECONDS = setting('SECONDS', 60);
const PER_SECOND = 1_000;

await run(async () => {
  const gateway = await Gateway.start(owner);
  const devices = await register(gateway, DEVICES);
  await settle();
  print({ bench: 'memory', state: `${DEVICES} devices registered`, ...memory(gateway) });
  const startMs = performance.now();
  const load = await Load.connect(gateway, devices);
  const connectsPerSecond = Math.round(DEVICES / ((performance.now() - startMs) / 1000));
  print({ bench: 'connects', devices: DEVICES, connectsPerSecond });
  await settle();
  print({ bench: 'memory', state: 'all connected, idle', ...memory(gateway) });
  const before = cpuOf(gateway).gateway ?? 0;
  const { acked, p50Ms, p99Ms } = await load.pace(PER_SECOND, SECONDS, 'right');
  const cpuShare = round(((cpuOf(gateway).gateway ?? 0) - before) / SECONDS);
  print({ bench: 'memory', state: `after ${SECONDS} s at ${PER_SECOND} messages/s`, ...memory(gateway) });
  print({ bench: 'load of these devices', messages: acked, gatewayCores: cpuShare, p50Ms, p99Ms });
});

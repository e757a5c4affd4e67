import { join } from 'node:path';
import { Gateway } from '../test/support/gateway/gateway.ts';
import { MqttDevice } from '../test/support/uplinks/mqtt-devices.ts';
import type { Clocks } from './support/gateway-load.ts';
import {
  cpuOf,
  Load,
  memory,
  owner,
  print,
  probes,
  quantiles,
  register,
  round,
  run,
  setting,
  settle,
} from './support/harness.ts';

/**
 * What a message costs at the rates of a city: processor time of the gateway and each of its servers for 100,000
 * messages, publish → PUBACK and publish → queryable, with the clocks of the devices right and an hour behind.
 * `CITYWATCH_BENCH_SECONDS` is the length of each pace (default 300). Where `CITYWATCH_BENCH_PROFILE` names a folder,
 * the gateway leaves its processor profile there.
 */
const SECONDS = setting('SECONDS', 300);
const DEVICES = 1_000;
const PACES: readonly [number, Clocks][] = [
  [450, 'right'],
  [450, 'an hour behind'],
  [2_000, 'right'],
  [2_000, 'an hour behind'],
];

await run(async () => {
  const gateway = await Gateway.prepare(owner);
  const folder = process.env.CITYWATCH_BENCH_PROFILE;
  if (folder) gateway.env.NODE_OPTIONS = `--cpu-prof --cpu-prof-dir=${join(folder)}`;
  await gateway.start();
  const load = await Load.connect(gateway, await register(gateway, DEVICES));
  const [probe] = await MqttDevice.connect(owner, gateway, {});
  await settle();
  await load.pace(450, 10, 'right');
  await gateway.settledLedger();
  for (const [perSecond, clocks] of PACES) {
    const ended = new AbortController();
    const before = cpuOf(gateway);
    const probing = probes(gateway, probe!, ended.signal);
    const { acked, p50Ms, p99Ms } = await load.pace(perSecond, SECONDS, clocks);
    ended.abort();
    const after = cpuOf(gateway);
    const per100k = Object.fromEntries(
      Object.keys(after).map((name) => [name, round(((after[name]! - (before[name] ?? 0)) * 100_000) / acked)]),
    );
    const all = round(Object.values(per100k).reduce((sum, each) => sum + each, 0));
    const rate = { perSecond, clocks };
    print({ bench: 'CPU s per 100,000', ...rate, messages: acked, all, ...per100k });
    print({ bench: 'publish to PUBACK', ...rate, p50Ms, p99Ms });
    print({ bench: 'publish to queryable', ...rate, ...quantiles(await probing) });
    print({ bench: 'memory', ...rate, ...memory(gateway) });
    await gateway.settledLedger(300_000);
  }
  await gateway.stop('SIGTERM');
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Gateway } from '../test/support/gateway/gateway.ts';
import { MqttDevice } from '../test/support/uplinks/mqtt-devices.ts';
import { Load, owner, print, quantiles, register, run, setting, settle } from './support/harness.ts';

/**
 * The whole gateway at a fixed pace: publish → PUBACK of every message, publish → queryable of probes (a reading is
 * asked for over the API again and again until InfluxDB has it), and how late the event loop of the gateway runs.
 * `CITYWATCH_BENCH_SECONDS` is the length of each pace (default 60).
 */
const SECONDS = setting('SECONDS', 60);
const DEVICES = 1_000;
const ASK_EVERY_MS = 25;

await run(async () => {
  const gateway = await Gateway.prepare(owner);
  const loopFile = join(gateway.directory, 'loop.json');
  const preload = pathToFileURL(join(import.meta.dirname, 'support/loop-delay.mjs'));
  Object.assign(gateway.env, { NODE_OPTIONS: `--import=${preload}`, BENCH_LOOP_FILE: loopFile });
  await gateway.start();
  const load = await Load.connect(gateway, await register(gateway, DEVICES));
  const [probe] = await MqttDevice.connect(owner, gateway, {});
  await settle();
  await load.pace(5_000, 3);
  for (const perSecond of [500, 5_000]) {
    const ended = new AbortController();
    const probing = probes(gateway, probe!, ended.signal);
    process.kill(gateway.pid, 'SIGUSR2');
    const { acked, p50Ms, p99Ms, maxMs } = await load.pace(perSecond, SECONDS);
    process.kill(gateway.pid, 'SIGUSR2');
    ended.abort();
    print({ bench: 'publish to PUBACK', perSecond, messages: acked, p50Ms, p99Ms, maxMs });
    const delaysMs = await probing;
    print({ bench: 'publish to queryable', perSecond, messages: delaysMs.length, ...quantiles(delaysMs) });
    print({ bench: 'event loop of the gateway', perSecond, ...JSON.parse(await readFile(loopFile, 'utf8')) });
    await gateway.settledLedger(300_000);
  }
});

/** One probe after the other; each value is asked for by the time it was published with. */
async function probes(gateway: Gateway, device: MqttDevice, signal: AbortSignal): Promise<number[]> {
  const delaysMs: number[] = [];
  for (let number = 0; !signal.aborted; number += 1) {
    const from = new Date().toISOString();
    const startMs = performance.now();
    const value = 100 + number;
    await device.report({ weight_kg: value });
    const path = `/devices/${device.id}/history?fields=weight_kg&from=${from}&to=2100-01-01T00:00:00.000Z`;
    const isThere = async (): Promise<boolean> => {
      const { points } = await gateway.get(path);
      return points.some(({ values }: { values: { weight_kg?: number } }) => values.weight_kg === value);
    };
    while (!(await isThere())) await sleep(ASK_EVERY_MS);
    delaysMs.push(performance.now() - startMs);
  }
  return delaysMs;
}

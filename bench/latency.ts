import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Gateway } from '../test/support/gateway/gateway.ts';
import { MqttDevice } from '../test/support/uplinks/mqtt-devices.ts';
import { atMost, tell } from './support/figures.ts';
import { delays, Load, owner, probes, register, run, setting, settle } from './support/harness.ts';

/**
 * The whole gateway at a fixed pace: publish → PUBACK of every message, publish → queryable of probes (a reading is
 * asked for over the API again and again until InfluxDB has it), and how late the event loop of the gateway runs.
 * `CITYWATCH_BENCH_SECONDS` is the length of each pace (default 60).
 */
const SECONDS = setting('SECONDS', 60);
const DEVICES = 1_000;

await run(async () => {
  const gateway = await Gateway.prepare(owner);
  const loopFile = join(gateway.directory, 'loop.json');
  const preload = pathToFileURL(join(import.meta.dirname, 'support/loop-delay.mjs'));
  Object.assign(gateway.env, { NODE_OPTIONS: `--import=${preload}`, BENCH_LOOP_FILE: loopFile });
  await gateway.start();
  const load = await Load.connect(gateway, await register(gateway, DEVICES));
  const [probe] = await MqttDevice.connect(owner, gateway, {});
  await settle();
  await load.pace(5_000, 3, 'right');
  for (const perSecond of [500, 5_000]) {
    const ended = new AbortController();
    const probing = probes(gateway, probe!, ended.signal);
    process.kill(gateway.pid, 'SIGUSR2');
    const paced = await load.pace(perSecond, SECONDS, 'right');
    process.kill(gateway.pid, 'SIGUSR2');
    ended.abort();
    const [puback, queryable] = perSecond === 5_000 ? [[atMost(50, 'issue 4')], [atMost(2_000, 'issue 4')]] : [[], []];
    tell('publish to PUBACK', { perSecond }, delays(paced, ...puback));
    tell('publish to queryable', { perSecond }, delays(await probing, ...queryable));
    const loop = JSON.parse(await readFile(loopFile, 'utf8'));
    tell(
      'event loop of the gateway',
      { perSecond },
      {
        'late, p99': [loop.loopP99Ms, 'ms'],
        'late, max': [loop.loopMaxMs, 'ms'],
        collections: [loop.collections, 'count'],
        'collections, sum': [loop.collectionSumMs, 'ms'],
        'collections, max': [loop.collectionMaxMs, 'ms'],
      },
    );
    await gateway.settledLedger(300_000);
  }
});

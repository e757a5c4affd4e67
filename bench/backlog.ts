import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_MS } from '../src/core/clock.ts';
import { Gateway } from '../test/support/gateway/gateway.ts';
import { MqttDevice } from '../test/support/uplinks/mqtt-devices.ts';
import { atLeast, atMost, tell } from './support/figures.ts';
import {
  countStored,
  type Delays,
  type Devices,
  delays,
  Load,
  metric,
  owner,
  register,
  run,
  setting,
} from './support/harness.ts';

/**
 * InfluxDB hangs while messages come in; when it answers again, what waited drains while the city goes on: how fast,
 * and whether PUBACK and `latest` of live data wait for it. Then the same with a backfill in the bulk lane beside.
 * `CITYWATCH_BENCH_MESSAGES` wait (default 2,000,000: 74 minutes of the design's 450 messages/s).
 */
const MESSAGES = setting('MESSAGES', 2_000_000);
const DEVICES = 1_000;
const DESIGN_PER_SECOND = 450;
const BULK_RECORDS = 500;
const ASK_EVERY_MS = 10;
const BESIDE_S = 20;

await run(async () => {
  const gateway = await Gateway.start(owner);
  const devices = await register(gateway, DEVICES);
  const load = await Load.connect(gateway, devices);
  const [probe] = await MqttDevice.connect(owner, gateway, {});
  let sent = (await load.pace(DESIGN_PER_SECOND, 5, 'right')).sent;
  await gateway.settledLedger();
  sent += await fill(gateway, load);

  const before = await metric(gateway, 'citywatch_telemetry_lines_total');
  const ended = new AbortController();
  const fresh = latestDelays(gateway, probe!, ended.signal);
  const startMs = performance.now();
  const waiting = sent;
  const live = { sent: 0, p99Ms: 0 };
  const lines = async (): Promise<number> => (await metric(gateway, 'citywatch_telemetry_lines_total')) - before;
  while ((await lines()) < waiting * 0.99) {
    const { sent: more, p99Ms } = await load.pace(DESIGN_PER_SECOND, 2, 'right');
    live.sent += more;
    live.p99Ms = Math.max(live.p99Ms, p99Ms);
  }
  const seconds = (performance.now() - startMs) / 1000;
  const perSecond = Math.round((await lines()) / seconds);
  ended.abort();
  tell(
    'a backlog drains',
    {},
    {
      messages: [waiting, 'count'],
      took: [seconds, 's'],
      stored: [perSecond, '/s'],
      'real time': [perSecond / DESIGN_PER_SECOND, '×', atLeast(5, 'issue 4')],
    },
  );
  tell('PUBACK of live data beside the backlog', {}, { p99: [live.p99Ms, 'ms'] });
  tell('latest of live data beside the backlog', {}, delays(await fresh));
  await gateway.settledLedger(600_000);
  await besideBulk(gateway, load, { probe: probe!, devices });
  const stored = await countStored(gateway, devices, load.baseMs);
  const all = sent + live.sent + DESIGN_PER_SECOND * BESIDE_S * 2;
  tell(
    'nothing is lost',
    {},
    {
      sent: [all, 'count'],
      stored: [stored, 'count'],
      lost: [all - stored, 'count', atMost(0, 'issue 4')],
    },
  );
  if (stored !== all) process.exitCode = 1;
});

/** Stops InfluxDB while messages are taken; resolves with how many. */
async function fill(gateway: Gateway, load: Load): Promise<number> {
  const influxd = gateway.server('influxd');
  process.kill(influxd, 'SIGSTOP');
  try {
    let sent = 0;
    const startMs = performance.now();
    while (sent < MESSAGES) sent += (await load.saturate(Math.min(10, MESSAGES / 10_000), 10)).sent;
    const seconds = (performance.now() - startMs) / 1000;
    tell('taken while InfluxDB hangs', {}, { messages: [sent, 'count'], acked: [sent / seconds, '/s'] });
    return sent;
  } finally {
    process.kill(influxd, 'SIGCONT');
  }
}

interface Beside {
  probe: MqttDevice;
  devices: Devices;
}

/** Live data alone, then with a backfill over HTTP beside it. */
async function besideBulk(gateway: Gateway, load: Load, { probe, devices }: Beside): Promise<void> {
  for (const state of ['alone', 'with a backfill beside']) {
    const ended = new AbortController();
    const fresh = latestDelays(gateway, probe, ended.signal);
    const bulk = state === 'alone' ? Promise.resolve(0) : backfill(gateway, devices, ended.signal);
    const puback: Delays = await load.pace(DESIGN_PER_SECOND, BESIDE_S, 'right');
    ended.abort();
    const bulkPerSecond = Math.round((await bulk) / BESIDE_S);
    tell('PUBACK of live data', { state }, delays(puback));
    tell('latest of live data', { state }, delays(await fresh));
    if (bulkPerSecond > 0) tell('taken in the bulk lane', { state }, { records: [bulkPerSecond, '/s'] });
  }
}

async function backfill(gateway: Gateway, devices: Devices, signal: AbortSignal): Promise<number> {
  const startMs = Date.now() - 20 * DAY_MS;
  let sent = 0;
  for (let turn = 0; !signal.aborted; turn += 1) {
    const { id, secret } = devices[turn % devices.length]!;
    const body = Array.from({ length: BULK_RECORDS }, (_, at) => ({
      ts: startMs + sent + at,
      values: { fill_pct: 5 },
    }));
    const request = { body, token: `${id}:${secret}` };
    const { status } = await gateway.api('POST', `/devices/${id}/telemetry?lane=bulk`, request);
    if (status === 202) sent += BULK_RECORDS;
    else await sleep(100);
  }
  return sent;
}

/** From the publication of a probe until `latest` shows it, one after the other. */
async function latestDelays(gateway: Gateway, device: MqttDevice, signal: AbortSignal): Promise<number[]> {
  const delaysMs: number[] = [];
  for (let value = 100; !signal.aborted; value = 100 + (value % 1_000) + 1) {
    const startMs = performance.now();
    await device.report({ weight_kg: value });
    while ((await gateway.get(`/devices/${device.id}/latest`)).fields.weight_kg?.value !== value)
      await sleep(ASK_EVERY_MS);
    delaysMs.push(performance.now() - startMs);
    await sleep(100);
  }
  return delaysMs;
}

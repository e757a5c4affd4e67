import { join } from 'node:path';
import { Gateway } from '../test/support/gateway/gateway.ts';
import { MqttDevice } from '../test/support/uplinks/mqtt-devices.ts';
import { atLeast, atMost, type Given, type Goal, tell } from './support/figures.ts';
import type { Clocks } from './support/gateway-load.ts';
import {
  cpuOf,
  type Devices,
  delays,
  Load,
  memory,
  metric,
  owner,
  probes,
  register,
  run,
  setting,
  settle,
} from './support/harness.ts';
import { COST, PUBACK, THROUGHPUT } from './support/peers/messages.ts';
import { Mosquitto } from './support/peers/mosquitto.ts';

/**
 * What a message costs at the rates of a city: processor time of the gateway and each of its servers for 100,000
 * messages, publish → PUBACK, and in a stretch of its own publish → queryable, with the clocks of the devices right and
 * an hour behind. And at last with each device having {@link WINDOW} messages under way, until all is stored. Then,
 * clocks right, with the devices behind a Mosquitto, whose own time is told apart; where it is not found, that part is
 * left out.
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

/** Probes ask the API some ten times a second until their value is there: at 450/s that is no small part of it all. */
const PROBED_S = Math.min(SECONDS, 60);

/** Messages each device keeps under way where as many are sent as get through. */
const WINDOW = 20;

const LOOK_S = 1;
const ASKED_BY = 'issue 10';

type Processes = 'all' | 'gateway' | 'influxd' | 'postgres';

/** What 100,000 messages may cost by rate, CPU s. */
const GOALS: Record<string, Partial<Record<Processes, number>>> = {
  '450 right': { all: 40, gateway: 28, influxd: 7, postgres: 4 },
  '450 an hour behind': { all: 60 },
  '2000 right': { all: 18 },
  'saturated right': { all: 6 },
};

await run(async () => {
  await ownListener();
  await behindBroker();
});

async function ownListener(): Promise<void> {
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
    await paced(gateway, load, { perSecond, clocks });
    const ended = new AbortController();
    const probing = probes(gateway, probe!, ended.signal);
    await load.pace(perSecond, PROBED_S, clocks);
    ended.abort();
    tell('publish to queryable', { perSecond, clocks }, delays(await probing, atMost(300, ASKED_BY)));
    remember(gateway, { perSecond, clocks });
    await gateway.settledLedger(300_000);
  }
  for (const clocks of ['right', 'an hour behind'] as const) await saturated(gateway, load, { clocks });
  load.end();
  await gateway.stop('SIGTERM');
}

async function behindBroker(): Promise<void> {
  const broker = new Mosquitto();
  const program = await broker.find();
  if (!program) return;
  await broker.start(program);
  owner.teardown(() => broker.stop());
  const gateway = await Gateway.prepare(owner);
  gateway.env.MQTT_URL = `mqtt://citywatch:any@127.0.0.1:${broker.mqttPort}`;
  await gateway.start();
  const devices: Devices = await register(gateway, DEVICES);
  const load = await Load.connect(broker, devices);
  await settle();
  await load.pace(450, 10, 'right');
  await gateway.settledLedger();
  const behind = { clocks: 'right', uplink: 'behind Mosquitto' } as const;
  for (const perSecond of [450, 2_000]) {
    const before = broker.cpu();
    const acked = await paced(gateway, load, { perSecond, ...behind });
    const cpuSPer100k = ((broker.cpu() - before) * 100_000) / acked;
    tell('processor time of the broker itself', { perSecond }, { 'for 100,000': [cpuSPer100k, 'CPU s'] });
    await gateway.settledLedger(300_000);
  }
  await saturated(gateway, load, behind);
  load.end();
  await gateway.stop('SIGTERM');
}

interface Rate {
  clocks: Clocks;
  uplink?: 'behind Mosquitto';
}

function remember(gateway: Gateway, rate: Rate & { perSecond: number | string }): void {
  const { gatewayPssMiB, allProcessesPssMiB } = memory(gateway);
  tell('memory', { ...rate }, { gateway: [gatewayPssMiB, 'MiB'], 'all processes': [allProcessesPssMiB, 'MiB'] });
}

async function paced(gateway: Gateway, load: Load, rate: Rate & { perSecond: number }): Promise<number> {
  const before = cpuOf(gateway);
  const { acked, p50Ms, p99Ms } = await load.pace(rate.perSecond, SECONDS, rate.clocks);
  tell(COST, { ...rate }, costs(before, cpuOf(gateway), { acked, rate }));
  const goals = rate.uplink ? [] : [atMost(25, ASKED_BY)];
  tell(PUBACK, { ...rate }, delays({ p50Ms, p99Ms }, ...goals));
  return acked;
}

async function saturated(gateway: Gateway, load: Load, by: Rate): Promise<void> {
  const rate = { perSecond: 'saturated', ...by };
  const taken = (): Promise<number> => metric(gateway, 'citywatch_mqtt_broker_messages_total');
  const takenBefore = await taken();
  const before = cpuOf(gateway);
  const startMs = performance.now();
  const { acked, seconds, p50Ms, p99Ms } = await load.saturate(SECONDS, WINDOW, by.clocks);
  // What a broker still holds is not in our ledger yet.
  while (by.uplink !== undefined && (await taken()) - takenBefore < acked) await settle(LOOK_S);
  await gateway.settledLedger(600_000);
  const perSecond = (overSeconds: number): number => Math.round(acked / overSeconds);
  const stored = perSecond((performance.now() - startMs) / 1000);
  tell(COST, { ...rate }, costs(before, cpuOf(gateway), { acked, rate }));
  tell(PUBACK, { ...rate }, delays({ p50Ms, p99Ms }));
  const goals = by.uplink || by.clocks !== 'right' ? [] : [atLeast(25_000, ASKED_BY)];
  tell(THROUGHPUT, { ...rate }, { acked: [perSecond(seconds), '/s'], stored: [stored, '/s', ...goals] });
  remember(gateway, rate);
}

interface Paid {
  acked: number;
  rate: Rate & { perSecond: number | string };
}

function costs(before: Record<string, number>, after: Record<string, number>, { acked, rate }: Paid) {
  const per100k = Object.fromEntries(
    Object.keys(after).map((name) => [name, ((after[name]! - (before[name] ?? 0)) * 100_000) / acked]),
  );
  const all = Object.values(per100k).reduce((sum, one) => sum + one, 0);
  const goals = rate.uplink ? {} : (GOALS[`${rate.perSecond} ${rate.clocks}`] ?? {});
  const asked = (name: string): Goal[] => {
    const most = goals[name as Processes];
    return most === undefined ? [] : [atMost(most, ASKED_BY)];
  };
  const figures = Object.entries({ all, ...per100k }).map(([name, used]) => [name, [used, 'CPU s', ...asked(name)]]);
  return { messages: [acked, 'count'], ...Object.fromEntries(figures) } as Record<string, Given>;
}

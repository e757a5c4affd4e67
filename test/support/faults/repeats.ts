import type { Test } from 'tap';
import { HOUR_MS } from '../../../src/core/clock.ts';
import { type FleetDevice, SORTS, type Sort } from '../gateway/fleet-device.ts';
import { randomFrom } from '../time/random.ts';
import { until } from '../time/until.ts';
import { MqttDevice } from '../uplinks/mqtt-devices.ts';
import { type FaultyGateway, type Scene, settle } from './faulty-gateway.ts';
import type { FaultResult } from './results.ts';

/** Under way at once, from all devices. */
const AT_ONCE = 500;

interface Repeat {
  device: FleetDevice;
  sort: Sort;
  round: number;
}

/**
 * Everything the devices have said so far they say twice more, in no order, and in the middle of it the gateway is
 * killed: each thing with a time or an id is there once.
 */
export async function repeatEverything(
  scene: Scene,
  { messages, seed }: { messages: number; seed: number },
): Promise<FaultResult> {
  const { faulty, fleet } = scene;
  const { gateway } = faulty;
  const before = fleet.acked;
  await until('there is enough to repeat', () => fleet.acked - before >= messages, 60_000);
  await fleet.stop();
  const once = fleet.devices.flatMap((device) =>
    SORTS.flatMap((sort) => [...device.diary[sort].acked].map((round) => ({ device, sort, round }))),
  );
  const repeats = shuffled([...once, ...once], seed);
  const half = repeats.length >> 1;
  await sendAll(repeats.slice(0, half));
  await gateway.stop('SIGKILL');
  const killedMs = performance.now();
  await gateway.start();
  await gateway.untilGreen();
  const greenMs = performance.now() - killedMs;
  await sendAll(repeats.slice(half));
  const { wrong } = await settle(scene);
  const tally = await fleet.tally();
  tally.wrong.push(...wrong);
  return { times: repeats.length, tally, greenMs };
}

const PASSAGES = 20;

/** Passages of a checkpoint, told once before and twice after `meanwhile`; resolves with how many there are then. */
export async function repeatPassages(t: Test, { gateway }: FaultyGateway, meanwhile: () => Promise<unknown>) {
  const [checkpoint] = await MqttDevice.connect(t, gateway, { kind: 'checkpoint' });
  const numbers = Array.from({ length: PASSAGES }, (_, number) => number);
  const tellAll = async () => {
    const tell = (number: number) => checkpoint!.tell('passage', `p-${number}`, { plate: '浙B7K2M9', lane: 1 });
    await Promise.all(numbers.map(tell));
  };
  await tellAll();
  await meanwhile();
  await tellAll();
  await tellAll();
  await gateway.settledLedger();
  const [from, to] = [-HOUR_MS, HOUR_MS].map((byMs) => new Date(Date.now() + byMs).toISOString());
  const body = { from, to, devices: [checkpoint!.id], purpose: 'test', limit: 500 };
  const { status, text, body: answer } = await gateway.api('POST', '/passages/search', { body });
  if (status !== 200) throw new Error(`the search was answered ${status}: ${text}`);
  return { found: answer.items.length as number, told: PASSAGES };
}

async function sendAll(repeats: Repeat[]): Promise<void> {
  for (let from = 0; from < repeats.length; from += AT_ONCE) {
    const some = repeats.slice(from, from + AT_ONCE);
    await Promise.all(some.map(({ device, sort, round }) => device.repeat(sort, round)));
  }
}

function shuffled<Item>(items: Item[], seed: number): Item[] {
  const random = randomFrom(seed);
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
  return items;
}

import type { Test } from 'tap';
import { add, emptyTally } from '../../gateway/fleet-read-back.ts';
import { lasts, momentsWithin } from '../../time/lasting.ts';
import { until } from '../../time/until.ts';
import { Broker, PASSWORD } from '../../uplinks/broker.ts';
import { FaultyGateway, loadOf, type Scene, settle } from '../faulty-gateway.ts';
import type { FaultResult } from '../results.ts';

export interface BrokerScene extends Scene {
  broker: Broker;
}

const DEVICES = 20;
const AWAY_MS = 1_500;
/** So long nothing new must come in for what the broker kept to count as delivered. */
const QUIET_MS = 3_000;

/** A gateway that reads from Debian's Mosquitto, and devices that send there. */
export async function underLoadBehindBroker(t: Test): Promise<BrokerScene> {
  const names = Array.from({ length: DEVICES }, (_, number) => `fleet-${number}`);
  const broker = await Broker.start(t, names);
  const faulty = await FaultyGateway.start(t, { MQTT_URL: broker.url });
  const login = (username: string) => ({ username, password: PASSWORD });
  const scene = await loadOf(t, faulty, { devices: DEVICES, http: 0, port: () => broker.port, login });
  return { broker, ...scene };
}

/** One of both ends under load and comes back. */
export async function endUnderLoad(
  scene: BrokerScene,
  who: { name: 'broker' | 'gateway'; signal: 'SIGTERM' | 'SIGKILL' },
  times: number,
): Promise<FaultResult> {
  const { broker, fleet, faulty } = scene;
  const { gateway } = faulty;
  const tally = emptyTally();
  const whileAway = momentsWithin(AWAY_MS);
  let greenMs = 0;
  fleet.go();
  for (let time = 0; time < times; time += 1) {
    await lasts(2_000);
    await (who.name === 'broker' ? broker.kill(who.signal) : gateway.stop(who.signal));
    await whileAway();
    const backMs = performance.now();
    await (who.name === 'broker' ? broker.start() : gateway.start());
    const { acked } = fleet;
    await until('acknowledgements go on', () => fleet.acked > acked + 100, 60_000);
    await gateway.untilGreen();
    greenMs = Math.max(greenMs, performance.now() - backMs);
  }
  await fleet.stop(60_000);
  await delivered(scene);
  add(tally, await settle(scene));
  return { times, tally, greenMs };
}

/** Waits until the broker has nothing more for the gateway. */
async function delivered({ faulty: { gateway } }: BrokerScene): Promise<void> {
  let last = -1;
  let sinceMs = performance.now();
  await until(
    'the broker has delivered everything',
    async () => {
      const { rows } = await gateway.settledLedger();
      const total = rows.reduce((sum, { messages }) => sum + messages.total, 0);
      if (total !== last) sinceMs = performance.now();
      last = total;
      return performance.now() - sinceMs > QUIET_MS;
    },
    60_000,
  );
}

/** What a killed broker had acknowledged and not written down is lost by it, and none of ours; the rest must hold. */
export function withoutLossOfBroker({ tally, ...rest }: FaultResult): FaultResult {
  return { ...rest, tally: { ...tally, wrong: tally.wrong.filter((text) => !/acknowledged are lost/.test(text)) } };
}

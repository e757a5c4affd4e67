import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { RECEIVER_NETWORKS, WebhookReceiver } from '../../../test/support/alerts/webhook-receiver.ts';
import { Gateway } from '../../../test/support/gateway/gateway.ts';
import { until } from '../../../test/support/time/until.ts';
import { MqttDevice } from '../../../test/support/uplinks/mqtt-devices.ts';
import { cpuOf, inParallel, owner, quantiles, round, settle } from '../harness.ts';
import { Alertmanager } from './alertmanager.ts';

const PER_SECOND = 10;
const STORM = 1_000;
const SEEN_WITHIN_MS = 120_000;

/** Each from the moment it is told until the webhook has it; CPU of all processes of the side, by alert. */
export interface AlertCosts {
  p99Ms: number;
  cpuMs: number;
  stormP99Ms: number;
  stormCpuMs: number;
}

/** A side that tells a webhook of alerts. */
interface Side {
  /** Resolves when the alert of this number is taken. */
  raise(number: number): Promise<void>;
  /** When the webhook had which alert. */
  told(): Map<number, number>;
  /** CPU seconds so far. */
  cpu(): number;
}

/** A kiosk publishes smoke by MQTT, a rule finds a fire, the alert is durable before it is told, signed. */
export async function ourAlerts(seconds: number): Promise<AlertCosts> {
  const gateway = await Gateway.start(owner, { CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS });
  const receiver = await WebhookReceiver.subscribe(owner, gateway);
  const kiosks = await MqttDevice.connect(owner, gateway, { count: seconds * PER_SECOND + STORM });
  const numbers = new Map(kiosks.map(({ id }, number) => [id, number]));
  const opened = () => receiver.taken.filter(({ type }) => type === 'alert.opened');
  const costs = await measure(seconds, {
    raise: (number) => kiosks[number]!.burn(),
    told: () => new Map(opened().map(({ alert, atMs }) => [numbers.get(alert.device)!, atMs])),
    cpu: () => Object.values(cpuOf(gateway)).reduce((sum, each) => sum + each, 0),
  });
  if (receiver.refused.length > 0) throw new Error(`${receiver.refused.length} deliveries were refused`);
  await gateway.stop('SIGTERM');
  return costs;
}

/** Alertmanager is told of an alert by HTTP and tells the webhook; null where this machine has none. */
export async function theirAlerts(seconds: number): Promise<AlertCosts | null> {
  const peer = new Alertmanager();
  const program = await peer.find();
  if (!program) return null;
  const told = new Map<number, number>();
  const webhook = await receive((device) => told.set(Number(device), Date.now()));
  await peer.start(program, { webhook });
  owner.teardown(() => peer.stop());
  const raise = (number: number): Promise<void> => peer.raise(String(number));
  const costs = await measure(seconds, { raise, told: () => told, cpu: () => peer.cpu() });
  await peer.stop();
  return costs;
}

async function measure(seconds: number, side: Side): Promise<AlertCosts> {
  await settle();
  const paced = Array.from({ length: seconds * PER_SECOND }, (_, number) => number);
  const storm = Array.from({ length: STORM }, (_, number) => paced.length + number);
  const { p99Ms, cpuMs } = await costOf(side, paced, async (raise) => {
    const startMs = performance.now();
    const underWay: Promise<void>[] = [];
    for (const number of paced) {
      const waitMs = startMs + (number * 1000) / PER_SECOND - performance.now();
      if (waitMs > 1) await sleep(waitMs);
      underWay.push(raise(number));
    }
    await Promise.all(underWay);
  });
  await settle();
  const atOnce = await costOf(side, storm, async (raise) => void (await inParallel(storm, raise, STORM)));
  return { p99Ms, cpuMs, stormP99Ms: atOnce.p99Ms, stormCpuMs: atOnce.cpuMs };
}

async function costOf(
  side: Side,
  numbers: readonly number[],
  tell: (raise: Side['raise']) => Promise<void>,
): Promise<{ p99Ms: number; cpuMs: number }> {
  const raisedMs = new Map<number, number>();
  const before = side.cpu();
  await tell((number) => {
    raisedMs.set(number, Date.now());
    return side.raise(number);
  });
  const all = (): boolean => {
    const told = side.told();
    return numbers.every((number) => told.has(number));
  };
  await until('the webhook has every alert', all, SEEN_WITHIN_MS);
  const cpuMs = round(((side.cpu() - before) * 1000) / numbers.length);
  const told = side.told();
  const tookMs = numbers.map((number) => told.get(number)! - raisedMs.get(number)!);
  return { cpuMs, p99Ms: quantiles(tookMs).p99Ms };
}

/** A receiver that takes everything Alertmanager tells. */
async function receive(take: (device: string) => void): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { alerts } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    for (const { labels } of alerts) take(labels.device);
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  owner.teardown(() => server.closeAllConnections());
  owner.teardown(() => void server.close());
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
}

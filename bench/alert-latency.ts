import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { RECEIVER_NETWORKS, WebhookReceiver } from '../test/support/alerts/webhook-receiver.ts';
import { ADMIN_TOKEN, Gateway } from '../test/support/gateway/gateway.ts';
import { until } from '../test/support/time/until.ts';
import { MqttDevice } from '../test/support/uplinks/mqtt-devices.ts';

/**
 * From the moment a kiosk publishes smoke until its alert is seen: by who follows the log (server-sent events), by who
 * asks (GET), and by the receiver of a webhook. First at 100 messages/s, one in ten of them a fire; then in a storm, in
 * which a thousand kiosks catch fire at once. `CITYWATCH_BENCH_SECONDS` sets the length of the first part (default 30).
 */
const SECONDS = Number(process.env.CITYWATCH_BENCH_SECONDS ?? 30);
const PER_SECOND = 100;
/** One message in so many is a fire; each kiosk burns once. */
const FIRE_EVERY = 10;
/** One fire in so many is also asked for, again and again until it is there. */
const ASKED_EVERY = 5;
const STORM = 1_000;
/** Kiosks that send all messages that are no fires. */
const OTHERS = 90;
const SEEN_WITHIN_MS = 60_000;

/** When each device published, and when its alert was seen, by way. */
const published = new Map<string, number>();
const seen = { sse: new Map<string, number>(), get: new Map<string, number>(), webhook: new Map<string, number>() };

const teardowns: (() => void | Promise<void>)[] = [];
const owner = { teardown: (run: () => void | Promise<void>) => void teardowns.unshift(run) };

print({ machine: cpus()[0]?.model, cores: cpus().length, node: process.version, loadAverage: loadavg().map(round) });
try {
  await measure();
} finally {
  for (const end of teardowns) await end();
}

async function measure(): Promise<void> {
  const gateway = await Gateway.start(owner, { CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS });
  const receiver = await WebhookReceiver.subscribe(owner, gateway);
  const fires = (SECONDS * PER_SECOND) / FIRE_EVERY;
  const kiosks = await MqttDevice.connect(owner, gateway, { count: fires + STORM + OTHERS });
  void follow(gateway);
  await sleep(3_000);
  await pace(gateway, kiosks.slice(0, fires), kiosks.slice(fires + STORM));
  await allSeen(receiver, fires);
  for (const way of ['sse', 'get', 'webhook'] as const) tell(way, `${PER_SECOND} messages/s`);
  for (const times of Object.values(seen)) times.clear();
  published.clear();
  receiver.taken.length = 0;
  await Promise.all(kiosks.slice(fires, fires + STORM).map(burn));
  await allSeen(receiver, STORM);
  for (const way of ['sse', 'webhook'] as const) tell(way, `${STORM} fires at once`);
  if (receiver.refused.length > 0) throw new Error(`${receiver.refused.length} deliveries were refused`);
}

/** Spreads the messages evenly over each second. */
async function pace(gateway: Gateway, kiosks: MqttDevice[], others: MqttDevice[]): Promise<void> {
  const total = kiosks.length * FIRE_EVERY;
  const startMs = performance.now();
  const underWay: Promise<unknown>[] = [];
  for (let number = 0; number < total; number += 1) {
    const waitMs = startMs + (number * 1000) / PER_SECOND - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    const kiosk = kiosks[Math.floor(number / FIRE_EVERY)]!;
    const other = others[number % others.length]!;
    if (number % FIRE_EVERY === FIRE_EVERY - 1) {
      underWay.push(burn(kiosk));
      if ((number + 1) % (ASKED_EVERY * FIRE_EVERY) === 0) underWay.push(ask(gateway, kiosk.id));
    } else {
      underWay.push(other.report({ fill_pct: number % 80, temp_c: 21 }));
    }
  }
  await Promise.all(underWay);
}

function burn(kiosk: MqttDevice): Promise<void> {
  published.set(kiosk.id, Date.now());
  return kiosk.burn();
}

async function ask(gateway: Gateway, device: string): Promise<void> {
  const isThere = async (): Promise<boolean> => (await gateway.get(`/alerts?device=${device}`)).items.length > 0;
  await until(`the alert of ${device}`, isThere, SEEN_WITHIN_MS);
  seen.get.set(device, Date.now());
}

async function follow({ httpUrl }: Gateway): Promise<void> {
  const stop = new AbortController();
  owner.teardown(() => stop.abort());
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const { body } = await fetch(`${httpUrl}/api/v1/alerts/stream`, { headers, signal: stop.signal });
  let rest = '';
  try {
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      const atMs = Date.now();
      for (const line of lines) {
        if (!line.startsWith('data: ')) continue;
        const { type, alert } = JSON.parse(line.slice(6));
        if (type === 'alert.opened') seen.sse.set(alert.device, atMs);
      }
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
}

async function allSeen(receiver: WebhookReceiver, count: number): Promise<void> {
  const opened = () => receiver.taken.filter(({ type }) => type === 'alert.opened');
  await until('every alert is seen', () => seen.sse.size >= count && opened().length >= count, SEEN_WITHIN_MS);
  for (const { alert, atMs } of opened()) if (!seen.webhook.has(alert.device)) seen.webhook.set(alert.device, atMs);
}

function tell(way: keyof typeof seen, load: string): void {
  const times = [...seen[way]].map(([device, atMs]) => atMs - (published.get(device) ?? 0)).sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  print({ bench: `publish to ${way}`, load, fires: times.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) });
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function print(row: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(row)}\n`);
}

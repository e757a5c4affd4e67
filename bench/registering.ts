import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, setGlobalDispatcher } from 'undici';
import { ADMIN_TOKEN, Gateway } from '../test/support/gateway.ts';
import { MqttDevice } from '../test/support/mqtt-devices.ts';
import { until } from '../test/support/processes.ts';
import { RECEIVER_NETWORKS, WebhookReceiver } from '../test/support/webhook-receiver.ts';

/**
 * Devices registered one by one over many connections, and what an alert takes meanwhile: from a kiosk's fire to the
 * receiver of a webhook. First nobody registers, then 8, then 64 connections. `CITYWATCH_BENCH_SECONDS` sets the length
 * of each part (default 15).
 */
const SECONDS = Number(process.env.CITYWATCH_BENCH_SECONDS ?? 15);
const CONNECTIONS = [0, 8, 64];
const FIRE_EVERY_MS = 250;
/** One caller may have 64 requests under way and 6,000 in a minute, so each connection has a token of its own. */
const SEEN_WITHIN_MS = 60_000;

const teardowns: (() => void | Promise<void>)[] = [];
const owner = { teardown: (run: () => void | Promise<void>) => void teardowns.unshift(run) };

setGlobalDispatcher(new Agent({ connections: 128 }));
print({ machine: cpus()[0]?.model, cores: cpus().length, node: process.version, loadAverage: loadavg().map(round) });
try {
  await measure();
} finally {
  for (const end of teardowns) await end();
}

async function measure(): Promise<void> {
  const gateway = await Gateway.start(owner, { CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS });
  const receiver = await WebhookReceiver.subscribe(owner, gateway);
  const fires = Math.floor((SECONDS * 1000) / FIRE_EVERY_MS);
  const kiosks = await MqttDevice.connect(owner, gateway, { count: fires * CONNECTIONS.length });
  const tokens = await Promise.all(Array.from({ length: Math.max(...CONNECTIONS) }, () => tokenOf(gateway)));
  for (const connections of CONNECTIONS) {
    const part = { registered: [] as number[], isOver: false };
    const registering = tokens.slice(0, connections).map((token) => register(gateway, token, part));
    await sleep(1_000);
    const already = part.registered.length;
    const startMs = performance.now();
    const published = await burn(kiosks.splice(0, fires));
    const tookMs = performance.now() - startMs;
    const times = part.registered.slice(already);
    part.isOver = true;
    await Promise.all(registering);
    const seen = await whenSeen(receiver, published);
    print({
      bench: 'registering beside alerts',
      connections,
      registeredPerS: Math.round((times.length * 1000) / tookMs),
      registering: spread(times),
      fireToWebhook: spread(seen),
    });
  }
}

async function tokenOf(gateway: Gateway): Promise<string> {
  const input = { name: 'registers devices', role: 'technician', jurisdiction: '330200' };
  return (await gateway.api('POST', '/tokens', { body: input })).body.token ?? ADMIN_TOKEN;
}

/** One connection: registers a device, waits for the answer, registers the next. */
async function register(gateway: Gateway, token: string, part: { registered: number[]; isOver: boolean }) {
  const location = { lat: 29.87, lon: 121.55 };
  const body = { kind: 'recycling-kiosk', name: 'one of many', jurisdiction: '330203', location };
  while (!part.isOver) {
    const startMs = performance.now();
    const { status, text } = await gateway.api('POST', '/devices', { body, token });
    if (status !== 201) throw new Error(`registering was answered ${status}: ${text}`);
    part.registered.push(performance.now() - startMs);
  }
}

async function burn(kiosks: MqttDevice[]): Promise<Map<string, number>> {
  const published = new Map<string, number>();
  const startMs = performance.now();
  for (const [number, kiosk] of kiosks.entries()) {
    await sleep(Math.max(0, startMs + number * FIRE_EVERY_MS - performance.now()));
    published.set(kiosk.id, Date.now());
    void kiosk.burn();
  }
  return published;
}

async function whenSeen(receiver: WebhookReceiver, published: Map<string, number>): Promise<number[]> {
  const opened = () =>
    receiver.taken.filter(({ type, alert }) => type === 'alert.opened' && published.has(alert.device));
  await until('every alert is seen', () => opened().length >= published.size, SEEN_WITHIN_MS);
  return opened().map(({ alert, atMs }) => atMs - (published.get(alert.device) ?? 0));
}

function spread(times: number[]) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function print(row: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(row)}\n`);
}

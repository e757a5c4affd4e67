import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, setGlobalDispatcher } from 'undici';
import { RECEIVER_NETWORKS, WebhookReceiver } from '../test/support/alerts/webhook-receiver.ts';
import { Gateway } from '../test/support/gateway/gateway.ts';
import { until } from '../test/support/time/until.ts';
import { MqttDevice } from '../test/support/uplinks/mqtt-devices.ts';
import { tell } from './support/figures.ts';
import { cpuOf, delays, owner, run, setting, tokensOf } from './support/harness.ts';

/**
 * Devices registered one by one over many connections, and what an alert takes meanwhile: from a kiosk's fire to the
 * receiver of a webhook. First nobody registers, then 8, then 64 connections.
 */
const SECONDS = setting('SECONDS', 15);
const CONNECTIONS = [0, 8, 64];
const FIRE_EVERY_MS = 250;
const SEEN_WITHIN_MS = 60_000;

/** What one length of the measurement has registered so far. */
interface Part {
  tookMs: number[];
  isOver: boolean;
}

setGlobalDispatcher(new Agent({ connections: 128 }));
await run(async () => {
  const gateway = await Gateway.start(owner, { CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS });
  const receiver = await WebhookReceiver.subscribe(owner, gateway);
  const fires = Math.floor((SECONDS * 1000) / FIRE_EVERY_MS);
  const kiosks = await MqttDevice.connect(owner, gateway, { count: fires * CONNECTIONS.length });
  // One caller may have 64 requests under way and 6,000 in a minute.
  const tokens = await tokensOf(gateway, Math.max(...CONNECTIONS));
  for (const connections of CONNECTIONS) {
    const part: Part = { tookMs: [], isOver: false };
    const registering = tokens.slice(0, connections).map((token) => register(gateway, token, part));
    await sleep(1_000);
    const before = { count: part.tookMs.length, cpu: cpuOf(gateway), atMs: performance.now() };
    const published = await burn(kiosks.splice(0, fires));
    const seconds = (performance.now() - before.atMs) / 1000;
    const tookMs = part.tookMs.slice(before.count);
    const cpu = cpuOf(gateway);
    part.isOver = true;
    await Promise.all(registering);
    const cpuMsEach = (name: string): number => (((cpu[name] ?? 0) - (before.cpu[name] ?? 0)) * 1_000) / tookMs.length;
    if (tookMs.length > 0) {
      tell(
        'devices are registered',
        { connections },
        {
          devices: [tookMs.length / seconds, '/s'],
          'gateway, each': [cpuMsEach('gateway'), 'CPU ms'],
          'PostgreSQL, each': [cpuMsEach('postgres'), 'CPU ms'],
          ...delays(tookMs),
        },
      );
    }
    tell('fire to webhook meanwhile', { connections }, delays(await whenSeen(receiver, published)));
  }
});

/** One connection: registers a device, waits for the answer, registers the next. */
async function register(gateway: Gateway, token: string, part: Part): Promise<void> {
  const location = { lat: 29.87, lon: 121.55 };
  const body = { kind: 'recycling-kiosk', name: 'one of many', jurisdiction: '330203', location };
  while (!part.isOver) {
    const startMs = performance.now();
    const { status, text } = await gateway.api('POST', '/devices', { body, token });
    if (status !== 201) throw new Error(`registering was answered ${status}: ${text}`);
    part.tookMs.push(performance.now() - startMs);
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

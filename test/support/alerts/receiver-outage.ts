import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { Gateway } from '../gateway/gateway.ts';
import { lasts } from '../time/lasting.ts';
import { until } from '../time/until.ts';
import { MqttDevice } from '../uplinks/mqtt-devices.ts';
import { RECEIVER_NETWORKS, readAlertLog, WebhookReceiver } from './webhook-receiver.ts';

const KIOSKS = 12;

/**
 * The receiver is down for `downMs`, and until it was tried in vain, while kiosks burn, get full and are emptied; in
 * the middle Redis is killed and all it kept is gone. Afterwards the receiver has everything, once.
 */
export async function outageOfReceiver(t: Test, downMs: number): Promise<void> {
  const gateway = await Gateway.start(t, { CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS });
  const receiver = await WebhookReceiver.subscribe(t, gateway);
  const kiosks = await MqttDevice.connect(t, gateway, { count: KIOSKS });
  const [before, ...others] = kiosks;
  await before?.burn();
  await until('the first fire is told', () => receiver.taken.some(({ type }) => type === 'alert.opened'));

  const beganMs = performance.now();
  await receiver.down();
  for (const kiosk of others.slice(0, 5)) await kiosk.burn();
  emptyRedis(gateway);
  for (const kiosk of others.slice(5)) await kiosk.burn();
  await until('all fires are alerts', async () => (await openFires(gateway)).length === KIOSKS);
  await gateway.untilGreen();
  await until('it was tried in vain', async () => (await subscription(gateway)).lastError !== null);
  await lasts(Math.max(0, downMs - (performance.now() - beganMs)));
  t.equal(receiver.effects.filter(({ type }) => type === 'alert.opened').length, 1, 'it was down');

  await receiver.up();
  const waiting = async () => (await counts(gateway)).waiting;
  await until('nothing waits for the receiver', async () => (await waiting()) === 0);
  t.comment(`caught up ${Math.round(performance.now() - beganMs - downMs)} ms after the receiver came back`);
  t.same(await receiver.faults(gateway), []);
  const opened = receiver.effects.filter(({ type }) => type === 'alert.opened');
  t.same(opened.map(({ alert }) => alert.device).sort(), kiosks.map(({ id }) => id).sort(), 'each fire once');
  const { delivered, dead, withheld } = await counts(gateway);
  t.equal(delivered, (await readAlertLog(gateway)).length, 'delivered + dead + withheld = raised');
  t.same([dead, withheld], [0, 0]);
}

/** Killed, and what it had written is gone before it is started again. */
export function emptyRedis(gateway: Gateway): void {
  process.kill(gateway.server('redis-server'), 'SIGKILL');
  rmSync(join(gateway.directory, 'redis', 'appendonlydir'), { recursive: true });
  mkdirSync(join(gateway.directory, 'redis', 'appendonlydir'), { mode: 0o700 });
}

async function openFires(gateway: Gateway): Promise<unknown[]> {
  return (await gateway.get('/alerts?rule=kiosk-fire&limit=500')).items;
}

interface Shown {
  counts: Record<string, number>;
  lastError: string | null;
}

async function subscription(gateway: Gateway): Promise<Shown> {
  return (await gateway.get('/subscriptions')).items[0];
}

async function counts(gateway: Gateway): Promise<Record<string, number>> {
  return (await subscription(gateway)).counts;
}

import t from 'tap';
import { RECEIVER_NETWORKS, WebhookReceiver } from '../../support/alerts/webhook-receiver.ts';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import type { Process } from '../../support/process-tree.ts';
import { lentServices } from '../../support/services/shared-database.ts';
import { startCameras } from '../../support/streams/cameras.ts';
import { momentsWithin } from '../../support/time/lasting.ts';
import { until } from '../../support/time/until.ts';
import { MqttDevice } from '../../support/uplinks/mqtt-devices.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

const KILLS = 3;
const FIRES_PER_KILL = 4;
const PASSAGES_PER_KILL = 20;
/** What the kernel and our children have to be gone. */
const ORPHANS_MS = 30_000;
/** Well below the minute that a claim of a dead gateway would last. */
const SETTLED_MS = 25_000;
const WANTED = '浙B7K2M9';

t.test(
  'kill -9 with fires burning, three times: every fire one alert, every delivery made, no ffmpeg left',
  async (t) => {
    const gateway = await Gateway.start(t, {
      ...(await lentServices(t)),
      CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS,
      CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
      CITYWATCH_STREAM_ENGINE: 'ffmpeg',
    });
    const receiver = await WebhookReceiver.subscribe(t, gateway);
    const camera = await (await startCameras(t)).start({ address: '127.64.31.1' });
    const onvif = { xaddr: camera.xaddr, ...camera.account };
    await gateway.register({ id: 'cam-1', kind: 'camera', onvif });
    const kiosks = await MqttDevice.connect(t, gateway, { count: KILLS * FIRES_PER_KILL, cameras: ['cam-1'] });
    const [checkpoint] = await MqttDevice.connect(t, gateway, { kind: 'checkpoint' });
    await watch(gateway);

    const told: Promise<void>[] = [];
    const sent: string[] = [];
    const gone: Process[] = [];
    const someMoment = momentsWithin(300);
    for (let kill = 0; kill < KILLS; kill += 1) {
      await until('the camera is being pulled', () => isPulling(gateway), 30_000);
      const wave = kiosks.slice(0, (kill + 1) * FIRES_PER_KILL).map((kiosk) => kiosk.burn());
      const ids = Array.from({ length: PASSAGES_PER_KILL }, (_, number) => `p-${kill}-${number}`);
      const passages = ids.map((id) => checkpoint!.tell('passage', id, { plate: WANTED, lane: 1 }));
      sent.push(...ids);
      told.push(...wave, ...passages);
      await wave.at(-1);
      await someMoment();
      const family = gateway.descendants();
      t.ok(family.some(({ program }) => program === 'ffmpeg'));
      await gateway.stop('SIGKILL');
      gone.push(...family);
      await until('nothing of it is left', () => gateway.orphans(family).length === 0, ORPHANS_MS).catch(() => {
        t.same(gateway.orphans(family), [], 'processes of a killed gateway');
      });
      await gateway.start();
    }
    await Promise.all(told);
    await until('everything is delivered', () => isSettled(gateway), SETTLED_MS);

    const { items } = await gateway.get('/alerts?limit=500');
    const fires = items.filter(({ rule }: { rule: string }) => rule === 'kiosk-fire@1');
    t.same(fires.map(({ device }: { device: string }) => device).sort(), kiosks.map(({ id }) => id).sort(), 'one each');
    t.ok(fires.every(({ occurrences, condition }: Shown) => occurrences === 1 && condition === 'active'));
    t.ok(
      fires.every(({ evidence }: Shown) => evidence[0]?.type === 'picture'),
      'each with its picture',
    );
    const plates = items.filter(({ rule }: { rule: string }) => rule === 'plate-on-watchlist@1');
    t.equal(plates.length, 1);
    t.equal(plates[0].occurrences, KILLS * PASSAGES_PER_KILL, 'each passage is counted once');
    t.same(await passagesOf(gateway), sent.sort(), 'and found once');
    const others = items.filter((alert: Shown) => !fires.includes(alert) && !plates.includes(alert));
    t.same(others, [], 'and there is no other alert');
    t.same(await receiver.faults(gateway), []);
    const { counts } = await gateway.get('/devices/health');
    t.match(counts, { offline: 0, online: kiosks.length + 2 }, 'our own end made nobody offline');
    t.comment(`${receiver.effects.length} effects of ${receiver.taken.length} deliveries`);
    t.same(gateway.orphans(gone), []);
  },
);

interface Shown {
  occurrences: number;
  condition: string;
  evidence: { type: string }[];
}

async function watch(gateway: Gateway): Promise<void> {
  const entries = [{ plate: WANTED, reason: 'test', validUntil: new Date(Date.now() + 3_600_000).toISOString() }];
  const body = { name: 'wanted', jurisdiction: '330200', reason: 'test', case: 'T-1', entries };
  const { status, text } = await gateway.api('POST', '/watchlists', { body });
  if (status !== 201) throw new Error(`the watchlist was answered ${status}: ${text}`);
}

/** Ids of the passages of the wanted plate, sorted. */
async function passagesOf(gateway: Gateway): Promise<string[]> {
  const [from, to] = [-1, 1].map((hours) => new Date(Date.now() + hours * 3_600_000).toISOString());
  const body = { plate: WANTED, from, to, purpose: 'acceptance', case: 'T-1', limit: 500 };
  const { text, body: found } = await gateway.api('POST', '/passages/search', { body });
  if (!found.items) throw new Error(`the search was answered ${text}`);
  return found.items.map(({ id }: { id: string }) => id).sort();
}

/** Looks at the camera, so that its ffmpeg runs. */
async function isPulling(gateway: Gateway): Promise<boolean> {
  const url = `${gateway.httpUrl}/api/v1/streams/cam-1/snapshot.jpg?purpose=acceptance`;
  const { ok } = await fetch(url, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  return ok && gateway.descendants().some(({ program }) => program === 'ffmpeg');
}

/** Every fire and the wanted plate are alerts with their evidence, and nothing waits for the receiver. */
async function isSettled(gateway: Gateway): Promise<boolean> {
  const { items } = await gateway.get('/alerts?limit=500');
  const [subscription] = (await gateway.get('/subscriptions')).items;
  const isComplete = items.every(({ evidence }: Shown) => evidence.length > 0);
  return isComplete && items.length > KILLS * FIRES_PER_KILL && subscription.counts.waiting === 0;
}

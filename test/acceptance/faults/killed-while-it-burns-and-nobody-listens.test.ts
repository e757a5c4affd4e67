import t, { type Test } from 'tap';
import { emptyRedis } from '../../support/alerts/receiver-outage.ts';
import { RECEIVER_NETWORKS, readAlertLog, WebhookReceiver } from '../../support/alerts/webhook-receiver.ts';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import type { Process } from '../../support/process-tree.ts';
import { freshDatabase, lentInflux } from '../../support/services/shared-database.ts';
import { startCameras } from '../../support/streams/cameras.ts';
import { momentsWithin } from '../../support/time/lasting.ts';
import { until } from '../../support/time/until.ts';
import { MqttDevice } from '../../support/uplinks/mqtt-devices.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(480_000);

const FIRES_PER_KILL = 4;
/** Fires that begin while nobody listens. */
const LATER = 3;
const PASSAGES_PER_KILL = 10;
/** What the kernel and our children have to be gone. */
const ORPHANS_MS = 60_000;
/** Well below the minute that a claim of a dead gateway would last. */
const SETTLED_MS = 90_000;
/** A clip ends 20 s after its alert, and is cut once it is over. */
const CLIPS_MS = 60_000;
const WANTED = '浙B7K2M9';

/** Kiosks beside a camera that is being pulled, a checkpoint, and somebody who is told. */
class Scene {
  readonly gateway: Gateway;
  readonly receiver: WebhookReceiver;
  readonly kiosks: MqttDevice[];
  readonly told: Promise<void>[] = [];
  readonly passages: string[] = [];
  /** Processes of lives of the gateway that were ended. */
  readonly gone: Process[] = [];
  readonly #checkpoint: MqttDevice;
  readonly #someMoment = momentsWithin(300);

  private constructor(gateway: Gateway, receiver: WebhookReceiver, kiosks: MqttDevice[], checkpoint: MqttDevice) {
    this.gateway = gateway;
    this.receiver = receiver;
    this.kiosks = kiosks;
    this.#checkpoint = checkpoint;
  }

  static async start(t: Test): Promise<Scene> {
    const gateway = await Gateway.start(t, {
      DATABASE_URL: (await freshDatabase(t)).url,
      ...lentInflux(t),
      CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS,
      CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
      CITYWATCH_STREAM_ENGINE: 'ffmpeg',
    });
    const receiver = await WebhookReceiver.subscribe(t, gateway);
    const camera = await (await startCameras(t)).start({ address: '127.64.31.1' });
    const onvif = { xaddr: camera.xaddr, ...camera.account };
    await gateway.register({ id: 'cam-1', kind: 'camera', onvif });
    const kiosks = await MqttDevice.connect(t, gateway, { count: 2 * FIRES_PER_KILL + LATER, cameras: ['cam-1'] });
    const [checkpoint] = await MqttDevice.connect(t, gateway, { kind: 'checkpoint' });
    await watch(gateway);
    return new Scene(gateway, receiver, kiosks, checkpoint!);
  }

  /** Those burn that did before, and some more, the wanted plate passes again and again, and the gateway is killed. */
  async burnAndKill(t: Test, kill: number): Promise<void> {
    const { gateway } = this;
    await until('the camera is being pulled', () => isPulling(gateway));
    const wave = this.kiosks.slice(0, (kill + 1) * FIRES_PER_KILL).map((kiosk) => kiosk.burn());
    const ids = Array.from({ length: PASSAGES_PER_KILL }, (_, number) => `p-${kill}-${number}`);
    const passages = ids.map((id) => this.#checkpoint.tell('passage', id, { plate: WANTED, lane: 1 }));
    this.passages.push(...ids);
    this.told.push(...wave, ...passages);
    await wave.at(-1);
    await this.#someMoment();
    const family = gateway.descendants();
    t.ok(family.some(({ program }) => program === 'ffmpeg'));
    await gateway.stop('SIGKILL');
    this.gone.push(...family);
    await until('nothing of it is left', () => gateway.orphans(family).length === 0, ORPHANS_MS).catch(() => {
      t.same(gateway.orphans(family), [], 'processes of a killed gateway');
    });
    await gateway.start();
  }

  /** The last ones begin to burn, in the middle of which Redis is killed and all it kept is gone. */
  async burnLater(): Promise<void> {
    const { gateway } = this;
    const [last, ...others] = this.kiosks.slice(-LATER);
    for (const kiosk of others) await kiosk.burn();
    emptyRedis(gateway);
    await last!.burn();
    const fires = async () => (await gateway.get('/alerts?rule=kiosk-fire&limit=500')).items;
    await until('all are alerts', async () => (await fires()).length === FIRES_PER_KILL + LATER);
    await gateway.untilGreen();
  }
}

t.test('kill -9 with fires burning, also while the receiver is down and Redis was emptied', async (t) => {
  const scene = await Scene.start(t);
  const { gateway, receiver } = scene;
  await scene.burnAndKill(t, 0);

  const opened = () => receiver.effects.filter(({ type }) => type === 'alert.opened');
  await until('the first fires and the plate are told', () => opened().length > FIRES_PER_KILL);
  await receiver.down();
  const before = receiver.taken.length;
  await scene.burnLater();
  const subscription = async () => (await gateway.get('/subscriptions')).items[0];
  await until('it was tried in vain', async () => (await subscription()).lastError !== null);
  await scene.burnAndKill(t, 1);
  t.equal(receiver.taken.length, before, 'the receiver was down');
  await receiver.up();
  await Promise.all(scene.told);
  await until('everything is delivered', () => isSettled(gateway, scene.kiosks.length + 1), SETTLED_MS);
  // They are told of as updates: before, there is more to tell at any moment.
  await until('the clips of all fires, too', () => hasClips(gateway, scene.kiosks.length), CLIPS_MS);

  await alertsAreOnce(t, scene);
  t.same(await receiver.faults(gateway), []);
  const { delivered, dead, withheld } = (await subscription()).counts;
  t.equal(delivered, (await readAlertLog(gateway)).length, 'delivered + dead + withheld = raised');
  t.same([dead, withheld], [0, 0]);
  const { counts } = await gateway.get('/devices/health');
  t.match(counts, { offline: 0, online: scene.kiosks.length + 2 }, 'our own end made nobody offline');
  t.comment(`${receiver.effects.length} effects of ${receiver.taken.length} deliveries`);
  t.same(gateway.orphans(scene.gone), []);
});

/** Each fire is one alert with its picture, each passage is counted and found once, and there is nothing else. */
async function alertsAreOnce(t: Test, { gateway, kiosks, passages }: Scene): Promise<void> {
  const { items } = await gateway.get('/alerts?limit=500');
  const fires = items.filter(({ rule }: { rule: string }) => rule === 'kiosk-fire@1');
  t.same(fires.map(({ device }: { device: string }) => device).sort(), kiosks.map(({ id }) => id).sort(), 'one each');
  t.ok(fires.every(({ occurrences, condition }: Shown) => occurrences === 1 && condition === 'active'));
  t.ok(
    fires.every(({ evidence }: Shown) => evidence[0]?.type === 'picture'),
    'each with its picture',
  );
  const plates = items.filter(({ rule }: { rule: string }) => rule === 'plate-on-watchlist@2');
  t.equal(plates.length, 1);
  t.equal(plates[0].occurrences, passages.length, 'each passage is counted once');
  t.same(await passagesOf(gateway), passages.sort(), 'and found once');
  const others = items.filter((alert: Shown) => !fires.includes(alert) && !plates.includes(alert));
  t.same(others, [], 'and there is no other alert');
}

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

/** So many alerts are there with their evidence, and nothing waits for the receiver. */
async function isSettled(gateway: Gateway, alerts: number): Promise<boolean> {
  const { items } = await gateway.get('/alerts?limit=500');
  const [subscription] = (await gateway.get('/subscriptions')).items;
  const isComplete = items.every(({ evidence }: Shown) => evidence.length > 0);
  return isComplete && items.length >= alerts && subscription.counts.waiting === 0;
}

/** Each fire has its clip, or that there is none, and nothing waits for the receiver. */
async function hasClips(gateway: Gateway, fires: number): Promise<boolean> {
  const { items } = await gateway.get('/alerts?rule=kiosk-fire&limit=500');
  const done = items.filter(({ evidence }: Shown) => evidence.some(({ type }) => type === 'clip'));
  return done.length >= fires && isSettled(gateway, fires);
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { isFoundSound } from '../../support/gateway/found-sound.ts';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import {
  holesHaveTheirCause,
  killForAHole,
  playsWhatWasRecorded,
  untilRecordedForSeconds,
} from '../../support/gateway/recorded.ts';
import { lentInflux, lentServices } from '../../support/services/shared-database.ts';
import { startCameras } from '../../support/streams/cameras.ts';
import { startGstCamera } from '../../support/streams/gst-camera.ts';
import { decode, decodeStill, probe } from '../../support/streams/players.ts';
import { until } from '../../support/time/until.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

/** Whether a camera is well is judged by what it does over seconds: others are looked at meanwhile. */
const sideBySide = () => ({ buffered: true });
t.jobs = 3;

const ID = 'cam-1';
const ADDRESS = '127.64.42.1';
const STOLEN = { serial: 'B-2', mac: '02:00:00:00:00:b2', endpoint: 'urn:uuid:b2' };
/** Where all other cameras are than the one that is swapped. */
const ELSEWHERE = '330206';
/** Longest time until a lost connection is noticed, and until what was noticed is an alert. */
const NOTICED_MS = 45_000;
const SNAPSHOT = `/streams/${ID}/snapshot.jpg?purpose=routine`;
const LIVE = `/streams/${ID}/live.m3u8?purpose=routine`;
/** Of the camera of another maker. */
const SIZE = { width: 768, height: 576 };
const PASSWORD = 'gstreamer-password-1';

const gateway = await Gateway.start(t, {
  ...(await lentServices(t)),
  ...lentInflux(t),
  CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
  CITYWATCH_CAMERA_CHECK_S: '3',
  CITYWATCH_LOG_LEVEL: 'debug',
});

interface Told {
  type: string;
  at: string;
  data: Record<string, unknown>;
}

await t.test('what a camera shows and notices is kept, over a kill and a new password', async (t) => {
  const camera = await (await startCameras(t)).start({ address: '127.64.41.1' });
  const onvif = { xaddr: camera.xaddr, ...camera.account };
  await gateway.register({ id: 'cam-events', kind: 'camera', jurisdiction: ELSEWHERE, onvif });
  const subscribed = () => until('the camera is subscribed to', () => camera.events.subscriptions > 0, NOTICED_MS);
  const since = new Date(Date.now() - 60_000).toISOString();
  const later = new Date(Date.now() + 600_000).toISOString();
  const range = `from=${since}&to=${later}&limit=500`;
  const told = async (): Promise<Told[]> => (await gateway.get(`/devices/cam-events/events?${range}`)).items;
  const untilTold = (type: string, active: boolean) =>
    until(`${type} ${active} is told`, async () => find(await told(), type, active), NOTICED_MS);

  const beganMs = Date.now();
  t.equal((await gateway.api('POST', '/devices/cam-events/recording', { body: { mode: 'always' } })).status, 204);
  await subscribed();
  camera.notices('motion', true);
  camera.notices('tamper', true);
  await untilTold('tamper', true);
  const remembered = join(gateway.directory, 'cameras/active.json');
  await until('it is remembered', async () => (await readFile(remembered, 'utf8')).includes('Tamper'), NOTICED_MS);
  const lastMs = await untilRecordedForSeconds(gateway);
  await killForAHole(gateway);
  camera.events.loseSubscriptions();
  camera.notices('motion', false);
  await gateway.start();
  await subscribed();
  await playsWhatWasRecorded(t, gateway, { camera: 'cam-events', beganMs, lastMs });
  await untilRecordedForSeconds(gateway);
  await holesHaveTheirCause(t, gateway, { camera: 'cam-events', beganMs });
  camera.notices('input', true);
  await untilTold('digital_input', true);
  await untilTold('motion', false);

  camera.misbehave({ passwordChanged: true });
  camera.events.loseSubscriptions();
  const password = `${camera.account.password} changed`;
  const { headers } = await gateway.api('GET', '/devices/cam-events');
  const change = { body: { onvif: { ...onvif, password } }, headers: { 'if-match': headers.get('etag') ?? '' } };
  t.equal((await gateway.api('PATCH', '/devices/cam-events', change)).status, 200);
  await subscribed();
  camera.notices('signal-loss', true);
  await untilTold('video_loss', true);

  const events = await told();
  const count = (type: string): number => events.filter((event) => event.type === type).length;
  t.equal(count('tamper'), 1, 'what went on over the kill was told once');
  t.equal(count('digital_input'), 1);
  const { balanced } = await gateway.settledLedger();
  t.ok(balanced);

  // The introduction with the new password may come in between: then it is read again, as a person would.
  await until('it is retired', async () => {
    const { headers: last } = await gateway.api('GET', '/devices/cam-events');
    const retired = { headers: { 'if-match': last.get('etag') ?? '' } };
    return (await gateway.api('DELETE', '/devices/cam-events', retired)).status === 204;
  });
  await until('the camera is let go', () => camera.events.subscriptions === 0, NOTICED_MS);
});

t.test('a recorder joins, its channels show themselves, and it restarts without blame', sideBySide(), async (t) => {
  const cameras = await startCameras(t);
  const box = await cameras.start({ address: '127.64.73.1', channels: 4, rebootMs: 200 });
  await gateway.register({
    id: 'nvr-1',
    kind: 'recorder',
    jurisdiction: ELSEWHERE,
    onvif: { xaddr: box.xaddr, ...box.account },
  });
  const registered = await gateway.api('POST', '/devices/nvr-1/channels', { body: {} });
  t.match(registered, { status: 200, body: { created: [1, 2, 3, 4].map((number) => `nvr-1.channel_${number}`) } });

  const channel = (number: number) => gateway.get(`/devices/nvr-1.channel_${number}`);
  for (const number of [1, 2, 3, 4]) {
    const shown = await until(
      `channel ${number} is introduced`,
      async () => ((await channel(number)).setup?.state === 'done' ? channel(number) : null),
      NOTICED_MS,
    );
    t.equal(shown.stream.url, box.channelUrl(number, 'main'));
    t.match(shown, { parent: 'nvr-1', unit: { serial: box.identity.serial }, onvif: { source: `channel_${number}` } });
  }
  const recorder = await gateway.get('/devices/nvr-1');
  t.match(recorder, { stream: null }, 'it has no video of its own');
  t.notOk(recorder.setup);
  const checked = await gateway.api('POST', '/devices/nvr-1.channel_3/check', { body: {} });
  t.match(checked, { status: 200, body: { unit: { serial: box.identity.serial } } });
  const look = '/streams/nvr-1.channel_3/snapshot.jpg?purpose=routine';
  await until('a channel shows its picture', async () => (await gateway.api('GET', look)).status === 200, NOTICED_MS);

  const [from, to] = [-60_000, 600_000].map((byMs) => new Date(Date.now() + byMs).toISOString());
  const period = `from=${from}&to=${to}`;
  const told = async (channel: string) => (await gateway.get(`/devices/${channel}/events?${period}`)).items;
  await until('its events come', async () => (await gateway.get('/devices/nvr-1')).events?.told, NOTICED_MS);
  box.notices('motion', true, 2);
  box.lineCrossed('1', 9);
  await until('the channel noticed it', async () => (await told('nvr-1.channel_2')).length > 0, NOTICED_MS);
  t.match((await gateway.get('/devices/nvr-1')).events, { unknownEvents: 1, unknown: [{ events: 1 }] });
  t.equal(box.events.subscriptions, 1, 'one subscription for all of them');

  const dark = await gateway.api('POST', '/devices/nvr-1.channel_2/camera/picture', { body: { brightness: 20 } });
  t.match(dark, { status: 200, body: { source: 'channel_2', settings: { brightness: 20 } } });
  t.match(await gateway.get('/devices/nvr-1.channel_3/camera/picture'), { settings: { brightness: 50 } });
  const whole = await gateway.api('POST', '/devices/nvr-1.channel_2/camera/restart', { body: { confirm: true } });
  t.match(whole, { status: 409, body: { detail: /channel of a recorder/ } }, 'the others would go dark too');
  t.equal((await gateway.api('POST', '/devices/nvr-1/camera/restart', { body: {} })).status, 422);
  const restarted = await gateway.api('POST', '/devices/nvr-1/camera/restart', { body: { confirm: true } });
  t.equal(restarted.status, 200);
  t.match(await gateway.get('/devices/nvr-1'), { state: 'maintenance' });
  await until('it was away and is back', () => box.restarts === 1);
  await until('it is followed again', () => box.events.subscriptions === 1, NOTICED_MS);
  box.notices('tamper', true, 4);
  await until('the channel noticed that', async () => (await told('nvr-1.channel_4')).length > 0, NOTICED_MS);
  t.equal((await told('nvr-1.channel_3')).length, 0);
  t.equal((await gateway.api('POST', '/devices/nvr-1/maintenance/end', { body: {} })).status, 200);
});

t.test("GStreamer's RTSP server is a camera like any other", sideBySide(), async (t) => {
  const login = { username: 'user', password: PASSWORD };
  await Promise.all(
    (['basic', 'digest'] as const).map(async (method, number) => {
      const id = `cam-${method}`;
      const { url } = await startGstCamera(t, { address: `127.64.9.${number + 1}`, method, ...login });
      const withLogin = url.replace('//', `//${login.username}:${login.password}@`);
      await gateway.register({ id, kind: 'camera', jurisdiction: ELSEWHERE, stream: { url: withLogin } });

      const live = `${gateway.httpUrl}/api/v1/streams/${id}/live.m3u8?purpose=acceptance`;
      t.same(await probe(live, ADMIN_TOKEN), { codec: 'h264', ...SIZE }, `${method}: live`);
      t.equal(await decode(live, 20, ADMIN_TOKEN), '', `${method}: pictures decode without a complaint`);
      t.same(await decodeStill(await snapshot(id)), { codec: 'mjpeg', ...SIZE }, `${method}: snapshot`);

      const { status, text } = await gateway.api('GET', `/devices/${id}`);
      t.equal(status, 200);
      t.notMatch(text, PASSWORD, `${method}: the password is not shown`);
      const { streams } = await gateway.get(`/streams/${id}`);
      t.match(streams, [{ quality: 'main', state: 'live', ...SIZE }]);
    }),
  );
  t.notMatch(gateway.output, PASSWORD, 'nor logged');
});

/** The health of the camera is judged to be right. */
async function untilWell(): Promise<void> {
  const isWell = async () => (await gateway.get(`/devices/${ID}`)).health.health === 'online';
  await until('the camera is well', isWell, NOTICED_MS);
}

t.test(
  'a camera that was swapped shows nothing to anybody and is an alert, until it is accepted',
  sideBySide(),
  async (t) => {
    const cameras = await startCameras(t);
    const first = await cameras.start({ address: ADDRESS, id: ID });
    await gateway.register({ id: ID, kind: 'camera', onvif: { xaddr: first.xaddr, ...first.account } });
    const secret = await gateway.register({ id: 'kiosk-1' });
    const serial = async (): Promise<string | undefined> => (await gateway.get(`/devices/${ID}`)).unit?.serial;
    await until('the unit is known', async () => (await serial()) === first.identity.serial, NOTICED_MS);
    const shows = async () => (await gateway.api('GET', SNAPSHOT)).status === 200;
    await until('the registered unit is shown', shows, NOTICED_MS);

    await isFoundSound(t, { gateway, id: ID, district: '330203' }, first);

    const portOf = (url: string): number => Number(new URL(url).port);
    const ports = { onvifPort: portOf(first.xaddr), rtspPort: portOf(first.streamUrl('main')) };
    await first.stop();
    await cameras.start({ address: ADDRESS, id: ID, ...ports, identity: STOLEN });
    const alertOf = async (name: string) =>
      (await gateway.get('/alerts')).items.find(({ rule }: { rule: string }) => rule.startsWith(`${name}@`));
    const alert = await until('the other unit is an alert', () => alertOf('camera-is-another'), NOTICED_MS);
    t.match(alert, { device: ID, severity: 'severe', condition: 'active' });
    t.match((await gateway.get(`/devices/${ID}`)).otherUnit, { serial: STOLEN.serial });
    const check = await gateway.api('POST', `/devices/${ID}/check`, { body: {} });
    t.match(check.body, { grade: 'failed', cause: { name: 'identity', problem: 'other-unit' } });
    const isIt = ({ device }: { device: string }) => device === ID;
    const unwell = async () => (await gateway.get('/devices/health?kind=camera')).items.find(isIt);
    const told = await until('it is told what is wrong with the camera', unwell, NOTICED_MS);
    t.match(told, { device: ID, health: 'degraded', since: String, why: { en: String, zh: String }, because: null });
    for (const path of [LIVE, SNAPSHOT]) {
      const { status, body } = await gateway.api('GET', path);
      t.equal(status, 502, path);
      t.match(body, { code: 'stream.unavailable', detail: /Another camera answers than the one that is registered/ });
    }

    const body = { ts: Date.now(), id: 'smoke', values: { smoke: true } };
    const sent = await gateway.api('POST', '/devices/kiosk-1/telemetry', { body, token: `kiosk-1:${secret}` });
    t.equal(sent.status, 202);
    const fire = await until('the kiosk beside it is on fire', () => alertOf('kiosk-fire'), NOTICED_MS);
    await until('a picture was asked for as evidence', () => /"no picture yet"/.test(gateway.output), NOTICED_MS);
    t.same((await gateway.get(`/alerts/${fire.id}`)).evidence, []);

    const accepted = new Date().toISOString();
    const swap = await gateway.api('POST', `/devices/${ID}/swap`, { body: { serial: STOLEN.serial } });
    t.match(swap, { status: 200, body: { unit: { serial: STOLEN.serial } } });
    await until('the new unit is shown', shows, NOTICED_MS);
    const cleared = async () => (await gateway.get(`/alerts/${alert.id}`)).condition === 'cleared';
    await until('the alert is cleared', cleared, NOTICED_MS);
    await untilWell();
    const pictures = async () => (await gateway.get(`/alerts/${fire.id}`)).evidence;
    const [picture] = await until(
      'there is evidence',
      async () => ((await pictures()).length ? pictures() : null),
      NOTICED_MS,
    );
    t.match(picture, { type: 'picture', camera: ID });
    t.ok(picture.takenAt >= accepted, 'its picture is of the accepted unit only');
  },
);

function find(events: Told[], type: string, active: boolean): boolean {
  return events.some((event) => event.type === type && event.data.active === active);
}

async function snapshot(id: string): Promise<Buffer> {
  const url = `${gateway.httpUrl}/api/v1/streams/${id}/snapshot.jpg?purpose=acceptance`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  return Buffer.from(await answer.arrayBuffer());
}

import t, { type Test } from 'tap';
import type { VirtualCamera } from '../../../simulators/camera/camera.ts';
import { commandInProcess } from '../../support/gateway/command-line.ts';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import { lentServices } from '../../support/services/shared-database.ts';
import { startCameras } from '../../support/streams/cameras.ts';
import { until } from '../../support/time/until.ts';

const ID = 'cam-1';
const ADDRESS = '127.64.42.1';
const STOLEN = { serial: 'B-2', mac: '02:00:00:00:00:b2', endpoint: 'urn:uuid:b2' };
/** Longest time until a lost connection is noticed, and until what was noticed is an alert. */
const NOTICED_MS = 45_000;
const SNAPSHOT = `/streams/${ID}/snapshot.jpg?purpose=routine`;
const LIVE = `/streams/${ID}/live.m3u8?purpose=routine`;

/** It is checked as it is registered, and as if it were not. */
async function isFoundSound(t: Test, gateway: Gateway, camera: VirtualCamera): Promise<void> {
  // A machine that has much else to do may be too slow for the deadline of a check.
  const sound = await until('it is found sound', async () => {
    const { body } = await gateway.api('POST', `/devices/${ID}/check`, { body: { order: 'W-1' } });
    return body.grade === 'ok' ? body : null;
  });
  t.match(sound, { grade: 'ok', cause: null, unit: { serial: camera.identity.serial }, picture: { jpeg: null } });
  t.match(sound.picture.withheld, /No work order of this number is open/);
  t.match(sound.steps[6], { name: 'rtsp', seen: /^H\.264, 640x480, brightness/ });
  const shown = await commandInProcess(['check', ID, '--url', gateway.httpUrl], {
    CITYWATCH_ADMIN_TOKEN: ADMIN_TOKEN,
    CITYWATCH_DATA_DIR: gateway.directory,
  });
  t.match(shown, {
    status: 0,
    stdout: /^reach +ok .*\n(.*\n)*rtsp +ok +\d+ ms {2}H\.264, 640x480.*\n.*\ncam-1: ok after/,
  });
  const job = await gateway.api('POST', '/checks', { body: { jurisdiction: '330200' } });
  t.equal(job.status, 202);
  const ended = async () => (await gateway.get(`/jobs/${job.body.id}`)).state === 'done';
  await until('its district is checked', ended, NOTICED_MS);
  const { items } = await gateway.get(`/checks/${job.body.id}/report`);
  t.match(items, [{ device: ID, grade: 'ok', unit: { serial: camera.identity.serial } }]);
  await untilWell(gateway);
  const beforehand = { onvif: { xaddr: camera.xaddr, ...camera.account } };
  const byAddress = await gateway.api('POST', '/devices/check', { body: beforehand });
  t.match(byAddress, { status: 200, body: { grade: 'ok', unit: { serial: camera.identity.serial } } });
}

/** The health of the camera is judged to be right. */
async function untilWell(gateway: Gateway): Promise<void> {
  const isWell = async () => (await gateway.get(`/devices/${ID}`)).health.health === 'online';
  await until('the camera is well', isWell, NOTICED_MS);
}

t.test('a camera that was swapped shows nothing to anybody and is an alert, until it is accepted', async (t) => {
  const gateway = await Gateway.start(t, {
    ...(await lentServices(t)),
    CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
    CITYWATCH_LOG_LEVEL: 'debug',
  });
  const cameras = await startCameras(t, { plain: false });
  const first = await cameras.start({ address: ADDRESS, id: ID });
  await gateway.register({ id: ID, kind: 'camera', onvif: { xaddr: first.xaddr, ...first.account } });
  const secret = await gateway.register({ id: 'kiosk-1' });
  const serial = async (): Promise<string | undefined> => (await gateway.get(`/devices/${ID}`)).unit?.serial;
  await until('the unit is known', async () => (await serial()) === first.identity.serial, NOTICED_MS);
  const shows = async () => (await gateway.api('GET', SNAPSHOT)).status === 200;
  await until('the registered unit is shown', shows, NOTICED_MS);

  await isFoundSound(t, gateway, first);

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
  const unwell = async () => (await gateway.get('/devices/health?kind=camera')).items[0];
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
  await untilWell(gateway);
  const pictures = async () => (await gateway.get(`/alerts/${fire.id}`)).evidence;
  const [picture] = await until(
    'there is evidence',
    async () => ((await pictures()).length ? pictures() : null),
    NOTICED_MS,
  );
  t.match(picture, { type: 'picture', camera: ID });
  t.ok(picture.takenAt >= accepted, 'its picture is of the accepted unit only');
});

t.test('an alert of what is in maintenance is kept, held back, and raised at the end', async (t) => {
  const gateway = await Gateway.start(t, await lentServices(t));
  const secret = await gateway.register({ id: 'kiosk-2' });
  const post = (path: string, body: object) => gateway.api('POST', `/devices/kiosk-2${path}`, { body });
  const begun = await post('/maintenance', { reason: '清理', minutes: 30 });
  t.match(begun, { status: 201, body: { reason: '清理', ended: null } });
  t.match(await post('/maintenance', { reason: 'r', minutes: 1 }), { status: 409, body: { code: 'conflict.state' } });
  const full = { ts: Date.now(), id: 'full', values: { fill_pct: 95 } };
  await gateway.api('POST', '/devices/kiosk-2/telemetry', { body: full, token: `kiosk-2:${secret}` });
  const alert = async () => (await gateway.get('/alerts')).items[0];
  t.match(await until('it is full', alert), { visibility: 'silenced', condition: 'active' });
  t.match((await gateway.get('/devices/kiosk-2/maintenance')).items, [{ withheld: 1 }]);
  await gateway.stop('SIGKILL');
  await gateway.start();
  t.match(await gateway.get('/devices/kiosk-2'), { state: 'maintenance' });
  t.match((await gateway.get('/devices/health')).counts, { maintenance: 1, online: 0, offline: 0 });
  t.match(await post('/maintenance/end', {}), { status: 200, body: { withheld: 1, endedBy: String } });
  await until('it is raised', async () => (await alert()).visibility === 'normal');
  t.match(await gateway.get('/devices/kiosk-2/health'), { health: 'online', downtime: { offlineS: 0, countedS: 0 } });
});

import t from 'tap';
import { MqttDevice } from '../../../simulators/mqtt-device.ts';
import { Gateway } from '../../support/gateway/gateway.ts';
import { lentServices } from '../../support/services/shared-database.ts';
import { startCameras } from '../../support/streams/cameras.ts';
import { momentsWithin } from '../../support/time/lasting.ts';
import { until } from '../../support/time/until.ts';

const CAMERAS = 20;
const SUBNETS = 4;
const KIOSKS = 3;
const KILLS = 8;
/** From a start to the next kill; the whole district takes some seconds. */
const MOMENTS_MS = 1_500;
const ENDED_MS = 120_000;
/** Makers lock out after five. */
const WRONG_MAX = 4;

t.setTimeout(300_000);

t.test('a district is given new logins and secrets while the gateway is killed again and again', async (t) => {
  const gateway = await Gateway.start(t, {
    ...(await lentServices(t)),
    CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
  });
  const rig = await startCameras(t);
  const numbers = Array.from({ length: CAMERAS }, (_, number) => number);
  const cameras = await Promise.all(
    numbers.map((number) => {
      const address = `127.64.${76 + (number % SUBNETS)}.${1 + number}`;
      return rig.start({ id: `cam-${number}`, address, lockAfter: 5 });
    }),
  );
  for (const { id, xaddr, account } of cameras) {
    await gateway.register({ id, kind: 'camera', onvif: { xaddr, ...account } });
  }
  const introduced = async (id: string): Promise<boolean> => {
    return (await gateway.get(`/devices/${id}`)).setup?.state === 'done';
  };
  for (const { id } of cameras) await until(`${id} is introduced`, () => introduced(id), ENDED_MS);
  const kiosks: MqttDevice[] = [];
  for (let number = 0; number < KIOSKS; number += 1) {
    const id = `kiosk-${number}`;
    const secret = await gateway.register({ id });
    // Ports are free ones of each start, so each start would be another gateway to a device.
    kiosks.push(new MqttDevice({ url: `mqtt://127.0.0.1:${gateway.mqttPort}`, id, secret, firmware: '1.0' }));
  }
  t.teardown(() => Promise.all(kiosks.map((kiosk) => kiosk.stop())));
  // From here on the gateway comes back where it was.
  gateway.env.CITYWATCH_MQTT_PORT = String(gateway.mqttPort);

  const begun = await gateway.api('POST', '/rotations', { body: { jurisdiction: '330203' } });
  t.match(begun, { status: 202, body: { total: CAMERAS + KIOSKS } });
  const someMoment = momentsWithin(MOMENTS_MS);
  for (let kill = 0; kill < KILLS; kill += 1) {
    await someMoment();
    await gateway.stop('SIGKILL');
    await gateway.start();
  }
  const job = async () => await gateway.get(`/jobs/${begun.body.id}`);
  await until('the job has ended', async () => (await job()).state === 'done', ENDED_MS);
  const { items } = await gateway.get(`/rotations/${begun.body.id}/report?limit=500`);
  t.equal(items.length, CAMERAS + KIOSKS, 'each device is in the report, once');
  t.equal(new Set(items.map(({ device }: { device: string }) => device)).size, CAMERAS + KIOSKS);

  for (const { id, users } of cameras) {
    const last = async () => (await gateway.get(`/devices/${id}/credentials`)).last;
    await until(`the change of ${id} has ended`, async () => (await last()).state !== 'running', ENDED_MS);
    t.match(await last(), { state: 'changed' }, id);
    const { body } = await gateway.api('POST', `/devices/${id}/check`, { body: {} });
    const login = body.steps.find(({ name }: { name: string }) => name === 'login');
    t.equal(login?.grade, 'ok', `${id} lets the gateway in`);
    t.ok(users.wrongLogins <= WRONG_MAX, `${id} saw ${users.wrongLogins} wrong logins`);
  }
  for (const { id } of kiosks) {
    const last = async () => (await gateway.get(`/devices/${id}/credentials`)).secret;
    await until(`${id} has its new secret`, async () => (await last()).state === 'changed', ENDED_MS);
  }
  await until('every kiosk is there', () => kiosks.every(({ connected }) => connected));
});

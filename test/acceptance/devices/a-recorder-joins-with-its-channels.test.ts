import t from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import { lentServices } from '../../support/services/shared-database.ts';
import { startCameras } from '../../support/streams/cameras.ts';
import { until } from '../../support/time/until.ts';

const NOTICED_MS = 45_000;

t.test('a recorder joins, its channels show themselves, and it restarts without blame', async (t) => {
  const gateway = await Gateway.start(t, {
    ...(await lentServices(t)),
    CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
  });
  const cameras = await startCameras(t);
  const box = await cameras.start({ address: '127.64.73.1', channels: 4, rebootMs: 200 });
  await gateway.register({ id: 'nvr-1', kind: 'recorder', onvif: { xaddr: box.xaddr, ...box.account } });
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
  await until('it is away', () => !box.alive);
  await until('it is back', () => box.alive);
  await until('it is followed again', () => box.events.subscriptions === 1, NOTICED_MS);
  box.notices('tamper', true, 4);
  await until('the channel noticed that', async () => (await told('nvr-1.channel_4')).length > 0, NOTICED_MS);
  t.equal((await told('nvr-1.channel_3')).length, 0);
  t.equal((await gateway.api('POST', '/devices/nvr-1/maintenance/end', { body: {} })).status, 200);
});

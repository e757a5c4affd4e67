import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import type { DeviceIdentity } from '../../../../src/core/types.ts';
import { inspectCamera } from '../../../../src/devices/onvif/inspect.ts';
import { channelId } from '../../../../src/devices/recorders/channels.ts';
import { RecorderLists } from '../../../../src/devices/recorders/recorder-lists.ts';
import { Recorders } from '../../../../src/devices/recorders/recorders.ts';
import { ANY_NETWORK } from '../../../../src/devices/registry/registry.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { UNHEARD } from '../../../support/devices/imports.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { onvifPorts, startCameras } from '../../../support/streams/cameras.ts';

const CHANNELS = 32;
const CITY = callerIn('330200');

const parts = await openRegistry(t);
const { registry, connections, directory, database } = parts;
const cameras = await startCameras(t);
const box = await cameras.start({ address: '127.64.68.1', channels: CHANNELS });
const onvif = onvifPorts(t);
const observer = quietObserver();
const recorders = new Recorders({
  registry: {
    ...parts,
    clock: systemClock,
    observer,
    followers: [],
    cameraNetworks: ANY_NETWORK,
    ...UNHEARD,
  },
  onvif,
  access: (id) => connections.onvifAccess(id),
});
const place = { jurisdiction: '330212', location: { lat: 29.83, lon: 121.55, datum: 'gcj02' } };
const made = await registry.create(CITY, {
  id: 'nvr-1',
  kind: 'recorder',
  name: '东门 NVR',
  ...place,
  accessClass: 'key-site',
  onvif: { xaddr: box.xaddr, ...box.account },
});
const nvr: DeviceIdentity = { id: 'nvr-1', kind: 'recorder', kindVersion: 1, jurisdiction: '330212' };

const all = { sources: null, kind: 'camera' };
const children = async () => (await parts.search.list(CITY, { parent: 'nvr-1', limit: 500 } as never)).items;

t.test('it proposes its channels, and registers none by itself', async (t) => {
  const proposed = await recorders.channels(CITY, nvr);
  t.equal(proposed.length, CHANNELS);
  t.match(proposed[16], { source: 'channel_17', number: 17, state: 'free', device: null, main: { width: 768 } });
  t.equal((await children()).length, 0);
});

t.test('some are registered, then all, and again: each once, where the recorder stands', async (t) => {
  const some = await recorders.register(CITY, nvr, { sources: ['channel_3', 'channel_17'], kind: 'camera' });
  t.same(some.created, ['nvr-1.channel_3', 'nvr-1.channel_17']);
  const at = await Promise.all([recorders.register(CITY, nvr, all), recorders.register(CITY, nvr, all)]);
  t.equal(at[0].created.length + at[1].created.length, CHANNELS - 2, 'two at once make each channel once');
  t.same(
    at.flatMap(({ updated }) => updated),
    [],
  );
  t.equal((await children()).length, CHANNELS);
  t.match(await registry.get(CITY, 'nvr-1.channel_17'), {
    kind: 'camera',
    name: '东门 NVR 17',
    parent: 'nvr-1',
    jurisdiction: '330212',
    accessClass: 'key-site',
    location: { lat: made.device.location.lat, lon: made.device.location.lon },
  });
  const [row] = await listAudit(database, CITY, { subject: 'device/nvr-1.channel_17', limit: 5 });
  t.equal(row?.action, 'device.create');
  t.ok(directory.identity('nvr-1.channel_32'), 'the directory knows them');
});

t.test('each channel shows its own picture, all introduced at once', async (t) => {
  const lists = new RecorderLists(systemClock);
  const readings = (): number => box.requests.filter((operation) => operation === 'GetProfiles').length;
  const before = readings();
  const found = await Promise.all(
    Array.from({ length: CHANNELS }, async (_, index) => {
      const access = await connections.onvifAccess(channelId('nvr-1', `channel_${index + 1}`));
      return (await inspectCamera(access!, { ...onvif, lists })).mainStreamUrl;
    }),
  );
  t.same(
    found,
    Array.from({ length: CHANNELS }, (_, index) => box.channelUrl(index + 1, 'main')),
  );
  t.equal(readings() - before, 1, 'its long list is read once for all of them');
  const wrong = { ...(await connections.onvifAccess('nvr-1.channel_1'))!, password: 'wrong' };
  await t.rejects(inspectCamera(wrong, { ...onvif, lists }), /login|password/i);
});

t.test('the recorder moves and gets another password: its channels follow', async (t) => {
  const moved = await cameras.start({ address: '127.64.68.2', channels: CHANNELS - 1, password: 'Another&one"2' });
  const { version } = await registry.get(CITY, 'nvr-1');
  await registry.update(CITY, 'nvr-1', version, { onvif: { xaddr: moved.xaddr, ...moved.account } });
  const { version: before } = await registry.get(CITY, 'nvr-1.channel_5');
  await registry.retire(CITY, 'nvr-1.channel_5', before);
  const { created, updated, channels } = await recorders.register(CITY, nvr, all);
  t.same(created, []);
  t.equal(updated.length, CHANNELS - 1);
  t.match(await connections.onvifAccess('nvr-1.channel_9'), {
    xaddr: moved.xaddr,
    password: 'Another&one"2',
    source: 'channel_9',
  });
  t.match(channels[4], { source: 'channel_5', state: 'retired' });
  t.match(channels.at(-1), { source: 'channel_32', state: 'gone', number: null, device: 'nvr-1.channel_32' });
  t.same((await recorders.register(CITY, nvr, all)).updated, [], 'once is enough');
});

t.test('a recorder names its sources otherwise: its channels stay what they are', async (t) => {
  const renamed = new Map([['channel_32', 'channel_3']]);
  await t.rejects(recorders.register(CITY, nvr, { sources: [], kind: 'camera', renamed }), /`free`, once/);
  const { version } = await registry.get(CITY, 'nvr-1.channel_3');
  await registry.update(CITY, 'nvr-1.channel_3', version, {
    onvif: { ...(await connections.onvifAccess('nvr-1'))!, source: 'old_3' },
  });
  const choice = (from: string, to: string) => ({ sources: [], kind: 'camera', renamed: new Map([[from, to]]) });
  await t.rejects(recorders.register(CITY, nvr, choice('channel_4', 'channel_3')), /`gone`/);
  await t.rejects(recorders.register(CITY, nvr, choice('nobody', 'channel_3')), /`gone`/);
  const { updated, created, channels } = await recorders.register(CITY, nvr, choice('old_3', 'channel_3'));
  t.same([created, updated], [[], ['nvr-1.channel_3']]);
  t.match(channels[2], { source: 'channel_3', state: 'registered', device: 'nvr-1.channel_3' });
});

t.test('all or none are registered', async (t) => {
  const other = await cameras.start({ address: '127.64.68.3', channels: 3 });
  const onvifOf = { xaddr: other.xaddr, ...other.account };
  await registry.create(CITY, { id: 'nvr-2', kind: 'recorder', name: 'n', ...place, onvif: onvifOf });
  await registry.create(CITY, { id: 'nvr-2.channel_2', kind: 'camera', name: 'somebody else', ...place });
  const second = { ...nvr, id: 'nvr-2' };
  await t.rejects(recorders.register(CITY, second, all), { code: 'conflict.exists' });
  t.notOk(directory.identity('nvr-2.channel_1'));
  await t.rejects(registry.get(CITY, 'nvr-2.channel_3'), { code: 'not-found' });
  await t.rejects(recorders.register(CITY, second, { sources: ['channel_9'], kind: 'camera' }), /name video sources/);
  await t.rejects(recorders.register(CITY, second, { sources: null, kind: 'no-kind' }), { code: 'request.invalid' });
});

t.test('what is no recorder, or is not reached, says so', async (t) => {
  await registry.create(CITY, { id: 'cam-9', kind: 'camera', name: 'n', ...place });
  await registry.create(CITY, { id: 'nvr-3', kind: 'recorder', name: 'n', ...place });
  await t.rejects(recorders.channels(CITY, { ...nvr, id: 'cam-9', kind: 'camera' }), { code: 'conflict.state' });
  await t.rejects(recorders.channels(CITY, { ...nvr, id: 'nvr-3' }), /No ONVIF address/);
  await box.die();
  await registry.create(CITY, {
    id: 'nvr-4',
    kind: 'recorder',
    name: 'n',
    ...place,
    onvif: { xaddr: box.xaddr, ...box.account },
  });
  await t.rejects(recorders.channels(CITY, { ...nvr, id: 'nvr-4' }), { code: 'outbound.failed' });
});

t.test('ids of channels are valid and differ, whatever the tokens are', async (t) => {
  const long = 'r'.repeat(64);
  const tokens = ['1', '通道 1', '../x', 'a.b', '__proto__', 'x'.repeat(64), '.1'];
  const ids = [...tokens.map((token) => channelId('nvr-1', token)), ...tokens.map((token) => channelId(long, token))];
  t.equal(new Set(ids).size, ids.length);
  for (const id of ids) t.match(id, /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
});

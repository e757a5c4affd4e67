import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { CameraEvents } from '../../../../src/devices/cameras/events.ts';
import type { CameraEvent } from '../../../../src/devices/onvif/event-states.ts';
import { ChannelEvents } from '../../../../src/devices/recorders/channel-events.ts';
import { Recorders } from '../../../../src/devices/recorders/recorders.ts';
import { ANY_NETWORK } from '../../../../src/devices/registry/registry.ts';
import { UNHEARD } from '../../../support/devices/imports.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { temporaryDirectory } from '../../../support/ingest/journal.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { onvifPorts, startCameras } from '../../../support/streams/cameras.ts';
import { until } from '../../../support/time/until.ts';

const CITY = callerIn('330200');
const NVR = { id: 'nvr-1', kind: 'recorder', kindVersion: 3, jurisdiction: '330212' };

const parts = await openRegistry(t);
const { registry, connections, database, vault } = parts;
const cameras = await startCameras(t);
const box = await cameras.start({ address: '127.64.74.1', channels: 6 });
const onvif = onvifPorts(t);
const [clock, observer] = [systemClock, quietObserver()];
const told: string[] = [];
const asked: string[] = [];
/** The device that refuses its next events once, as a full journal does. */
let refusing = '';
const sides = {
  store: async (device: string, events: readonly CameraEvent[]) => {
    if (device === refusing) {
      refusing = '';
      return [...events];
    }
    for (const { type, data } of events) told.push(`${device} ${type} ${String(data.active ?? data.object_id)}`);
    return [];
  },
  admit: async () => {},
  lost: () => {},
  asked: (device: string, problem: string | null) => void asked.push(`${device} ${problem}`),
};
let foreign = '';
const withheld = (device: string): string | null => (device === foreign ? 'another unit' : null);
const channels = new ChannelEvents({ database, clock, observer, onvif, sides, withheld });
const hasVideo = (kind: string): boolean => kind === 'camera';
const deps = { database, clock, observer, vault, onvif, hasVideo, sides, recorders: channels };
const events = new CameraEvents(deps, { path: join(await temporaryDirectory(t), 'active.json') });
events.start();
t.teardown(() => events.stop());

const recorders = new Recorders({
  registry: { ...parts, clock, observer, followers: [], cameraNetworks: ANY_NETWORK, ...UNHEARD },
  onvif,
  access: (id) => connections.onvifAccess(id),
});
const register = async (sources: string[] | null): Promise<void> => {
  const { created } = await recorders.register(CITY, NVR, { sources, kind: 'camera' });
  for (const id of created) events.changed(id);
};
await registry.create(CITY, {
  id: 'nvr-1',
  kind: 'recorder',
  name: 'NVR',
  jurisdiction: '330212',
  location: { lat: 29.83, lon: 121.55 },
  onvif: { xaddr: box.xaddr, ...box.account },
});
events.changed('nvr-1');

t.test('one subscription at the recorder serves all its channels, each told what it saw', async (t) => {
  await register(['channel_1', 'channel_2', 'channel_3', 'channel_4', 'channel_5']);
  await until('the recorder tells its events', () => channels.status('nvr-1')?.told);
  t.equal(box.events.subscriptions, 1);
  refusing = 'nvr-1.channel_2';
  box.notices('motion', true, 2);
  box.notices('motion', true, 4);
  box.notices('signal-loss', true, 3);
  box.notices('input', true, 2);
  box.notices('motion', false, 2);
  box.lineCrossed('7', 5);
  const expected = [
    'nvr-1.channel_2 motion true',
    'nvr-1.channel_2 motion false',
    'nvr-1.channel_3 video_loss true',
    'nvr-1.channel_4 motion true',
    'nvr-1.channel_5 line_crossing 7',
    'nvr-1 digital_input true',
  ];
  await until('six events', () => told.length === expected.length);
  t.same([...told].sort(), [...expected].sort());
  const second = told.filter((line) => line.startsWith('nvr-1.channel_2'));
  t.same(second, expected.slice(0, 2), 'what was refused keeps its order');
  t.same(channels.status('nvr-1'), { told: true, problem: null, unknownEvents: 0, unknown: [] });
});

t.test('what names no channel is counted by its name, and another unit notices nothing', async (t) => {
  told.length = 0;
  foreign = 'nvr-1.channel_1';
  box.notices('motion', true, 6);
  box.lineCrossed('8', 6);
  box.lineCrossed('9', 99);
  box.notices('motion', true, 1);
  box.notices('tamper', true, 5);
  await until('the last one', () => told.includes('nvr-1.channel_5 tamper true'));
  t.same(told, ['nvr-1.channel_5 tamper true']);
  t.match(channels.status('nvr-1'), {
    unknownEvents: 3,
    unknown: [
      { source: 'source_configuration_99', events: 1 },
      { source: 'channel_6', events: 2 },
    ],
  });
  foreign = '';
});

t.test('a recorder restarts: events come again, also of a channel that joined meanwhile', async (t) => {
  told.length = 0;
  await box.die();
  await t.rejects(register(null), { code: 'outbound.failed' });
  await until('it is known to be away', () => channels.status('nvr-1')?.told === false);
  await box.revive();
  await until('it tells again', () => channels.status('nvr-1')?.told);
  await register(null);
  t.equal(box.events.subscriptions, 1);
  box.notices('tamper', true, 6);
  await until('the new channel tells', () => told.includes('nvr-1.channel_6 tamper true'));
  t.ok(told.includes('nvr-1.channel_2 motion true') === false, 'nothing is told again');
  t.ok(asked.includes('nvr-1 null'));
});

t.test('a recorder without channels is not followed', async (t) => {
  for (const { id } of (await parts.search.list(CITY, { parent: 'nvr-1', limit: 500 } as never)).items) {
    await registry.retire(CITY, id, (await registry.get(CITY, id)).version);
  }
  events.changed('nvr-1');
  await until('nobody follows it', () => channels.status('nvr-1') === null);
  await until('it was told so', () => box.events.subscriptions === 0);
  t.notOk(channels.status('nvr-1'));
});

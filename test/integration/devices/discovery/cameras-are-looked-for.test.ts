import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { systemRandom } from '../../../../src/core/random.ts';
import { CheckPlaces } from '../../../../src/devices/checks/check-places.ts';
import { Discoveries } from '../../../../src/devices/discovery/discoveries.ts';
import { UdpOutbound } from '../../../../src/platform/outbound/udp.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { openUnits, unitOf } from '../../../support/devices/units.ts';
import { CAMERA_NETWORK, onvifPorts, startCameras } from '../../../support/streams/cameras.ts';
import { until } from '../../../support/time/until.ts';

const TECHNICIAN = callerIn('330212', 'technician');
const ADMIN = callerIn('000000');
const PLACES = { total: 32, perSubnet: 8, kept: 0 };
const place = { kind: 'camera', name: 'c', location: { lat: 29.8, lon: 121.5 } };
const NEVER = new AbortController().signal;

const parts = await openRegistry(t);

function open(t: Test): Discoveries {
  const networks = [CAMERA_NETWORK];
  return new Discoveries({
    database: parts.database,
    clock: systemClock,
    random: systemRandom,
    udp: new UdpOutbound({ networks, setting: 'CITYWATCH_CAMERA_NETWORKS' }),
    onvif: onvifPorts(t),
    places: { heard: new CheckPlaces(PLACES), swept: new CheckPlaces(PLACES) },
    ring: () => {},
  });
}

const sweepOf = (cidr: string, ports: number[]) => ({ multicast: false, listenMs: 3_000, sweep: { cidr, ports } });

async function work(discoveries: Discoveries, id: string): Promise<void> {
  const isOver = async () => (await discoveries.list.get(ADMIN, id)).endedAtMs !== null;
  while (!(await isOver())) await discoveries.handle(id, NEVER);
}

t.test(
  'a sweep finds what speaks ONVIF, says what is registered there, and shows nothing across a border',
  async (t) => {
    const cameras = await startCameras(t);
    const open1 = await cameras.start({ address: '127.64.61.1', onvifAuth: 'none' });
    const onvifPort = Number(new URL(open1.xaddr).port);
    const closed = await cameras.start({ address: '127.64.61.2', onvifPort });
    const foreign = await cameras.start({ address: '127.64.61.3', onvifPort });
    const hostile = await cameras.start({ address: '127.64.61.4', onvifPort });
    hostile.misbehave({ web: 'endless' });
    const silent = await cameras.start({ address: '127.64.61.5', onvifPort });
    silent.misbehave({ web: 'drip' });
    const register = (id: string, jurisdiction: string, xaddr: string) =>
      parts.registry.create(ADMIN, { ...place, id, jurisdiction, onvif: { xaddr, ...closed.account } } as never);
    await register('cam-own', '330212', closed.xaddr);
    await register('cam-foreign', '510700', foreign.xaddr);
    await register('cam-like-the-first', '510700', 'http://127.64.61.77/onvif/device_service');
    const unit = unitOf(open1.identity.serial);
    await openUnits(parts, systemClock).units.assign(ADMIN, 'cam-like-the-first', { unit, reason: null });

    const discoveries = open(t);
    const { id } = await discoveries.start(TECHNICIAN, sweepOf('127.64.61.0/29', [onvifPort]));
    t.match(await discoveries.list.get(TECHNICIAN, id), { state: 'waiting', addresses: 6, asked: 0 });
    await work(discoveries, id);
    t.match(await discoveries.list.get(TECHNICIAN, id), { state: 'done', asked: 6, found: 3 });

    const first = await discoveries.list.found(TECHNICIAN, id, { limit: 2 });
    const rest = await discoveries.list.found(TECHNICIAN, id, { limit: 2, after: first.next! });
    t.equal(rest.next, null);
    const { serial, endpoint, maker } = open1.identity;
    t.match(
      [...first.items, ...rest.items],
      [
        {
          address: '127.64.61.1',
          answer: 'told',
          serial,
          maker,
          endpoint,
          how: 'sweep',
          registered: 'no',
          devices: [],
        },
        { address: '127.64.61.2', answer: 'login', serial: null, registered: 'address', devices: ['cam-own'] },
        { address: '127.64.61.3', registered: 'address', devices: [] },
      ],
    );
    const [told] = (await discoveries.list.found(ADMIN, id, { limit: 1 })).items;
    t.match(told, { registered: 'serial', devices: ['cam-like-the-first'] }, 'a serial number is told in its own area');
    t.equal((await parts.search.list(ADMIN, { limit: 10 })).items.length, 3, 'nothing was registered');
    const audited = await listAudit(parts.database, ADMIN, { subject: `discovery/${id}`, limit: 10 });
    t.same(
      audited.map(({ action }) => action),
      ['discovery.end', 'discovery.start'],
    );
    await t.rejects(discoveries.list.get(callerIn('510700'), id), { code: 'not-found' });
    t.same((await discoveries.list.newest(callerIn('510700'), { limit: 5 })).items, []);
  },
);

t.test(
  'one whose process dies goes on where it was; one that is cancelled ends, and keeps what it found',
  async (t) => {
    const cameras = await startCameras(t);
    const camera = await cameras.start({ address: '127.64.62.1', onvifAuth: 'none' });
    const port = Number(new URL(camera.xaddr).port);
    const discoveries = open(t);
    const { id } = await discoveries.start(TECHNICIAN, sweepOf('127.64.62.0/24', [port]));
    const killed = new AbortController();
    const life = discoveries.handle(id, killed.signal);
    await until('it is under way', async () => (await discoveries.list.get(ADMIN, id)).asked > 0);
    killed.abort();
    await life;
    const { asked, state } = await discoveries.list.get(ADMIN, id);
    t.ok(asked > 0 && asked < 254, `${asked} were asked`);
    t.equal(state, 'running');
    const next = open(t);
    const going = next.handle(id, NEVER);
    await until('it goes on', async () => (await next.list.get(ADMIN, id)).asked > asked);
    t.equal(
      camera.requests.filter((name) => name === 'GetDeviceInformation').length,
      1,
      'the first is not asked again',
    );
    t.match(await next.cancel(TECHNICIAN, id), { state: 'cancelled', found: 1 });
    await going;
    t.match(await next.list.get(ADMIN, id), { state: 'cancelled', found: 1 });
    await t.rejects(next.cancel(TECHNICIAN, id), { code: 'conflict.state' });
  },
);

t.test('a range beyond the camera networks is refused, and nothing is begun', async (t) => {
  const discoveries = open(t);
  const before = (await discoveries.list.newest(ADMIN, { limit: 50 })).items.length;
  await t.rejects(discoveries.start(TECHNICIAN, sweepOf('127.65.0.0/24', [80])), {
    message: /CITYWATCH_CAMERA_NETWORKS/,
  });
  await t.rejects(discoveries.start(TECHNICIAN, { multicast: false, listenMs: 1, sweep: null }), {
    code: 'request.invalid',
  });
  t.equal((await discoveries.list.newest(ADMIN, { limit: 50 })).items.length, before);
});

t.test('datagrams go to the camera networks alone, and those from elsewhere are not looked at', async (t) => {
  const heard: string[] = [];
  const udp = new UdpOutbound({ networks: ['127.64.0.0/16'], setting: 'CITYWATCH_CAMERA_NETWORKS' });
  const hear = (bytes: Buffer, from: string): void => void heard.push(`${from} ${bytes}`);
  const inside = await udp.open({ address: '127.64.63.1', maxBytes: 8, hear });
  t.teardown(() => inside.close());
  const there = { address: '127.65.0.1', port: 9 };
  t.throws(() => inside.send(there, Buffer.from('x')), { code: 'outbound.refused' });
  const { createSocket } = await import('node:dgram');
  const sender = createSocket('udp4');
  const stranger = createSocket('udp4');
  t.teardown(() => void [sender.close(), stranger.close()]);
  await Promise.all(
    [sender, stranger].map((one, index) => new Promise<void>((done) => one.bind(0, `127.6${4 + index}.63.2`, done))),
  );
  stranger.send('foreign', inside.port, '127.64.63.1');
  sender.send('far too large', inside.port, '127.64.63.1');
  await until('both are dropped', () => inside.dropped === 2);
  sender.send('own', inside.port, '127.64.63.1');
  await until('one is heard', () => heard.length === 1);
  t.same(heard, ['127.64.63.2 own']);
});

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { inspectCamera } from '../../../../src/devices/onvif/inspect.ts';
import { PullPoint } from '../../../../src/devices/onvif/pull-point.ts';
import { sourceOf } from '../../../../src/devices/onvif/services/imaging.ts';
import { readNetwork } from '../../../../src/devices/onvif/services/network.ts';
import { PtzHead } from '../../../../src/devices/onvif/services/ptz.ts';
import { CameraServices } from '../../../../src/devices/onvif/services/services.ts';
import { readTime, setServers, setTime } from '../../../../src/devices/onvif/services/time.ts';
import { onvifPorts } from '../../../support/streams/cameras.ts';

/** Answers with what a real camera once answered (test/fixtures/onvif, MIT), its address replaced by ours. */
async function replay(
  t: { teardown(run: () => unknown): void },
  maker: string,
  { recordedHost, asked = [] }: { recordedHost: string; asked?: string[] },
): Promise<string> {
  const host = '127.64.23.1';
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push(body);
    const operation = /<s:Body><\w+:(\w+)/.exec(body)?.[1] ?? 'none';
    const recorded = (end: string) =>
      readFile(new URL(`../../../fixtures/onvif/${maker}/${operation}.${end}.xml`, import.meta.url), 'utf8');
    const text = await recorded('Response').catch(() => recorded('Error').catch(() => null));
    const { port } = server.address() as AddressInfo;
    const ours = text?.replaceAll(`http://${recordedHost}/`, `http://${host}:${port}/`).replaceAll(recordedHost, host);
    response.writeHead(ours ? 200 : 500, { 'Content-Type': 'application/soap+xml' }).end(ours ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  t.teardown(() => server.close());
  return `http://${host}:${(server.address() as AddressInfo).port}/onvif/device_service`;
}

const LOGIN = { username: 'admin', password: 'irrelevant' };

t.test('a recorded Hikvision camera', async (t) => {
  const xaddr = await replay(t, 'hikvision', { recordedHost: '10.10.1.60' });
  const found = await inspectCamera({ xaddr, ...LOGIN }, onvifPorts(t));
  t.match(found, {
    maker: 'HIKVISION',
    model: 'DS-2DF7276-AEL',
    firmware: 'V5.1.6 build 140401',
    serial: 'DS-2DF7276-AEL20140613CCWR468714298B',
    hardwareId: '88',
    mainStreamUrl: 'rtsp://127.64.23.1:554/Streaming/Channels/3?transportmode=unicast&profile=Profile_3',
    snapshotUrl: /\/onvif\/snapshot$/,
  });
  t.match(found.profiles[0], { token: 'Profile_1', name: 'mainStream', encoding: 'H264', width: 1280, height: 720 });
  t.ok((found.clockSkewMs ?? 0) < 0, 'it was recorded in the past');
});

t.test('a recorded Axis camera', async (t) => {
  const xaddr = await replay(t, 'axis', { recordedHost: '192.168.0.19' });
  const found = await inspectCamera({ xaddr, ...LOGIN }, onvifPorts(t));
  t.match(found, { maker: /axis/i, firmware: '5.55.1.2', serial: '00408CFAB754', hardwareId: '1C9.2' });
  t.match(found.mainStreamUrl, /^rtsp:\/\/127\.64\.23\.1\/onvif-media\/media\.amp\?profile=/);
  t.match(found.snapshotUrl ?? '', /compression=20$/);
});

const TIMES = { termMs: 60_000, askMs: 5_000, slackMs: 1_000 };

t.test('a recorded Hikvision camera grants a subscription under an address of its own', async (t) => {
  const xaddr = await replay(t, 'hikvision', { recordedHost: '10.10.1.60' });
  const point = new PullPoint(onvifPorts(t), { xaddr, ...LOGIN }, TIMES);
  t.equal(await point.subscribe(new AbortController().signal), 60_000);
  t.same(await point.pull(1_000, new AbortController().signal), { notifications: [], beyond: 0 });
});

t.test('a recorded Axis camera is sent back the number it gave the subscription', async (t) => {
  const asked: string[] = [];
  const xaddr = await replay(t, 'axis', { recordedHost: '192.168.0.19', asked });
  const point = new PullPoint(onvifPorts(t), { xaddr, ...LOGIN }, TIMES);
  await point.subscribe(new AbortController().signal);
  // Who recorded it did not send the number.
  await t.rejects(point.pull(1_000, new AbortController().signal), /device-fault/);
  const echo =
    '<r:SubscriptionId xmlns:r="http://www.axis.com/2009/event" a:IsReferenceParameter="true">5</r:SubscriptionId>';
  t.match(asked.at(-1), echo);
});

const HOW = { deadlineMs: 5_000 };

t.test('what a technician reads of a recorded Hikvision camera, and sets on it', async (t) => {
  const asked: string[] = [];
  const xaddr = await replay(t, 'hikvision', { recordedHost: '10.10.1.60', asked });
  const services = await CameraServices.open({ xaddr, ...LOGIN }, onvifPorts(t), HOW);
  const zone = 'CST7:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00';
  const ntp = { fromDhcp: true, servers: ['10.10.1.4'] };
  t.match(await readTime(services, HOW), { follows: 'manual', zone, daylightSavings: true, ntp });
  t.match(await readNetwork(services, HOW), {
    hostname: 'localhost',
    interfaces: [{ name: 'eth0', mac: '44:19:b6:3e:ba:a1', enabled: true, dhcp: true, addresses: ['127.64.23.1/16'] }],
    gateways: ['10.10.1.1', '::'],
    dns: ['10.10.1.4'],
    protocols: [
      { name: 'HTTP', enabled: true, ports: [80] },
      { name: 'RTSP', enabled: true, ports: [554] },
    ],
  });
  t.equal(await sourceOf(services, null, HOW), 'VideoSource_1');
  await setServers(services, { fromDhcp: false, servers: ['10.0.0.1'] }, HOW);
  await services.ask('device', 'SystemReboot', '', HOW);
  const head = await PtzHead.open(services, HOW);
  t.match((await head.presets(HOW)).slice(1, 3), [{ token: '2' }, { token: '3', name: 'preset 2' }]);
  await head.goto('2', HOW);
  await t.rejects(setTime(services, { wish: { to: 'now' }, nowMs: () => 0 }, HOW), { code: 'outbound.failed' });
  const sent = asked.at(-1) ?? '';
  t.ok(sent.includes(`<tds:DaylightSavings>true</tds:DaylightSavings><tds:TimeZone><tt:TZ>${zone}</tt:TZ>`), sent);
});

t.test('what a technician reads of a recorded Axis camera, and what it refuses', async (t) => {
  const xaddr = await replay(t, 'axis', { recordedHost: '192.168.0.19' });
  const services = await CameraServices.open({ xaddr, ...LOGIN }, onvifPorts(t), HOW);
  t.match(await readTime(services, HOW), {
    zone: 'MST7MDT,M3.2.0,M11.1.0',
    daylightSavings: true,
    ntp: { fromDhcp: true, servers: [] },
  });
  t.match(await readNetwork(services, HOW), {
    interfaces: [{ mac: '00:40:8C:FA:B7:54', dhcp: true, addresses: ['127.64.23.1/24'] }],
    dns: ['192.168.0.1'],
    protocols: [
      { name: 'HTTP', enabled: true, ports: [80] },
      { name: 'HTTPS', enabled: false, ports: [443] },
      { name: 'RTSP' },
    ],
  });
  t.equal(await sourceOf(services, null, HOW), '0');
  const named = setServers(services, { fromDhcp: false, servers: ['10.0.0.1'] }, HOW);
  await t.rejects(named, /device-fault at SetNTP/);
  const head = await PtzHead.open(services, HOW);
  t.match((await head.presets(HOW))[0], { token: '22', name: 'Living Room' });
});

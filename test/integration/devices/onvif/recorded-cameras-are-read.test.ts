import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { inspectCamera } from '../../../../src/devices/onvif/inspect.ts';
import { PullPoint } from '../../../../src/devices/onvif/pull-point.ts';
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

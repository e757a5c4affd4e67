import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { inspectCamera } from '../../../src/devices/onvif/inspect.ts';
import { onvifPorts } from '../../support/cameras.ts';

/** Answers with what a real camera once answered (test/fixtures/onvif, MIT), its address replaced by ours. */
async function replay(t: { teardown(run: () => unknown): void }, maker: string, recordedHost: string): Promise<string> {
  const host = '127.64.23.1';
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const operation = /<s:Body><\w+:(\w+)/.exec(body)?.[1] ?? 'none';
    const path = new URL(`../../fixtures/onvif/${maker}/${operation}.Response.xml`, import.meta.url);
    const text = await readFile(path, 'utf8').catch(() => null);
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
  const xaddr = await replay(t, 'hikvision', '10.10.1.60');
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
  const xaddr = await replay(t, 'axis', '192.168.0.19');
  const found = await inspectCamera({ xaddr, ...LOGIN }, onvifPorts(t));
  t.match(found, { maker: /axis/i, firmware: '5.55.1.2', serial: '00408CFAB754', hardwareId: '1C9.2' });
  t.match(found.mainStreamUrl, /^rtsp:\/\/127\.64\.23\.1\/onvif-media\/media\.amp\?profile=/);
  t.match(found.snapshotUrl ?? '', /compression=20$/);
});

import { readFileSync } from 'node:fs';
import http from 'node:http';
import soap from 'node-onvif/lib/modules/soap.js';
import t from 'tap';
import { inspectCamera } from '../../../../src/devices/onvif/inspect.ts';
import { onvifPorts, startCameras } from '../../../support/streams/cameras.ts';

t.test('node-onvif opens no connection of its own: every request goes out through outbound', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.24.1', onvifAuth: 'wsse', media: 'media' });
  const own = http.request;
  t.teardown(() => {
    http.request = own;
  });
  http.request = (() => {
    throw new Error('node-onvif opened a connection');
  }) as typeof http.request;
  const ports = onvifPorts(t);
  const sent: string[] = [];
  const outbound = {
    http: (request: Parameters<typeof ports.outbound.http>[0]) => {
      sent.push(/<(?:tds|trt):(\w+)/.exec(String(request.body))?.[1] ?? 'unknown');
      return ports.outbound.http(request);
    },
  };
  await inspectCamera({ xaddr: camera.xaddr, ...camera.account }, { ...ports, outbound });
  // The plain pictures of both qualities have one size, so there is no sub stream to ask for.
  const media = ['GetProfiles', 'GetStreamUri', 'GetSnapshotUri'];
  t.same(sent, [
    'GetSystemDateAndTime',
    'GetDeviceInformation',
    'GetNetworkInterfaces',
    'GetEndpointReference',
    'GetServices',
    ...media,
  ]);
  t.same(camera.requests, sent, 'and nothing reached the camera by another way');
});

t.test('outside of a session the library sends nothing', async (t) => {
  await t.rejects(soap.requestCommand({ href: 'http://127.64.24.2/' }, 'GetHostname', '<x/>'), /outside of a session/);
});

t.test('the library is the one the adapter was written for', async (t) => {
  const { version } = JSON.parse(readFileSync('node_modules/node-onvif/package.json', 'utf8')) as { version: string };
  t.equal(version, '0.1.7', 'look at session.ts again before taking another version');
});

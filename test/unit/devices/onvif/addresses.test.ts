import t from 'tap';
import { cameraUrl, ownUrl } from '../../../../src/devices/onvif/addresses.ts';

const CAMERA = new URL('http://10.1.2.3:8000/onvif/device_service');

const OWN: [string, string | null][] = [
  ['rtsp://10.1.2.3:554/Streaming/Channels/101?transportmode=unicast', null],
  ['rtsp://10.1.2.3/stream', null],
  ['rtsp://admin:secret@10.1.2.3/stream', 'rtsp://10.1.2.3/stream'],
  [' rtsp://10.1.2.3/stream ', 'rtsp://10.1.2.3/stream'],
];

const FOREIGN = [
  'rtsp://10.1.2.4/stream',
  'rtsp://10.1.2.3.example.org/stream',
  'rtsp://10.1.2.3@10.9.9.9/stream',
  'rtsp://[::1]/stream',
  'http://10.1.2.3/stream',
  'file:///etc/passwd',
  'rtsp://10.1.2.3/a b',
  'rtsp://10.1.2.3/\r\nX: y',
  `rtsp://10.1.2.3/${'x'.repeat(1_100)}`,
  'rtsp://',
  '',
];

t.test("a camera's own addresses are taken, without user and password", async (t) => {
  for (const [text, expected] of OWN) t.equal(ownUrl(text, CAMERA, ['rtsp:'])?.href, expected ?? text);
});

t.test('addresses of other machines or schemes are not', async (t) => {
  for (const text of FOREIGN) t.equal(ownUrl(text, CAMERA, ['rtsp:']), null, text.slice(0, 60));
});

t.test('a device service is a plain http or https address', async (t) => {
  t.equal(cameraUrl(CAMERA.href)?.href, CAMERA.href);
  t.ok(cameraUrl('https://camera.example.org/onvif/device_service'));
  for (const text of ['10.1.2.3', 'rtsp://10.1.2.3/', 'http://a:b@10.1.2.3/', 'http://10.1.2.3/#x']) {
    t.equal(cameraUrl(text), null, text);
  }
});

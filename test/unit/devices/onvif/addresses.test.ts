import t from 'tap';
import { atCamera, cameraUrl, streamAtCamera } from '../../../../src/devices/onvif/addresses.ts';

const CAMERA = new URL('http://10.1.2.3:8000/onvif/device_service');

const STREAMS: [told: string, contacted: string, elsewhere: boolean][] = [
  ['rtsp://10.1.2.3:554/Channels/101?mode=unicast', 'rtsp://10.1.2.3:554/Channels/101?mode=unicast', false],
  ['rtsp://10.1.2.3/stream', 'rtsp://10.1.2.3/stream', false],
  ['rtsp://admin:secret@10.1.2.3/stream', 'rtsp://10.1.2.3/stream', false],
  [' rtsp://10.1.2.3/stream\n', 'rtsp://10.1.2.3/stream', false],
  ['rtsp://192.168.1.88:8554/stream', 'rtsp://10.1.2.3:8554/stream', true],
  ['rtsp://10.1.2.3.example.org/stream', 'rtsp://10.1.2.3/stream', true],
  ['rtsp://10.1.2.3@10.9.9.9/stream', 'rtsp://10.1.2.3/stream', true],
  ['rtsp://[::1]/stream', 'rtsp://10.1.2.3/stream', true],
  ['rtsp://0.0.0.0//127.0.0.1:6379/x', 'rtsp://10.1.2.3//127.0.0.1:6379/x', true],
  ['rtsp://10.1.2.3/user=a_channel=1&onvif=0.sdp?real', 'rtsp://10.1.2.3/user=a_channel=1&onvif=0.sdp?real', false],
];

const NO_STREAMS = [
  'http://10.1.2.3/stream',
  'file:///etc/passwd',
  'rtsp://10.1.2.3/a b',
  'rtsp://10.1.2.3/\r\nX: y',
  `rtsp://10.1.2.3/${'x'.repeat(1_100)}`,
  'rtsp://10.1.2.3:0/stream',
  'rtsp://',
  '',
];

t.test('a stream is looked for at the host the camera was contacted at, whatever it names', async (t) => {
  for (const [told, contacted, elsewhere] of STREAMS) {
    const address = streamAtCamera(told, CAMERA);
    t.same([address?.url.href, address?.elsewhere], [contacted, elsewhere], told);
    t.equal(address?.url.hostname, '10.1.2.3');
  }
  const byName = streamAtCamera('rtsp://10.1.2.3/stream', new URL('http://gate-7.example.org/onvif/device_service'));
  t.match(byName, { url: { href: 'rtsp://gate-7.example.org/stream' }, elsewhere: true });
  const v6 = streamAtCamera('rtsp://10.1.2.3/stream', new URL('http://[fd00::7]/onvif/device_service'));
  t.equal(v6?.url.href, 'rtsp://[fd00::7]/stream');
});

t.test('a service and a picture are asked for at host and port the camera was contacted at', async (t) => {
  for (const told of [
    'http://192.168.1.88/onvif/media',
    'https://10.9.9.9:8443/onvif/media',
    'http://10.1.2.3/onvif/media',
  ]) {
    t.equal(atCamera(told, CAMERA)?.href, 'http://10.1.2.3:8000/onvif/media', told);
  }
  t.equal(atCamera('http://192.168.1.88//10.9.9.9/snap?n=1', CAMERA)?.href, 'http://10.1.2.3:8000//10.9.9.9/snap?n=1');
  t.equal(atCamera('http://admin:secret@192.168.1.88/snap', CAMERA)?.href, 'http://10.1.2.3:8000/snap');
  for (const told of ['rtsp://10.1.2.3/onvif/media', 'file:///onvif/media', '']) t.equal(atCamera(told, CAMERA), null);
});

t.test('what is no rtsp address is none', async (t) => {
  for (const text of NO_STREAMS) t.equal(streamAtCamera(text, CAMERA), null, text.slice(0, 60));
});

t.test('a device service is a plain http or https address', async (t) => {
  t.equal(cameraUrl(CAMERA.href)?.href, CAMERA.href);
  t.ok(cameraUrl('https://camera.example.org/onvif/device_service'));
  for (const text of ['10.1.2.3', 'rtsp://10.1.2.3/', 'http://a:b@10.1.2.3/', 'http://10.1.2.3/#x']) {
    t.equal(cameraUrl(text), null, text);
  }
});

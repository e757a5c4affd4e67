import t from 'tap';
import { CameraAddresses } from '../../../../src/devices/cameras/addresses.ts';
import { deviceInput } from '../../../../src/devices/registry/input.ts';

const addresses = new CameraAddresses(['192.168.0.0/16', 'fd00::/8']);
const reached = deviceInput.pick({ stream: true, onvif: true });

t.test('addresses inside pass, and names, which are looked at when they are contacted', async (t) => {
  for (const host of [
    '192.168.1.20',
    '192.168.1.20:8554',
    '[fd00::1]',
    '[fd00::1]:554',
    '[::ffff:192.168.1.1]',
    'cam.site',
  ]) {
    t.doesNotThrow(() => addresses.check(reached.parse({ stream: { url: `rtsp://u:p@${host}/live` } })), host);
    t.doesNotThrow(
      () => addresses.check(reached.parse({ onvif: { xaddr: `http://${host}/onvif`, username: 'u', password: 'p' } })),
      host,
    );
  }
  t.doesNotThrow(() => addresses.check({}));
  t.doesNotThrow(() => addresses.check({ stream: null, onvif: null }));
});

t.test('addresses outside are refused in whatever form, naming field and setting, never the login', async (t) => {
  const hosts = [
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '0x7f000001',
    '2130706433',
    '0177.0.0.1',
    '0',
    '0.0.0.0',
    '169.254.169.254',
    '100.64.0.1',
    '10.0.0.1:80',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[fe80::1]',
    '１27.0.0.1',
    '127。0。0。1',
  ];
  for (const host of hosts) {
    for (const [path, input] of Object.entries({
      'stream.url': { stream: { url: `rtsp://u:hunter22@${host}/live` } },
      'stream.subUrl': { stream: { url: 'rtsp://192.168.1.20/', subUrl: `rtsp://u:hunter22@${host}/live` } },
      'onvif.xaddr': { onvif: { xaddr: `http://${host}/onvif`, username: 'u', password: 'hunter22' } },
    })) {
      try {
        addresses.check(reached.parse(input));
        t.fail(`${path} ${host} passed`);
      } catch (error) {
        t.match(
          error,
          { code: 'request.invalid', issues: [{ path, message: /CITYWATCH_CAMERA_NETWORKS/ }] },
          `${path} ${host}`,
        );
        t.notMatch((error as Error).message, 'hunter22');
      }
    }
  }
});

import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { VirtualCamera } from '../../../../simulators/camera/camera.ts';
import { cameraAuthorities } from '../../../../src/app/config/camera-authorities.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { CAMERA_CHECK_TIMES, checkCamera } from '../../../../src/devices/checks/camera-check.ts';
import { Outbound } from '../../../../src/platform/outbound/outbound.ts';
import { checkPorts, gradesOf } from '../../../support/devices/checks.ts';
import { selfSigned } from '../../../support/network/certificates.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { startCameras } from '../../../support/streams/cameras.ts';

/** The web service of a camera behind TLS, with its own certificate; resolves with the address of its ONVIF service. */
async function overHttps(t: Test, camera: VirtualCamera, pair: { cert: string; key: string }): Promise<string> {
  const server = createServer(pair, (incoming, answer) => {
    const { method, headers, url = '/' } = incoming;
    const onward = request(new URL(url, camera.xaddr), { method, headers }, (from) => {
      answer.writeHead(from.statusCode ?? 502, from.headers);
      from.pipe(answer);
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, camera.address, resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  return `https://${camera.address}:${port}/onvif/device_service`;
}

t.test(
  'a camera over https is believed by the certificates that were named for cameras, and by no others',
  async (t) => {
    const camera = await (await startCameras(t)).start({ address: '127.64.46.1', onvifAuth: 'digest' });
    const dir = t.testdir();
    const pair = selfSigned(dir, camera.address);
    const other = selfSigned(dir, '127.64.46.2');
    const xaddr = await overHttps(t, camera, pair);
    const ports = await checkPorts(t);
    const checkBy = async (pem: string | null) => {
      const path = pem === null ? null : join(dir, 'cameras.pem');
      if (path && pem) writeFileSync(path, pem);
      const authorities = await cameraAuthorities(path);
      const outbound = new Outbound({ clock: systemClock, observer: quietObserver(), authorities });
      t.teardown(() => outbound.close());
      const target = { onvif: { xaddr, ...camera.account }, stream: null, known: null };
      return await checkCamera(target, { ...ports, onvif: { ...ports.onvif, outbound } }, CAMERA_CHECK_TIMES);
    };
    const unknown = await checkBy(null);
    t.match(gradesOf(unknown), { reach: 'ok', port: 'ok', clock: 'failed tls', login: 'not-tried' });
    t.match(unknown.steps[2]?.hint, /CITYWATCH_CAMERA_CA_FILE/);
    t.match(gradesOf(await checkBy(other.cert)), { clock: 'failed tls', login: 'not-tried' });
    const believed = await checkBy(`the camera at the square\n${pair.cert}\n${other.cert}`);
    t.match(gradesOf(believed), {
      clock: 'ok',
      login: 'ok',
      identity: 'ok',
      profiles: 'ok',
      rtsp: 'ok',
      snapshot: 'ok',
    });
  },
);

t.test('a file of certificates that cannot be used is refused at the start, by the name of its setting', async (t) => {
  const dir = t.testdir({
    'empty.pem': '',
    'broken.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
  });
  for (const name of ['empty.pem', 'broken.pem', 'absent.pem']) {
    await t.rejects(cameraAuthorities(join(dir, name)), {
      code: 'config.invalid',
      issues: [{ path: 'CITYWATCH_CAMERA_CA_FILE' }],
    });
  }
});

import { X509Certificate } from 'node:crypto';
import t from 'tap';
import { inspectCamera } from '../../../src/devices/onvif/inspect.ts';
import { Authority } from '../../support/network/certificates.ts';
import { onvifPorts, startCameras } from '../../support/streams/cameras.ts';

t.test('a camera with a certificate answers ONVIF over TLS alone, and says so', async (t) => {
  const address = '127.64.20.90';
  const certificate = new Authority(t.testdir(), 'cameras').issue(address);
  const camera = await (await startCameras(t)).start({ address, certificate });
  t.match(camera.xaddr, /^https:/);
  const fingerprint = new X509Certificate(certificate.cert).fingerprint256.replaceAll(':', '').toLowerCase();
  const target = { xaddr: camera.xaddr, ...camera.account, fingerprint };
  const found = await inspectCamera(target, onvifPorts(t));
  t.match(found, { serial: camera.identity.serial, snapshotUrl: camera.snapshotUrl });
  t.match(found.snapshotUrl, /^https:/);
  const plain = { ...target, xaddr: camera.xaddr.replace('https:', 'http:') };
  await t.rejects(inspectCamera(plain, onvifPorts(t)));
  await camera.die();
  await camera.revive();
  t.equal((await inspectCamera(target, onvifPorts(t))).serial, camera.identity.serial, 'also when it comes back');
});

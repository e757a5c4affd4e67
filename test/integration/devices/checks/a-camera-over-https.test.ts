import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { AuthorityWatch, cameraAuthorities, readAuthorities } from '../../../../src/app/config/camera-authorities.ts';
import { judgeAuthorities } from '../../../../src/app/doctor/tls.ts';
import { DAY_MS, systemClock } from '../../../../src/core/clock.ts';
import { checkCamera } from '../../../../src/devices/checks/camera-check.ts';
import { CAMERA_CHECK_TIMES } from '../../../../src/devices/checks/camera-times.ts';
import { devicePatch } from '../../../../src/devices/registry/input.ts';
import { Outbound } from '../../../../src/platform/outbound/outbound.ts';
import { checkPorts, gradesOf } from '../../../support/devices/checks.ts';
import { selfSigned } from '../../../support/network/certificates.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { CAMERA_NETWORK, startCameras } from '../../../support/streams/cameras.ts';
import { overHttps } from '../../../support/streams/over-https.ts';
import { ManualClock } from '../../../support/time/clock.ts';

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
      identity: 'warning certificate-ends',
      profiles: 'ok',
      rtsp: 'ok',
      snapshot: 'ok',
    });
  },
);

t.test('a changed file is taken over, and one that cannot be used changes nothing', async (t) => {
  const camera = await (await startCameras(t)).start({ address: '127.64.46.3', onvifAuth: 'none' });
  const dir = t.testdir();
  const [pair, other] = [selfSigned(dir, camera.address), selfSigned(dir, '127.64.46.4')];
  const url = await overHttps(t, camera, pair);
  const path = join(dir, 'cameras.pem');
  writeFileSync(path, other.cert);
  const { cameras } = await cameraAuthorities(path);
  const [clock, observer] = [new ManualClock(), quietObserver()];
  const outbound = new Outbound({ clock: systemClock, observer, authorities: { cameras: cameras! } });
  t.teardown(() => outbound.close());
  const taken: string[] = [];
  const trust = (pem: string): void => {
    taken.push(pem);
    outbound.trust('cameras', pem);
  };
  const watch = new AuthorityWatch(path, cameras!, { clock, observer, trust });
  watch.start();
  t.teardown(() => watch.stop());
  const networks = { cidrs: [CAMERA_NETWORK], names: 'cameras' } as const;
  const ask = () =>
    outbound.http({ url, method: 'GET', deadlineMs: 5_000, maxBytes: 1_000, networks }).then(
      ({ status }) => status,
      (error: Error & { cause: { reason: string } }) => error.cause.reason,
    );
  const written = async (pem: string) => {
    writeFileSync(path, pem);
    const before = taken.length;
    await clock.advance(5_000);
    await watch.stop();
    watch.start();
    return taken.length - before;
  };
  t.equal(await ask(), 'tls');
  t.equal(await written(pair.cert), 1);
  t.equal(await ask(), 404, 'it answers, and knows no such page');
  t.equal(await written('nonsense'), 0);
  t.equal(await written(pair.cert), 0);
  t.equal(await ask(), 404);
  t.equal(await written(other.cert), 1);
  t.equal(await ask(), 'tls', 'also over a connection that was open');
});

t.test('a camera that is pinned is believed by its own certificate, and another one gets no password', async (t) => {
  const camera = await (await startCameras(t)).start({ address: '127.64.46.7', onvifAuth: 'digest' });
  const dir = t.testdir();
  // In no certificate stands the address: only the fingerprint counts.
  const [pair, other] = [selfSigned(dir, '127.64.46.8'), selfSigned(dir, '127.64.46.9')];
  const xaddr = await overHttps(t, camera, pair);
  const ports = await checkPorts(t);
  const fingerprintOf = (pem: string) => new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
  const checkBy = (pem: string) => {
    const onvif = { xaddr, ...camera.account, fingerprint: fingerprintOf(pem) };
    return checkCamera({ onvif, stream: null, known: null }, ports, CAMERA_CHECK_TIMES);
  };
  t.match(gradesOf(await checkBy(pair.cert)), { clock: 'ok', login: 'ok', profiles: 'ok', snapshot: 'ok' });
  const asked = camera.requests.length;
  t.match(gradesOf(await checkBy(other.cert)), { clock: 'failed tls', login: 'not-tried' });
  t.match(gradesOf(await checkBy(pair.cert)), { clock: 'ok' }, 'each pin has connections of its own');
  t.ok(asked > 0 && camera.requests.length > asked);
  const input = { xaddr: 'https://10.1.2.3/onvif', username: 'a', password: 'b' };
  const parse = (onvif: object) => devicePatch.safeParse({ onvif });
  const written = new X509Certificate(pair.cert).fingerprint256;
  t.equal(parse({ ...input, fingerprint: written }).data?.onvif?.fingerprint, fingerprintOf(pair.cert));
  t.notOk(parse({ ...input, fingerprint: written.slice(3) }).success);
  t.notOk(parse({ ...input, xaddr: 'http://10.1.2.3/onvif', fingerprint: written }).success, 'http shows none');
});

t.test('doctor says which certificate ended, or ends soon', async (t) => {
  const dir = t.testdir();
  const path = join(dir, 'cameras.pem');
  writeFileSync(path, `${selfSigned(dir, '127.64.46.5').cert}\n${selfSigned(dir, '127.64.46.6').cert}`);
  const { certificates } = await readAuthorities(path);
  const endMs = Date.parse(certificates[0]!.validTo);
  t.match(judgeAuthorities(certificates, endMs - 40 * DAY_MS), [{ level: 'fine', what: /^2 certificates/ }]);
  t.match(judgeAuthorities(certificates, endMs - 5 * DAY_MS), [
    { level: 'warning', what: /^certificate 1 of 2 .* ends in 5 days/ },
    { level: 'warning', what: /^certificate 2 of 2/ },
  ]);
  t.match(judgeAuthorities(certificates.slice(0, 1), endMs + 1), [{ level: 'warning', what: /ended at/ }]);
});

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

import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { fetchSnapshot } from '../../../../src/devices/checks/snapshot-page.ts';
import { inspectCamera } from '../../../../src/devices/onvif/inspect.ts';
import { Outbound } from '../../../../src/platform/outbound/outbound.ts';
import { selfSigned } from '../../../support/network/certificates.ts';
import { startLighttpd } from '../../../support/network/lighttpd.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { onvifPorts, startCameras } from '../../../support/streams/cameras.ts';

const LOGIN = { username: 'guard', password: 'Right2proper' };

/** The digest of others is what ours is measured by: the virtual camera checks it with code of our own. */
for (const [number, algorithm, isTls] of [
  [1, 'MD5', false],
  [2, 'SHA-256', false],
  [3, 'SHA-256', true],
] as const) {
  t.test(
    `lighttpd lets us in by digest ${algorithm}${isTls ? ' over TLS' : ''}, and nobody with a wrong password`,
    async (t) => {
      const host = `127.64.70.${number}`;
      const cameras = await startCameras(t);
      const camera = await cameras.start({ address: host, onvifAuth: 'none' });
      const pair = isTls ? selfSigned(t.testdir(), host) : undefined;
      const origin = await startLighttpd(t, {
        host,
        camera: new URL(camera.xaddr).host,
        ...LOGIN,
        algorithm,
        ...(pair && { pair }),
      });
      const authorities = pair ? { cameras: pair.cert } : {};
      const outbound = new Outbound({ clock: systemClock, observer: quietObserver(), authorities });
      t.teardown(() => outbound.close());
      const ports = { ...onvifPorts(t), outbound };
      const xaddr = `${origin}/onvif/device_service`;
      const found = await inspectCamera({ xaddr, ...LOGIN }, ports);
      t.equal(found.serial, camera.identity.serial);
      t.equal(new URL(found.snapshotUrl!).origin, origin);
      const wrong = inspectCamera({ xaddr, ...LOGIN, password: 'wrong' }, ports);
      await t.rejects(wrong, /\(auth at /);
      const look = (password: string) =>
        fetchSnapshot(`${origin}/nothing.jpg`, ports, {
          login: { ...LOGIN, password },
          deadlineMs: 5_000,
          signal: new AbortController().signal,
        });
      t.match(await look(LOGIN.password), { refused: 'status', detail: /404/ }, 'let in to a page that is not there');
      t.match(await look('wrong'), { refused: 'auth' });
      if (!isTls) return;
      const stranger = new Outbound({ clock: systemClock, observer: quietObserver() });
      t.teardown(() => stranger.close());
      await t.rejects(inspectCamera({ xaddr, ...LOGIN }, { ...ports, outbound: stranger }), /\(tls at /);
    },
  );
}

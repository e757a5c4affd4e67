import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import type { VirtualCamera } from '../../../simulators/camera/camera.ts';

/** The web service of a camera behind TLS, with its own certificate; resolves with the address of its ONVIF service. */
export async function overHttps(t: Test, camera: VirtualCamera, pair: { cert: string; key: string }): Promise<string> {
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

import { type AddressInfo, connect, createServer } from 'node:net';
import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import { TcpOutbound } from '../../../../src/platform/outbound/tcp.ts';
import { StreamFailure } from '../../../../src/streams/pool/types.ts';
import { CameraSession } from '../../../../src/streams/relay/camera-session.ts';
import { Relay } from '../../../../src/streams/relay/relay.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { TEST_NETWORK } from '../../../support/streams/streams.ts';

async function relay(t: Test) {
  const { log } = createObserver({ level: 'silent', secrets: new KnownSecrets() });
  const one = new Relay({ clock: systemClock, log });
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  one.serve(listener);
  t.teardown(() => one.stop());
  const { port } = listener.address() as AddressInfo;
  return { one, ask: (url: string, method?: string) => ask(port, url, method) };
}

/** What the relay says to one request, until it closes or has answered. */
function ask(port: number, url: string, method = 'OPTIONS'): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(`${method} ${url} RTSP/1.0\r\nCSeq: 1\r\n\r\n`));
    socket.on('data', (chunk) => {
      text += chunk;
      socket.end();
    });
    socket.once('close', () => resolve(text));
    socket.once('error', reject);
  });
}

t.test('an offer is taken once; another taker, or another token, gets nothing', async (t) => {
  const { one, ask } = await relay(t);
  const camera = await TestCamera.start(t);
  const tcp = new TcpOutbound({ clock: systemClock });
  const deps = { clock: systemClock, tcp, networks: [TEST_NETWORK], megabitsPerS: 10 };
  const session = await CameraSession.open(deps, { url: camera.url }, new AbortController().signal);
  const { url } = one.offer(session);
  t.match(url, /^rtsp:\/\/relay\.invalid\/[0-9a-f]{32}$/);
  const answer = await ask(url, 'DESCRIBE');
  t.match(answer, /^RTSP\/1\.0 200 OK\r\n/);
  t.notMatch(answer, /127\.64|live|track1/, 'nothing of the camera in it');
  t.equal(await ask(url, 'DESCRIBE'), '', 'taken');
  t.equal(await ask(url.replace(/[0-9a-f]{32}$/, '0'.repeat(32))), '');
  t.equal(await ask(url.replace(/[0-9a-f]{32}$/, '../constructor')), '');

  const second = one.offer(session);
  second.withdraw();
  t.equal(await ask(second.url), '', 'withdrawn');
  await session.close(new StreamFailure('stopped'));
});

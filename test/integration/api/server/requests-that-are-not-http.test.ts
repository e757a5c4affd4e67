import { connect } from 'node:net';
import t from 'tap';
import { listen } from '../../../../src/api/server/server.ts';
import { bearer, startApi, TOKENS } from '../../../support/api/api.ts';
import { limited } from '../../../support/api/api-settings.ts';

function exchange(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
    socket.end(bytes);
  });
}

const POST = `POST /api/v1/devices HTTP/1.1\r\nHost: x\r\nAuthorization: ${bearer(TOKENS.admin).authorization}\r\n`;
const SECOND = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';

const SMUGGLED = {
  'length and chunks': `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SECOND}`,
  'two lengths': `${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello${SECOND}`,
  'a signed length': `${POST}Content-Length: +5\r\n\r\nhello${SECOND}`,
  'a bare line feed': `${POST}X: a\nY: b\r\n\r\n${SECOND}`,
  'a folded header': `${POST}X: a\r\n b\r\nContent-Length: 0\r\n\r\n${SECOND}`,
  'chunks of another spelling': `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${SECOND}`,
  'a space before the colon': `${POST}Content-Length : 5\r\n\r\nhello${SECOND}`,
  'no HTTP at all': Buffer.from('\x16\x03\x01\x02\x00\x01\x00', 'latin1'),
};

t.test('ambiguous framing is refused and the second request never seen', async (t) => {
  const { app } = await startApi(t);
  const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
  for (const [name, bytes] of Object.entries(SMUGGLED)) {
    const text = await exchange(port, bytes);
    t.match(text, /^HTTP\/1.1 400 .*application\/problem\+json.*"code":"request.malformed"/s, name);
    t.notMatch(text, /"alive":true/, `${name}: no second answer`);
  }
});

t.test('a header block without end is refused', async (t) => {
  const { app } = await startApi(t);
  const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
  const text = await exchange(port, `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(64_000)}\r\n\r\n`);
  t.match(text, /^HTTP\/1.1 413 .*"code":"request.too-large"/s);
});

t.test('more connections than allowed are closed at once, the open ones go on', async (t) => {
  const settings = limited({ connectionsMax: 2 });
  const { app, deps } = await startApi(t, { settings });
  const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
  const held = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  await Promise.all(held.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  t.equal(await exchange(port, SECOND), '');
  const answer = new Promise<string>((resolve) => held[0]!.once('data', (chunk) => resolve(String(chunk))));
  held[0]!.write(SECOND);
  t.match(await answer, /^HTTP\/1.1 200 /);
  for (const socket of held) socket.destroy();
  t.match(await deps.observer.metrics.metrics(), /citywatch_http_connections_refused_total 1/);
});

t.test('silent connections shut nobody out, and end nobody who has shown who it is', async (t) => {
  const settings = limited({ unprovenPerAddressMax: 5 });
  const { app, deps } = await startApi(t, { settings });
  const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
  const open = () => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    t.teardown(() => socket.destroy());
    return socket;
  };
  const kept = open();
  const answered = () => new Promise<string>((resolve) => kept.once('data', (chunk) => resolve(String(chunk))));
  const request = `GET /api/v1/kinds HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKENS.viewer}\r\n\r\n`;
  kept.write(request);
  t.match(await answered(), /^HTTP\/1.1 200 /);
  const crowd = Array.from({ length: 30 }, open);
  await Promise.all(
    crowd.slice(0, 25).map((socket) => new Promise((resolve) => socket.resume().once('close', resolve))),
  );
  t.match(await exchange(port, SECOND), /^HTTP\/1.1 200 /);
  kept.write(request);
  t.match(await answered(), /^HTTP\/1.1 200 /);
  t.match(await deps.observer.metrics.metrics(), /citywatch_http_newcomers_closed_total 26/);
});

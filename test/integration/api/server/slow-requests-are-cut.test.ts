import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { TIMEOUTS } from '../../../../src/api/server/limits.ts';
import { listen } from '../../../../src/api/server/server.ts';
import { bearer, startApi, TOKENS } from '../../../support/api/api.ts';
import { memoryAlerts } from '../../../support/api/memory/alerts.ts';

const LIMIT_MS = 15_000;
/** Everything is so many times as fast here. */
const HASTE = 20;
const AUTHORIZATION = `Authorization: ${bearer(TOKENS.admin).authorization}\r\n`;

/** Sends `head`, then ever another `byte`; answers what came back until the server had enough. */
function drip(port: number, head: string, byte: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const timer = setInterval(() => byte !== '' && socket.writable && socket.write(byte), 500 / HASTE);
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      resolve(text);
    });
    socket.write(head);
  });
}

t.test('whoever sends too slowly is cut within 15 s, and nobody else notices', async (t) => {
  const { app } = await startApi(t);
  const { port, url } = await listen(app, { host: '127.0.0.1', port: 0 });
  const limits = ['requestTimeout', 'headersTimeout', 'keepAliveTimeout'] as const;
  for (const name of limits) {
    const limitMs = app.server[name];
    t.ok(limitMs > 0 && limitMs + TIMEOUTS.checkMs < LIMIT_MS, `${name} of ${limitMs} ms`);
    app.server[name] = limitMs / HASTE;
  }
  const body = `POST /api/v1/devices HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}Content-Type: application/json\r\n`;
  const slow = Promise.all([
    drip(port, `${body}Content-Length: 1000\r\n\r\n`, ' '),
    drip(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'a'),
    drip(port, '', ''),
    drip(port, `GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`, ''),
  ]);
  t.equal((await fetch(`${url}/healthz`)).status, 200);
  const [slowBody, slowHead, silent, idle] = await slow;
  t.match(slowBody, /^HTTP\/1.1 408 .*"code":"request.too-slow"/s);
  t.match(slowHead, /^HTTP\/1.1 408 /);
  t.match(silent, /^HTTP\/1.1 408 /);
  t.match(idle, /^HTTP\/1.1 200 /, 'an idle connection is closed');
});

t.test('a file of plates that goes on arriving is not cut', async (t) => {
  let bytes = 0;
  const alerts = memoryAlerts();
  alerts.entryFiles = {
    add: async (_caller, _id, pieces) => {
      for await (const piece of pieces) bytes += piece.length;
      return { lines: 0, added: 0, known: 0, refused: 0, faults: [], entries: 0 };
    },
  };
  const { app } = await startApi(t, { alerts });
  const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
  // Node looks at the one only once the other has passed.
  app.server.headersTimeout /= HASTE;
  app.server.requestTimeout /= HASTE;
  const type = 'Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n';
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.write(`POST /api/v1/watchlists/w-1/entries HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}${type}`);
  const piece = 'x'.repeat(1_000);
  // Longer than the time of a request, and than the server takes to see that it is over.
  const pieces = Math.ceil((app.server.requestTimeout + 1.3 * TIMEOUTS.checkMs) / 25);
  let sent = 0;
  const timer = setInterval(() => {
    socket.write(sent < pieces ? `3e8\r\n${piece}\r\n` : '0\r\n\r\n');
    sent += 1;
    if (sent > pieces) clearInterval(timer);
  }, 25);
  await once(socket, 'data');
  clearInterval(timer);
  t.match(text, /^HTTP\/1.1 200 /);
  t.equal(bytes, pieces * piece.length);
  socket.destroy();
});

import { connect } from 'node:net';
import t from 'tap';
import { listen } from '../../../../src/api/server/server.ts';
import { bearer, startApi, TOKENS } from '../../../support/api.ts';

const LIMIT_MS = 15_000;
const AUTHORIZATION = `Authorization: ${bearer(TOKENS.admin).authorization}\r\n`;

/** Sends `head`, then one byte every half second; answers what came back and how long the server put up with it. */
function drip(port: number, head: string, byte: string): Promise<{ text: string; ms: number }> {
  return new Promise((resolve) => {
    const startMs = performance.now();
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const timer = setInterval(() => byte !== '' && socket.writable && socket.write(byte), 500);
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      resolve({ text, ms: performance.now() - startMs });
    });
    socket.write(head);
  });
}

t.test('whoever sends too slowly is cut within 15 s, and nobody else notices', async (t) => {
  const { app } = await startApi(t);
  const { port, url } = await listen(app, { host: '127.0.0.1', port: 0 });
  const body = `POST /api/v1/devices HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}Content-Type: application/json\r\n`;
  const slow = Promise.all([
    drip(port, `${body}Content-Length: 1000\r\n\r\n`, ' '),
    drip(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'a'),
    drip(port, ' ', ''),
    drip(port, `GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`, ''),
  ]);
  t.equal((await fetch(`${url}/healthz`)).status, 200);
  const [slowBody, slowHead, silent, idle] = await slow;
  t.match(slowBody.text, /^HTTP\/1.1 408 .*"code":"request.too-slow"/s);
  t.match(slowHead.text, /^HTTP\/1.1 408 /);
  for (const { ms } of [slowBody, slowHead, silent]) t.ok(ms < LIMIT_MS, `cut after ${Math.round(ms)} ms`);
  t.ok(idle.ms < LIMIT_MS, `an idle connection is closed after ${Math.round(idle.ms)} ms`);
});

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t from 'tap';
import { TIMEOUTS } from '../../../../src/api/server/limits.ts';
import { listen } from '../../../../src/api/server/server.ts';
import { bearer, DEVICE_SECRET, KIOSK, startApi, TOKENS } from '../../../support/api/api.ts';
import { hasty } from '../../../support/time/clock.ts';

/** Times of the server, and of what it waits for, are so many times as short here. */
const HASTE = 20;
const PIECE = 'x'.repeat(1_000);
const EACH_MS = 25;
const UNTIL_SEEN_MS = 1.3 * TIMEOUTS.checkMs;

/** Every route that takes a file, but for plates, which are read while they come. */
const FILES: { path: string; type: string; status: number; token?: string }[] = [
  { path: `/devices/${KIOSK}/photos?id=${randomUUID()}`, type: 'image/png', status: 201 },
  { path: `/orders/W-2026-1/photos?id=${randomUUID()}`, type: 'image/png', status: 201 },
  // It comes as a whole, and is no picture.
  { path: `/devices/${KIOSK}/images`, type: 'image/png', status: 400, token: `${KIOSK}:${DEVICE_SECRET}` },
  { path: '/devices/import', type: 'text/csv', status: 202 },
  { path: '/rules/recordings', type: 'application/x-ndjson', status: 201 },
];

type Sent = (typeof FILES)[number];

/** The head of a request whose body comes in pieces, or has `bytes`. */
function begin(
  port: number,
  { path, type, token = TOKENS.admin }: Sent,
  bytes?: number,
): { socket: Socket; answer: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  const length = bytes === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes}`;
  const lines = [
    `POST /api/v1${path} HTTP/1.1`,
    'Host: x',
    `Authorization: ${bearer(token).authorization}`,
    `Content-Type: ${type}`,
    length,
  ];
  socket.on('error', () => {});
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return { socket, answer: once(socket, 'data').then(([data]) => String(data)) };
}

t.test('a file that goes on coming is taken, though it takes longer than a request may', async (t) => {
  const { app } = await startApi(t);
  const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
  // Node looks at the one only once the other has passed.
  app.server.headersTimeout /= HASTE;
  app.server.requestTimeout /= HASTE;
  // Longer than the time of a request, and than the server takes to see that it is over.
  const pieces = Math.ceil((app.server.requestTimeout + UNTIL_SEEN_MS) / EACH_MS);
  const all = FILES.map(async (sent) => {
    const { socket, answer } = begin(port, sent);
    let count = 0;
    const timer = setInterval(() => {
      socket.write(count < pieces ? `3e8\r\n${PIECE}\r\n` : '0\r\n\r\n');
      count += 1;
      if (count > pieces) clearInterval(timer);
    }, EACH_MS);
    const text = await answer;
    clearInterval(timer);
    socket.destroy();
    t.match(text, new RegExp(`^HTTP/1.1 ${sent.status} `), sent.path);
  });
  await Promise.all(all);
});

t.test('one that stops coming is refused by name', async (t) => {
  const { app } = await startApi(t, { clock: hasty(() => HASTE) });
  const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
  const all = FILES.map(async (sent) => {
    const { socket, answer } = begin(port, sent, 100_000);
    socket.write(PIECE);
    t.match(await answer, /^HTTP\/1.1 408 .*"code":"request.too-slow"/s, sent.path);
    socket.destroy();
  });
  await Promise.all(all);
});

t.test('one that is too long is refused before it has come, or as soon as it is', async (t) => {
  const { app } = await startApi(t);
  const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
  for (const sent of FILES) {
    const { socket, answer } = begin(port, sent, 500_000_000);
    t.match(await answer, /^HTTP\/1.1 413 .*"code":"request.too-large"/s, sent.path);
    socket.destroy();
  }
  const [photo] = FILES;
  const { socket, answer } = begin(port, photo!);
  const mebibyte = `100000\r\n${'x'.repeat(2 ** 20)}\r\n`;
  for (let n = 0; n < 9; n += 1) socket.write(mebibyte);
  t.match(await answer, /^HTTP\/1.1 413 .*at most 8388608 bytes/s);
  socket.destroy();
});

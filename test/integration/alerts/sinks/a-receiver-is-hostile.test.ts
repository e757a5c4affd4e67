import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { SendResult } from '../../../../src/alerts/sinks/sink.ts';
import { webhook } from '../../../../src/alerts/sinks/webhook/webhook.ts';
import { type Clock, systemClock } from '../../../../src/core/clock.ts';
import { Outbound } from '../../../../src/platform/outbound/outbound.ts';
import { quietObserver } from '../../../support/services/services.ts';

const TLS = join(import.meta.dirname, '../../../fixtures/tls');
/** What a receiver would send of ten gigabytes; what it got rid of is what we took. */
const CHUNK = Buffer.alloc(64 * 1024, 'x');
/** Sockets of both sides hold some MB more than is read. */
const TAKEN_MAX = 16 * 1024 * 1024;

/** The limits of a send come a hundred times sooner: for receivers that never answer. */
const hasty: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms / 100, run) };

function sinkBy(clock: Clock) {
  const outbound = new Outbound({ clock, observer: quietObserver() });
  t.teardown(() => outbound.close());
  return webhook.open({}, { clock, outbound, webhooks: { cidrs: ['127.0.0.0/8'], names: 'webhooks' } });
}

const SINKS = { patient: sinkBy(systemClock), hasty: sinkBy(hasty) };

async function send(url: string, how: keyof typeof SINKS = 'patient'): Promise<SendResult> {
  const entry = { id: 'msg_1', event: 'e-1', type: 'alert.opened', at: '2026-11-21T08:00:00Z', alert: {} };
  const to = { target: { url }, secrets: { secret: ['whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'] } };
  return await SINKS[how].send(entry, to);
}

/** Answers the first bytes of each request as it is told; resolves with its address. */
async function receiver(t: Test, answer: (socket: Socket) => void): Promise<string> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket.on('error', () => {}));
    socket.once('data', () => answer(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Writes for ever, as long as somebody takes it. */
function flood(socket: Socket, head: string, piece: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece)) {
      if (socket.bytesWritten > 8 * TAKEN_MAX) socket.destroy();
    }
  };
  socket.on('drain', more);
  socket.write(head);
  more();
}

t.test('ten gigabytes of body: taken by the status line, and cut', async (t) => {
  for (const announced of ['content-length: 10000000000', 'transfer-encoding: chunked']) {
    let server: Socket | null = null;
    const piece = announced.startsWith('t')
      ? Buffer.concat([Buffer.from('10000\r\n'), CHUNK, Buffer.from('\r\n')])
      : CHUNK;
    const url = await receiver(t, (socket) => {
      server = socket;
      flood(socket, `HTTP/1.1 200 OK\r\n${announced}\r\n\r\n`, piece);
    });
    t.match(await send(url), { outcome: 'taken', status: 200 }, announced);
    t.ok(server!.bytesWritten < TAKEN_MAX, `it got rid of ${server!.bytesWritten} bytes`);
  }
});

t.test('headers without an end, at once or one by one, end the try', async (t) => {
  let flooded: Socket | null = null;
  const endless = await receiver(t, (socket) => {
    flooded = socket;
    flood(socket, 'HTTP/1.1 200 OK\r\n', Buffer.from(`x-more: ${'y'.repeat(4_000)}\r\n`));
  });
  t.match(await send(endless), { outcome: 'failed', retryable: true, status: null });
  t.ok(flooded!.bytesWritten < TAKEN_MAX);
  const slow = await receiver(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const drip = setInterval(() => socket.write('x: y\r\n'), 20);
    socket.on('close', () => clearInterval(drip));
  });
  t.match(await send(slow, 'hasty'), { outcome: 'failed', retryable: true, reason: /timeout/ });
});

t.test('silence, nonsense and half an answer are failures that may pass', async (t) => {
  const ways: [string, (socket: Socket) => void][] = [
    ['says nothing', () => {}],
    ['another protocol', (socket) => void socket.write('SSH-2.0-OpenSSH_9.6\r\n')],
    ['half a status line', (socket) => void socket.end('HTTP/1.1 2')],
    ['a status that is none', (socket) => void socket.write('HTTP/1.1 999999 OK\r\n\r\n')],
    ['an interim answer for ever', (socket) => void socket.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(50))],
  ];
  for (const [what, answer] of ways) {
    const result = await send(await receiver(t, answer), 'hasty');
    t.match(result, { outcome: 'failed', retryable: true, retryAfterMs: null }, what);
    t.match((result as { reason: string }).reason, /^\S.{0,200}$/, `${what}: one line`);
  }
});

t.test('a certificate that nobody vouches for, or of another name, is never sent to', async (t) => {
  for (const name of ['127.0.0.1', 'localhost']) {
    let asked = 0;
    const server = createTlsServer(
      { key: readFileSync(join(TLS, 'one.key')), cert: readFileSync(join(TLS, 'one.crt')) },
      (_request, response) => {
        asked += 1;
        response.end();
      },
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => {
      server.closeAllConnections();
      server.close();
    });
    const result = await send(`https://${name}:${(server.address() as AddressInfo).port}/`);
    t.match(result, { outcome: 'failed', retryable: true, reason: /tls/ }, name);
    t.equal(asked, 0, 'nothing of the alert was told');
  }
});

t.test('a pause that is asked for is a number of seconds or a date, and nothing else', async (t) => {
  const asked: [string, number | null][] = [
    ['8', 8_000],
    ['0', 0],
    ['-5', null],
    ['soon', null],
    ['1e9', null],
    ['99999999999', null],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ];
  for (const [text, ms] of asked) {
    const url = await receiver(t, (socket) => {
      socket.end(`HTTP/1.1 503 Busy\r\nretry-after: ${text}\r\ncontent-length: 0\r\n\r\n`);
    });
    t.match(await send(url), { outcome: 'failed', status: 503, retryAfterMs: ms }, text);
  }
});

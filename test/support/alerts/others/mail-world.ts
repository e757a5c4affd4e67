import { readFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import type { Owner } from '../../services/services.ts';
import type { Answer, Arrived, SinkWorld } from '../sink-worlds.ts';

const TLS = join(import.meta.dirname, '../../../fixtures/tls');
const HOST = '127.0.0.1';
const LOGIN = { username: 'desk', password: 'a password of nobody' };

/** The code with which the server answers to a message. */
const REFUSED: Partial<Record<Answer, number>> = { failed: 451, busy: 451, hopeless: 554, gone: 554 };

/** An SMTP server over TLS that wants a login, and answers to messages as it is told. */
export async function mailWorld(t: Owner): Promise<SinkWorld> {
  const arrived: Arrived[] = [];
  const sockets = new Set<Socket>();
  let how: Answer = 'taken';
  const server = new SMTPServer({
    secure: true,
    key: readFileSync(join(TLS, 'one.key')),
    cert: readFileSync(join(TLS, 'one.crt')),
    logger: false,
    onAuth: ({ username, password }, _session, done) => {
      const isRight = username === LOGIN.username && password === LOGIN.password;
      done(isRight ? null : new Error('no'), isRight ? { user: LOGIN.username } : undefined);
    },
    onData: (stream, _session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        arrived.push({ id: /^X-Citywatch-Id: (.*)\r$/im.exec(body)?.[1] ?? '', body });
        const code = REFUSED[how];
        if (how === 'taken') done();
        else if (code !== undefined) done(Object.assign(new Error('no'), { responseCode: code }));
        else if (how === 'raves') for (const { _socket } of connections()) _socket?.end('nonsense\r\n');
        else if (how === 'hangs up') for (const { _socket } of connections()) _socket?.destroy();
      });
    },
  });
  const connections = () => [...server.connections] as unknown as { _socket?: Socket }[];
  server.on('error', () => {});
  server.server.on('connection', (socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
  });
  await new Promise<void>((resolve) => void server.listen(0, HOST, resolve));
  const { port } = server.server.address() as AddressInfo;
  const down = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  t.teardown(down);
  const target = { host: HOST, port, security: 'tls', from: 'desk@city.example', to: ['lead@city.example'], ...LOGIN };
  return {
    settings: { networks: ['127.0.0.0/8'], caFile: join(TLS, 'one.crt') },
    target,
    forbidden: [{ ...target, host: '10.1.2.3' }],
    answers: ['taken', 'failed', 'hopeless', 'hangs up', 'says nothing', 'raves'],
    answer: (next) => {
      how = next;
    },
    arrived,
    down,
  };
}

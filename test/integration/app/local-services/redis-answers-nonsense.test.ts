import { type AddressInfo, createServer, type Socket } from 'node:net';
import t from 'tap';
import { askRedis } from '../../../../src/app/local-services/redis-probe.ts';
import type { Owner } from '../../../support/services/services.ts';

async function serverThat(t: Owner, answer: (socket: Socket, asked: string) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => answer(socket, String(bytes)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  return `redis://user:p%40ss@127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const patient = () => new AbortController().signal;

t.test('replies in pieces are put together, and the password goes first', async (t) => {
  let asked = '';
  const url = await serverThat(t, (socket, text) => {
    asked = text;
    for (const [at, byte] of [...'+OK\r\n*3\r\n:42\r\n$-1\r\n$7\r\na\r\nb€\r\n'].entries())
      setTimeout(() => socket.write(byte), at);
  });
  t.same(await askRedis(url, [['ANY', 'thing']], patient()), [[42, null, 'a\r\nb€']]);
  t.match(asked, '*3\r\n$4\r\nAUTH\r\n$4\r\nuser\r\n$4\r\np@ss\r\n*2\r\n$3\r\nANY\r\n$5\r\nthing\r\n');
});

t.test('an error, another protocol, too much, silence and a closed door are all refused', async (t) => {
  const cases: [string, (socket: Socket) => void, RegExp][] = [
    ['error', (socket) => socket.write('-WRONGPASS no\r\n'), /Redis said: WRONGPASS/],
    ['http', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), /no Redis/],
    ['flood', (socket) => socket.write(`$999999999\r\n${'x'.repeat(300_000)}`), /too much/],
    ['closed', (socket) => socket.end(), /closed the connection/],
  ];
  for (const [name, answer, message] of cases) {
    await t.rejects(askRedis(await serverThat(t, answer), [['PING']], patient()), { message }, name);
  }
  const silent = new AbortController();
  const asking = askRedis(await serverThat(t, () => silent.abort()), [['PING']], silent.signal);
  await t.rejects(asking, { message: 'no answer in time' });
});

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t from 'tap';
import { DistrictNetwork } from '../../../../simulators/faults/district.ts';
import { TcpProxy } from '../../../../simulators/faults/tcp-proxy.ts';

interface Owner {
  teardown(run: () => unknown): void;
}

/** A server that says from where it was spoken to, and everything that it hears in capitals. */
async function startServer(t: Owner): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(`${socket.remoteAddress}\n`);
    socket.on('data', (chunk) => socket.write(chunk.toString().toUpperCase()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function startProxy(t: Owner): Promise<TcpProxy> {
  const to = { host: '127.0.0.1', port: await startServer(t) };
  const proxy = new TcpProxy({ host: '127.0.0.1', to, keepsAddress: true });
  await proxy.start();
  t.teardown(() => proxy.stop());
  return proxy;
}

function speak(t: Owner, port: number, localAddress = '127.65.0.9') {
  const socket: Socket = connect({ port, host: '127.0.0.1', localAddress });
  const heard = { text: '', pieces: 0, isReset: false };
  let wake = (): void => {};
  socket.on('data', (chunk) => {
    heard.text += chunk;
    heard.pieces += 1;
    wake();
  });
  socket.on('error', () => {
    heard.isReset = true;
  });
  t.teardown(() => socket.destroy());
  const until = async (end: string): Promise<void> => {
    while (!heard.text.endsWith(end)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return { socket, heard, until, closed };
}

t.test('without a fault all passes, from the address of who speaks', async (t) => {
  const proxy = await startProxy(t);
  const { socket, heard, until } = speak(t, proxy.port);
  socket.write('hello');
  await until('HELLO');
  t.equal(heard.text, '127.65.0.9\nHELLO');
});

t.test('silence holds everything back, and lets it through when it is over', async (t) => {
  const proxy = await startProxy(t);
  const before = speak(t, proxy.port);
  await before.until('\n');
  proxy.be('silence');
  const during = speak(t, proxy.port);
  await once(during.socket, 'connect');
  before.socket.write('one');
  during.socket.write('two');
  // Another connection, without the proxy, has been to the server and back meanwhile.
  const beside = speak(t, await startServer(t));
  await beside.until('\n');
  t.strictSame([before.heard.text.includes('ONE'), during.heard.text], [false, '']);
  proxy.be(null);
  await before.until('ONE');
  await during.until('TWO');
});

t.test('in slices it comes in many pieces, and whole', async (t) => {
  const proxy = await startProxy(t);
  proxy.be('slices');
  const { socket, heard, until } = speak(t, proxy.port);
  const text = 'abcdefghij'.repeat(5);
  socket.end(text);
  await until(text.toUpperCase());
  t.ok(heard.pieces > 3, `${heard.pieces}`);
});

t.test('late it comes all the same, and at once when the fault ends', async (t) => {
  const proxy = await startProxy(t);
  proxy.be('delay', 20);
  const late = speak(t, proxy.port);
  late.socket.write('late');
  await late.until('LATE');
  proxy.be('delay', 3_600_000);
  late.socket.write('more');
  await new Promise((resolve) => setImmediate(resolve));
  proxy.be(null);
  await late.until('MORE');
});

t.test('reset ends what stands and what comes', async (t) => {
  const proxy = await startProxy(t);
  const before = speak(t, proxy.port);
  await before.until('\n');
  proxy.be('reset');
  await before.closed;
  const during = speak(t, proxy.port);
  await during.closed;
  t.strictSame([before.heard.isReset, during.heard.text], [true, '']);
  proxy.be(null);
  await speak(t, proxy.port).until('\n');
});

t.test('the network of a district has doors of its own for each way in', async (t) => {
  const port = await startServer(t);
  const mqtt = { host: '127.0.0.1', port };
  const doors = { http: new URL(`http://127.0.0.1:${port}`), mqtt, mqtts: null, ca: null };
  const network = new DistrictNetwork(doors, true);
  await network.start();
  t.teardown(() => network.stop());
  t.not(network.doors.mqtt.port, port);
  t.not(network.doors.http.port, String(port));
  await speak(t, network.doors.mqtt.port).until('\n');
  network.be('reset');
  const away = speak(t, Number(network.doors.http.port));
  await away.closed;
  t.equal(away.heard.isReset, true);
});

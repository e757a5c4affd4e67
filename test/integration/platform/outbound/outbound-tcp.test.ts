import { createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { TcpOutbound } from '../../../../src/platform/outbound/tcp.ts';
import { keepAlive } from '../../../support/ingest/journal.ts';

const NETWORKS = ['127.64.0.0/16'];

async function listener(t: Test, host: string): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, sockets };
}

const target = (host: string, port: number) => ({
  host,
  port,
  networks: NETWORKS,
  setting: 'CITYWATCH_CAMERA_NETWORKS',
  deadlineMs: 1_000,
});

t.test('a name is looked up once, and the address that was checked is the one connected to', async (t) => {
  const { port, sockets } = await listener(t, '127.64.0.7');
  let lookups = 0;
  const lookup = async () => {
    lookups += 1;
    const address = lookups === 1 ? '127.64.0.7' : '127.0.0.1';
    return [
      { address: '10.0.0.1', family: 4 },
      { address, family: 4 },
    ];
  };
  const tcp = new TcpOutbound({ clock: systemClock, lookup });
  const socket = await tcp.connect(target('camera.site', port));
  t.equal(socket.remoteAddress, '127.64.0.7');
  t.equal(lookups, 1);
  socket.destroy();
  await t.rejects(tcp.connect(target('camera.site', port)), { code: 'outbound.refused', message: /CAMERA_NETWORKS/ });
  t.ok(sockets.length <= 1);
});

t.test('short and foreign spellings of addresses are refused without a look-up', async (t) => {
  let lookups = 0;
  const lookup = async () => {
    lookups += 1;
    return [{ address: '127.64.0.7', family: 4 }];
  };
  const tcp = new TcpOutbound({ clock: systemClock, lookup });
  for (const host of ['127.1', '0', '0x7f.1', '0x7f400007', '2134900743', '127.64.0.07', '127.64.0.7.']) {
    await t.rejects(tcp.connect(target(host, 9)), { code: 'outbound.refused' }, host);
  }
  t.equal(lookups, 0);
});

t.test('failures say in a word what was wrong, within the deadline', async (t) => {
  keepAlive(t);
  const nobody = async () => {
    throw Object.assign(new Error('x'), { code: 'ENOTFOUND' });
  };
  const tcp = new TcpOutbound({ clock: systemClock, lookup: nobody });
  await t.rejects(tcp.connect(target('camera.site', 9)), { code: 'outbound.failed', cause: { reason: 'dns' } });
  await t.rejects(tcp.connect(target('127.64.0.9', 9)), { code: 'outbound.failed', cause: { reason: 'unreachable' } });
  const slow = new TcpOutbound({ clock: systemClock, lookup: () => new Promise(() => {}) });
  const late = slow.connect({ ...target('camera.site', 9), deadlineMs: 50 });
  await t.rejects(late, { code: 'outbound.failed', cause: { reason: 'timeout' } });
  const stop = AbortSignal.abort(new Error('no longer wanted'));
  await t.rejects(tcp.connect({ ...target('127.64.0.9', 9), signal: stop }), { cause: { reason: 'aborted' } });
});

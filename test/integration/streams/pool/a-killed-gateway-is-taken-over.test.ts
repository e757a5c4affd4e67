import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { LeaseTable } from '../../../../src/streams/pool/lease-table.ts';
import { startScript } from '../../../support/processes.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { tcpPool } from '../../../support/streams/pool/pools.ts';
import { until } from '../../../support/time/until.ts';

const CHILD = join(import.meta.dirname, '../../../support/streams/pool/lease-child.ts');
const CAM = { deviceId: 'cam', quality: 'main', use: 'live' } as const;
/** Short, and yet long enough to be renewed on a machine that is busy. */
const TTL_MS = 6_000;

t.test('two gateways on one database: when one is killed the other pulls its camera, never both', async (t) => {
  const { url } = await freshDatabase(t);
  const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
  t.teardown(() => database.close());
  await migrate(database);
  const sockets = new Set<Socket>();
  let togetherMax = 0;
  const camera = createServer((socket) => {
    sockets.add(socket);
    togetherMax = Math.max(togetherMax, sockets.size);
    const sending = setInterval(() => socket.write('picture'), 50);
    socket.on('error', () => {});
    socket.once('close', () => {
      clearInterval(sending);
      sockets.delete(socket);
    });
  });
  await new Promise<void>((resolve) => camera.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    camera.close();
  });
  const { port } = camera.address() as AddressInfo;
  const leases = new LeaseTable({ database, node: 'survivor', ttlMs: TTL_MS });
  const pool = tcpPool(leases, port);
  t.teardown(() => pool.stop());

  const killed = await startScript(t, CHILD, [url, 'killed', String(port), String(TTL_MS)]);
  await until('the first gateway pulls', () => sockets.size === 1);
  const untilMs = async (): Promise<number> => {
    const { rows } = await sql<{ ms: number }>`select extract(epoch from until) * 1000 as ms from camera_lease`.execute(
      database.tables(),
    );
    return Number(rows[0]?.ms);
  };
  const first = await untilMs();
  await until('and renews its lease', async () => (await untilMs()) > first);
  await t.rejects(pool.lease(CAM), { message: /Another gateway .* It is killed/ });
  killed.process.kill('SIGKILL');
  await until('its connection is gone', () => sockets.size === 0);
  await t.rejects(pool.lease(CAM), { message: /if that one is gone, its lease ends in \d s/ });
  await until('its lease has run out and is taken', () =>
    pool.lease(CAM).then(
      () => true,
      () => false,
    ),
  );
  await until('the survivor pulls', () => sockets.size === 1);
  t.equal(togetherMax, 1);

  await sql`update camera_lease set node = 'third', epoch = nextval('camera_lease_epoch')`.execute(database.tables());
  await until('it stops when it finds its lease taken', () => sockets.size === 0);
  t.match(pool.list(), [{ reason: 'elsewhere' }]);
  await until('and pulls again when the third one is gone', () => sockets.size === 1);
  await pool.stop();
  const { rows } = await sql`select device from camera_lease`.execute(database.tables());
  t.same(rows, [], 'a clean stop leaves nothing to wait for');
});

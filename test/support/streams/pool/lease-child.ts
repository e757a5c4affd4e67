/**
 * A gateway reduced to its pool, for a test that kills it: pulls the camera `cam` of the given port under a lease of
 * the given database, and prints its process id once the camera has been connected to.
 */
import { systemClock } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database } from '../../../../src/platform/database/database.ts';
import { LeaseTable } from '../../../../src/streams/pool/lease-table.ts';
import { quietObserver } from '../../services/services.ts';
import { tcpPool } from './pools.ts';

const [url = '', node = '', port = '', ttlMs = ''] = process.argv.slice(2);
const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
const leases = new LeaseTable({ database, node, ttlMs: Number(ttlMs) });
const pool = tcpPool(leases, Number(port));
await pool.lease({ deviceId: 'cam', quality: 'main', use: 'live' });
process.stdout.write(`${process.pid}\n`);

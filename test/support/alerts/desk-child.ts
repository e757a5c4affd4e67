/** The alert side of a gateway that is killed: takes up what is due until then. Prints a line when it has begun. */
import { startAlertDesk } from './alert-desk.ts';

const [database = '', redis = ''] = process.argv.slice(2);
await startAlertDesk({ teardown: () => {} }, { database, redis, sweepMs: 50, leaseMs: 1_000 });
process.stdout.write('{}\n');
setInterval(() => {}, 60_000);

/**
 * A process that goes on with an import, for a test that kills it: `import-child.ts URL IMPORT KEYS`, where KEYS is the
 * key of the seal and the key of the hasher in hexadecimal. Prints a line once it begins.
 */
import { systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database } from '../../../src/platform/database/database.ts';
import { SecretHasher } from '../../../src/platform/secrets/hasher.ts';
import { exitsWhenNothingWaits } from '../processes.ts';
import { quietObserver } from '../services/services.ts';
import { openImports } from './imports.ts';
import { openRegistry } from './registry.ts';

exitsWhenNothingWaits();
const [url = '', id = '', sealKey = '', hashKey = ''] = process.argv.slice(2);
const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
const hasher = new SecretHasher(Buffer.from(hashKey, 'hex'));
const parts = await openRegistry({ teardown: () => {} }, { database, hasher });
const { work } = openImports(parts, { sealKey: Buffer.from(sealKey, 'hex') });
process.stdout.write('begins\n');
await work(id);
await database.close();

/** A {@link fillerLife} in a process of its own, for tests that kill it: `{url, directory, camera}` as JSON. */
import { systemClock } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database } from '../../../../src/platform/database/database.ts';
import { quietObserver } from '../../services/services.ts';
import { fillerLife } from './filler-life.ts';

const { url, ...place } = JSON.parse(process.argv[2]!);
const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
await fillerLife({ teardown: () => {} }, { database, ...place });

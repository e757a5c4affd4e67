import { createWriteStream } from 'node:fs';
import { systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database } from '../../../src/platform/database/database.ts';
import { exitsWhenNothingWaits } from '../processes.ts';
import { quietObserver } from '../services/services.ts';
import { openImages, tinyJpeg, tinyPicture } from './images.ts';

/** A child process that keeps two pictures, and says the id of each on file descriptor 3 when it may be relied on. */
exitsWhenNothingWaits();
const [url, directory] = [process.argv[2]!, process.argv[3]!];
const told = createWriteStream('', { fd: 3 });
const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
const images = openImages({ database, directory });
const device = { id: 'kiosk-1', kind: 'recycling-kiosk', kindVersion: 1, jurisdiction: '330212' };
const { id } = await images.keep(device, 'image/jpeg', tinyJpeg({ comment: 'of the child' }));
told.write(id);
told.write((await images.keep(device, 'image/png', tinyPicture())).id);

import { systemClock } from '../../../src/core/clock.ts';
import { startWatchdog } from '../../../src/platform/process/watchdog.ts';
import { quietObserver } from '../ingest/journal.ts';
import { lasts } from '../time/lasting.ts';

/** A child process that is watched, lives on for a second, and then hangs or ends as argv[2] says. */
const stop = startWatchdog(systemClock, quietObserver(), { roundMs: 50, roundsMax: 6 });
await lasts(1_000);
process.stdout.write('alive\n');
if (process.argv[2] === 'hang') for (;;);
if (process.argv[2] === 'stop') stop();

import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { ensureDirectory, writeFileDurable } from '../../platform/files/files.ts';
import { startWatchdog } from '../../platform/process/watchdog.ts';
import type { Config } from '../config/config.ts';
import { type Command, EXIT, prepare } from './command.ts';
import { endOfRun } from './end-of-run.ts';

/** SIGTERM drains within 10 s; what is left of them is for the process itself to end. */
const STOP_DEADLINE_MS = 9_000;

/** Where a running gateway leaves its address for commands that talk to it. */
export function addressFile({ dataDir }: Config): string {
  return join(dataDir, 'run', 'api-url');
}

export const serve: Command = {
  name: 'serve',
  summary: 'run the gateway',
  usage: '',
  details: ['Prints its addresses once it is ready. SIGTERM or Ctrl-C stops it; a second one stops it at once.'],
  options: {},
  run: async (_, terminal) => {
    const { config, observer } = prepare(terminal);
    const end = endOfRun({ observer, terminal, clock: systemClock });
    const { compose } = await import('../compose/compose.ts');
    const starting = compose({ config, observer, secrets: terminal.secrets, ended: end.signal });
    // Its thread is made while the servers start.
    const stopWatchdog = startWatchdog(systemClock, observer);
    starting.catch((err: unknown) => {
      if (!(err instanceof CitywatchError)) observer.log.fatal({ err }, 'could not start');
    });
    const gateway = await Promise.race([starting, end.asked]);
    if (!gateway) {
      const late = await starting.catch(() => null);
      await late?.stop(STOP_DEADLINE_MS);
      return EXIT.done;
    }
    await ensureDirectory(join(config.dataDir, 'run'), 0o700);
    await writeFileDurable(addressFile(config), gateway.urls.http, { mode: 0o600 });
    // In one piece: who waits for the first line may read the others at once.
    terminal.print(gateway.ready.join('\n'));
    const isLost = gateway.lost.then(() => true);
    if (await Promise.race([end.asked.then(() => false), isLost])) {
      terminal.complain('Another citywatch has taken this database; this one ends.');
      process.exit(EXIT.failed);
    }
    const failures = await gateway.stop(STOP_DEADLINE_MS);
    stopWatchdog();
    for (const { name, error } of failures)
      observer.log.error({ part: name, reason: String(error) }, 'did not stop well');
    return failures.length > 0 ? EXIT.failed : EXIT.done;
  },
};

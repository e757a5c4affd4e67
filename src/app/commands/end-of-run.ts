import type { Observer } from '../../core/observe.ts';
import { EXIT, type Terminal } from './command.ts';

/** `asked` resolves at the first signal to stop; a second one ends the process, and the kernel ends its children. */
export function endOfRun(observer: Observer | null, { complain, secrets }: Terminal): { asked: Promise<null> } {
  process.on('uncaughtException', (error) => {
    observer?.log.fatal({ err: error }, 'a bug: the process ends, and what was acknowledged is on disk');
    complain(secrets.redact(`citywatch failed: ${error.message}`));
    process.exit(EXIT.failed);
  });
  const asked = new Promise<null>((resolve) => {
    let signals = 0;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        signals += 1;
        if (signals > 1) process.exit(EXIT.failed);
        observer?.log.info({ signal }, 'stopping');
        resolve(null);
      });
    }
  });
  return { asked };
}

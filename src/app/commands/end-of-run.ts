import type { Clock } from '../../core/clock.ts';
import type { Observer } from '../../core/observe.ts';
import { isStartedByNpm } from '../config/config.ts';
import { EXIT, type Terminal } from './command.ts';

export interface EndOfRunInput {
  /** Null for a command that keeps no log. */
  observer: Observer | null;
  terminal: Terminal;
  clock: Clock;
}

export interface EndOfRun {
  asked: Promise<null>;
  /** Aborted when `asked` resolves. */
  signal: AbortSignal;
}

/** How often it is looked whether npm is still there. */
const LOOK_EVERY_MS = 250;

/**
 * `asked` resolves at the first signal to stop, or when the npm that started us is gone: a signal to npm, or to npx,
 * reaches its shell and not us. A second signal ends the process, and the kernel ends its children.
 */
export function endOfRun({ observer, terminal, clock }: EndOfRunInput): EndOfRun {
  const { complain, secrets } = terminal;
  process.on('uncaughtException', (error) => {
    observer?.log.fatal({ err: error }, 'a bug: the process ends, and what was acknowledged is on disk');
    complain(secrets.redact(`citywatch failed: ${error.message}`));
    process.exit(EXIT.failed);
  });
  const ending = new AbortController();
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
    onceNpmIsGone(clock, () => {
      observer?.log.info('stopping: the npm that started us has ended');
      resolve(null);
    });
  });
  void asked.then(() => ending.abort());
  return { asked, signal: ending.signal };
}

/** Whoever daemonises us without npm lives on without a parent. */
function onceNpmIsGone(clock: Clock, gone: () => void): void {
  if (!isStartedByNpm()) return;
  const parent = process.ppid;
  const cancel = clock.every(LOOK_EVERY_MS, () => {
    if (process.ppid === parent) return;
    cancel();
    gone();
  });
}

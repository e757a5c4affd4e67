import pg from 'pg';
import { type Clock, deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Logger } from '../../core/observe.ts';
import { postgresSocket } from '../outbound/named-sockets.ts';
import { toDatabaseError } from './sql-errors.ts';

/**
 * How long a start waits for a PostgreSQL that takes connections and lets nobody in yet: as long as a private server
 * has from its own start to its first answer.
 */
export const START_PATIENCE_MS = 120_000;

/** Nobody is there when a connection is not taken within this. */
const TAKEN_MS = 5_000;
/** From one refusal that will pass to the next try. */
const AGAIN_MS = 500;
const SAY_EVERY_MS = 5_000;

export interface Arrival {
  url: string;
  clock: Clock;
  log: Logger;
  patienceMs: number;
  /** Ends the wait: nobody wants to start any more. Absent where only the end of the process does. */
  ended?: AbortSignal | undefined;
}

/**
 * Waits until PostgreSQL lets us in: it may be starting, recover after a crash, or have a busy machine. As long as it
 * takes connections that lasts up to `patienceMs`, and the log says what is waited for. Fails at once where nobody
 * takes them, where it says no for good (login, database, right), and as soon as it is `ended`.
 */
export async function untilLetIn(arrival: Arrival): Promise<void> {
  const { clock, log, patienceMs, ended } = arrival;
  const beganMs = clock.monotonicMs();
  const limit = deadline(clock, patienceMs, ended);
  const quiet = clock.every(SAY_EVERY_MS, () => {
    const waited = { part: 'database', waitedMs: Math.round(clock.monotonicMs() - beganMs), atMostMs: patienceMs };
    log.warn(waited, 'waits for PostgreSQL: it takes connections and lets nobody in yet');
  });
  let said: CitywatchError | null = null;
  try {
    for (;;) {
      const refusal = await knock(arrival, limit.signal);
      if (refusal === null) return;
      // A try that the limit cuts says nothing of the server, which may have said why before.
      const isCut = limit.signal.aborted && said !== null;
      if (!isCut && (!refusal.isTaken || refusal.error.code !== 'store.unavailable')) throw refusal.error;
      if (!isCut) said = refusal.error;
      await clock.sleep(AGAIN_MS, limit.signal);
      if (limit.signal.aborted) {
        const detail = ended?.aborted
          ? 'The start was called off while PostgreSQL let nobody in yet.'
          : `PostgreSQL takes connections, and let nobody in within ${patienceMs / 1_000} s; see its log.`;
        throw new CitywatchError('store.unavailable', { detail, cause: said });
      }
    }
  } finally {
    quiet();
    limit.cancel();
  }
}

/** Whether {@link untilLetIn} waited in vain, which is no matter of the address; what was said last is the cause. */
export function letsNobodyIn(error: unknown): boolean {
  return error instanceof CitywatchError && error.cause instanceof CitywatchError;
}

interface Refusal {
  /** Whether the connection was made before. */
  isTaken: boolean;
  error: CitywatchError;
}

/** One try to be let in; null when it was. */
async function knock({ url, clock }: Arrival, signal: AbortSignal): Promise<Refusal | null> {
  const socket = postgresSocket();
  const close = () => void socket.destroy();
  const closeUntaken = clock.after(TAKEN_MS, close);
  let isTaken = false;
  socket.once('connect', () => {
    isTaken = true;
    closeUntaken();
  });
  signal.addEventListener('abort', close, { once: true });
  const client = new pg.Client({ connectionString: url, stream: () => socket, application_name: 'citywatch-start' });
  client.on('error', () => {});
  try {
    await client.connect();
    return null;
  } catch (error) {
    return { isTaken, error: toDatabaseError(error) };
  } finally {
    closeUntaken();
    signal.removeEventListener('abort', close);
    await client.end().catch(() => {});
  }
}

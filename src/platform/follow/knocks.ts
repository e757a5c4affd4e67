import pg from 'pg';
import { type Clock, MINUTE_MS } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { supervise } from '../../core/mechanisms/supervise.ts';
import type { Observer } from '../../core/observe.ts';
import { connectionOptions } from '../database/connections.ts';

const CHANNEL = 'citywatch_followed';
/** A connection that was cut without a word is found out by asking. */
const ASK_EVERY_MS = MINUTE_MS / 2;
const ASK_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;

export interface KnocksDeps {
  url: string;
  clock: Clock;
  observer: Observer;
  /** Something was changed, or may have been while nobody heard. What was said is not looked at. */
  heard(): void;
}

/**
 * The one connection of a process that hears PostgreSQL knock (LISTEN) when somebody has changed what is followed. It
 * only makes followers quick: while it is away they look by themselves.
 */
export function hearKnocks({ url, clock, observer, heard }: KnocksDeps): { stop(): Promise<void> } {
  const log = observer.log.child({ part: 'follow' });
  return supervise((signal, healthy) => listen({ url, clock, heard, healthy }, signal), {
    name: 'knocks',
    clock,
    minBackoffMs: 500,
    maxBackoffMs: 10_000,
    onEnd: (reason, pauseMs) =>
      log.debug({ reason: messageOf(reason), pauseMs }, 'changes are looked for less quickly'),
  });
}

interface Listening extends Pick<KnocksDeps, 'url' | 'clock' | 'heard'> {
  healthy(): void;
}

/** Resolves with why it ended. */
async function listen({ url, clock, heard, healthy }: Listening, signal: AbortSignal): Promise<unknown> {
  const client = new pg.Client({
    ...connectionOptions(url, CONNECT_TIMEOUT_MS),
    application_name: 'citywatch-follow',
    query_timeout: ASK_TIMEOUT_MS,
  });
  const ended = new AbortController();
  const end = (reason: unknown) => ended.abort(reason);
  client.on('error', end);
  client.on('end', () => end(new Error('the connection ended')));
  client.on('notification', heard);
  const stop = () => end(new Error('stopped'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
    healthy();
    heard();
    while (!ended.signal.aborted) {
      await clock.sleep(ASK_EVERY_MS, ended.signal);
      if (!ended.signal.aborted) await client.query('select 1');
    }
    return ended.signal.reason;
  } finally {
    signal.removeEventListener('abort', stop);
    await client.end().catch(() => {});
  }
}

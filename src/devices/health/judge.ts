import { counts, type Signal, settlesAt } from './signal.ts';

/** `unknown`: nothing was heard of it yet. */
export const HEALTHS = ['online', 'degraded', 'offline', 'unknown'] as const;
export type Health = (typeof HEALTHS)[number];

/** Why a device is not online; `words.ts` says each to people. The worst comes first. */
export const CAUSES = [
  'parent',
  'children-together',
  'no-answer',
  'connection-lost',
  'said-offline',
  'silent',
  'onvif',
  'stream',
  'no-data',
  'never-heard',
] as const;
export type Cause = (typeof CAUSES)[number];

/** All that is known of a device. Null is what nobody has told: a kiosk has no stream, and no camera was asked yet. */
export interface Facts {
  /** Whether it has a connection over MQTT. */
  connection: Signal | null;
  /** Whether it answers at its address. */
  answer: Signal | null;
  /** Whether it answers over ONVIF as it should. */
  onvif: Signal | null;
  /** Whether its pictures come, while somebody wants them. */
  stream: Signal | null;
  /** What it says of itself, or its will does. */
  said: Signal | null;
  /** When it sent something last, and for how long it may send nothing. */
  data: { lastAtMs: number; staleAfterMs: number } | null;
  /** Since when it could be heard: the start of the gateway. What was silent only because we were gets its time. */
  listeningSinceMs: number;
}

export interface Verdict {
  health: Health;
  /** Null while it is online. */
  cause: Cause | null;
  /** More of the cause, such as the problem over ONVIF. */
  detail: string | null;
  /** Since when. */
  sinceMs: number;
}

export interface Judgement {
  /** Null while the facts tell nothing: what was judged before goes on. */
  verdict: Verdict | null;
  /** When to judge again where no fact changes; null for never. */
  againAtMs: number | null;
}

/** How a device is by what is known of it. Pure: the same facts at the same time give the same. */
export function judge(facts: Facts, nowMs: number): Judgement {
  const { connection, answer, onvif, stream, said, data } = facts;
  const signals = [connection, answer, onvif, stream, said];
  const staleAtMs = data ? Math.max(data.lastAtMs, facts.listeningSinceMs) + data.staleAfterMs : null;
  const isStale = staleAtMs !== null && nowMs >= staleAtMs;
  const isFresh = data !== null && nowMs - data.lastAtMs < data.staleAfterMs;
  const times = signals.flatMap((signal) => (signal && settlesAt(signal) > nowMs ? [settlesAt(signal)] : []));
  if (staleAtMs !== null && !isStale) times.push(staleAtMs);
  const againAtMs = times.length > 0 ? Math.min(...times) : null;

  const is = (signal: Signal | null, good: boolean): signal is Signal =>
    signal !== null && counts(signal, nowMs) === good;
  // Whoever sends by another way now has not lost anything by the end of a connection.
  const isHeardSince = (signal: Signal): boolean => data !== null && data.lastAtMs > signal.sinceMs;
  const isThere = is(connection, true) || is(answer, true);
  const bad = (cause: Cause, health: Health, { sinceMs, detail }: Pick<Signal, 'sinceMs' | 'detail'>): Judgement => ({
    verdict: { health, cause, detail, sinceMs },
    againAtMs,
  });
  const silence = { sinceMs: data?.lastAtMs ?? 0, detail: null };

  if (is(answer, false)) return bad('no-answer', 'offline', answer);
  if (is(connection, false) && !isHeardSince(connection)) return bad('connection-lost', 'offline', connection);
  if (is(said, false)) return bad('said-offline', 'offline', said);
  if (isStale && !isThere) return bad('silent', 'offline', silence);
  if (is(onvif, false)) return bad('onvif', 'degraded', onvif);
  if (is(stream, false)) return bad('stream', 'degraded', stream);
  if (isStale) return bad('no-data', 'degraded', silence);
  if (!isThere && !isFresh) return { verdict: null, againAtMs };
  return { verdict: { health: 'online', cause: null, detail: null, sinceMs: nowMs }, againAtMs };
}

/** Whether both say the same, whatever their times. */
export function isSameVerdict(one: Verdict, other: Verdict): boolean {
  return one.health === other.health && one.cause === other.cause && one.detail === other.detail;
}

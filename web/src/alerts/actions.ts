import { signal } from '@preact/signals';
import { ApiError, get, send } from '../api.ts';
import { explain } from '../explain.ts';
import { noticeEnd } from '../session.ts';
import { clockTime, t } from '../texts.ts';
import { nowMs } from '../ticker.ts';
import type { Alert, Verdict } from '../types.ts';
import { takeIn } from './store.ts';

/** What went wrong with one alert, by its id. */
export const troubles = signal<ReadonlyMap<string, string>>(new Map());

export function ack(id: string): Promise<void> {
  return act(id, '/ack');
}

export function close(id: string, verdict: Verdict): Promise<void> {
  return act(id, '/close', { verdict });
}

export function assign(id: string, to: string): Promise<void> {
  return act(id, '/assign', { to });
}

export function comment(id: string, text: string): Promise<void> {
  return act(id, '/comment', { text });
}

/** Does something to an alert. When somebody else was first, the row shows their work and says who it was. */
async function act(id: string, what: string, body?: unknown): Promise<void> {
  setTrouble(id, null);
  try {
    const alert = await send<Alert>('POST', `${pathOf(id)}${what}`, body);
    if (alert) takeIn([alert]);
  } catch (error) {
    noticeEnd(error);
    const isRace = error instanceof ApiError && error.status === 409;
    setTrouble(id, isRace ? await describeRace(id) : explain(error));
    throw error;
  }
}

async function describeRace(id: string): Promise<string> {
  try {
    const alert = await get<Alert>(pathOf(id));
    takeIn([alert]);
    const time = (at: string | null) => (at === null ? '' : clockTime(at, nowMs.value));
    if (alert.closedBy) return t('alert.raceClosed', { name: alert.closedBy, time: time(alert.closedAt) });
    if (alert.ackedBy) return t('alert.raceAck', { name: alert.ackedBy, time: time(alert.ackedAt) });
    return t('error.other', { status: 409 });
  } catch (error) {
    return explain(error);
  }
}

export function pathOf(id: string): string {
  return `/alerts/${encodeURIComponent(id)}`;
}

function setTrouble(id: string, text: string | null): void {
  const next = new Map(troubles.value);
  if (text === null) next.delete(id);
  else next.set(id, text);
  troubles.value = next;
}

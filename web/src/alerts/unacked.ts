import { ApiError, get } from '../api.ts';
import { msBetween } from '../clock.ts';
import { remind } from '../sound.ts';
import { every } from '../ticker.ts';
import type { Alert, Page, Severity } from '../types.ts';
import { desks } from './desk.ts';

/** The gravest that nobody has acknowledged; when these are done, the next ones are read. */
const READ_MAX = 50;
const LOOK_MS = 1_000;
const READ_EVERY_MS = 15_000;

/** Nobody is called for what is held back. */
const HELD_BACK: readonly string[] = ['silenced', 'inhibited', 'shelved'];

export function isHeldBack({ visibility }: Pick<Alert, 'visibility'>): boolean {
  return HELD_BACK.includes(visibility);
}

const waiting = new Map<string, Severity>();
let mayBeMore = false;
let readMs = 0;

/** Sounds for alerts that nobody has acknowledged, whatever the list is filtered by, until `signal` is aborted. */
export function followUnacked(signal: AbortSignal): void {
  waiting.clear();
  mayBeMore = desks.value.includes('police');
  readMs = 0;
  const stop = every(LOOK_MS, () => {
    remind([...waiting.values()]);
    if (waiting.size > 0 || !mayBeMore || msBetween(readMs, Date.now()) < READ_EVERY_MS) return;
    mayBeMore = false;
    readMs = Date.now();
    void read(signal);
  });
  signal.addEventListener('abort', stop, { once: true });
}

/** Takes in what the stream tells. A fault calls nobody away from the map, however grave it is. */
export function noteUnacked(alert: Alert, left: boolean): void {
  const rings = alert.desk === 'police' && alert.handling === 'new' && !alert.exercise && !isHeldBack(alert);
  if (rings && !left) waiting.set(alert.id, alert.severity);
  else waiting.delete(alert.id);
}

/** After a gap in the stream: what was acknowledged in it was not told. */
export function forgetUnacked(): void {
  waiting.clear();
  mayBeMore = desks.value.includes('police');
  readMs = 0;
}

async function read(signal: AbortSignal): Promise<void> {
  try {
    const page = await get<Page<Alert>>(`/alerts?desk=police&handling=new&order=urgency&limit=${READ_MAX}`, signal);
    for (const alert of page.items) noteUnacked(alert, false);
    mayBeMore = page.next !== undefined;
  } catch (error) {
    // The list beside it says what is wrong; here it is tried again, where that can help.
    mayBeMore = !signal.aborted && !(error instanceof ApiError && error.status === 403);
  }
}

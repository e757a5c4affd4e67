import { computed, signal } from '@preact/signals';
import { ApiError, get, send } from '../api.ts';
import { explain } from '../explain.ts';
import { noticeEnd } from '../session.ts';
import { alarm } from '../sound.ts';
import { clockTime, t, tOf } from '../texts.ts';
import { nowMs } from '../ticker.ts';
import type { Alert, AlertEvent, Page, Verdict } from '../types.ts';
import { type Book, drop, EMPTY, extend, release, take } from './book.ts';
import { type Desk, desk } from './desk.ts';
import { follow } from './stream.ts';
import { titleOf } from './titles.ts';

const listOf = (which: Desk): string => `/alerts?order=urgency&desk=${which}`;
const PAGE_SIZE = 50;
/** The most that the gateway gives at once: what is known already is passed quickly. */
const RESTART_SIZE = 500;

export const book = signal<Book>(EMPTY);
export const loaded = signal(false);
export const loadFailed = signal(false);
/** Whether somebody's hand is on the list: the pointer is over it, or it has the focus. */
export const held = signal(false);
/** The last new alert as a sentence, for screen readers. */
export const announcement = signal({ text: '', urgent: false });
/** What went wrong with one alert, by its id. */
export const troubles = signal<ReadonlyMap<string, string>>(new Map());

/** Where reading goes on; undefined at the end of all alerts. */
const cursor = signal<string | undefined>(undefined);
/** Whether the gateway has alerts that are not on this page. */
export const hasMore = computed(() => cursor.value !== undefined || book.value.cut);

/** Keeps the book in step with the gateway until `signal` is aborted: that of the desk that is shown. */
export async function followAlerts(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const which = desk.value;
    const left = new AbortController();
    const stopLooking = desk.subscribe((now) => now !== which && left.abort());
    book.value = EMPTY;
    loaded.value = false;
    loadFailed.value = false;
    cursor.value = undefined;
    const onReset = (reading: AbortSignal) => readList(which, reading);
    await follow({ desk: which, onReset, onEvent, onError }, AbortSignal.any([signal, left.signal]));
    stopLooking();
    // It ended by itself, as where alerts are not this person's to see.
    if (!left.signal.aborted) return;
  }
}

async function readList(which: Desk, signal: AbortSignal): Promise<void> {
  try {
    const page = await get<Page<Alert>>(`${listOf(which)}&limit=${PAGE_SIZE}`, signal);
    if (signal.aborted) return;
    // What was known before may have changed in the gap; from here on the stream tells everything.
    const known = held.value && loaded.value ? only(book.value, page.items) : EMPTY;
    book.value = take(known, page.items, held.value && loaded.value);
    cursor.value = page.next;
    loaded.value = true;
    loadFailed.value = false;
  } catch (error) {
    loadFailed.value = !signal.aborted && !loaded.value;
    throw error;
  }
}

/** The rows of `items` as they stand in `book`, so that those under a hand stay where they are. */
function only({ alerts, shown }: Book, items: readonly Alert[]): Book {
  const ids = new Set(items.map(({ id }) => id));
  const kept = shown.filter((id) => ids.has(id));
  return { ...EMPTY, shown: kept, alerts: new Map([...alerts].filter(([id]) => kept.includes(id))) };
}

/**
 * Reads on until there are rows that were not on the page. Where rows had been dropped, from the start: reading goes by
 * urgency, and those dropped may lie anywhere before the place where reading stood.
 */
export async function readMore(): Promise<void> {
  const which = desk.value;
  const isCut = book.value.cut;
  let at = isCut ? undefined : cursor.value;
  if (isCut) book.value = { ...book.value, cut: false };
  for (let news = 0; news === 0; ) {
    const limit = isCut ? RESTART_SIZE : PAGE_SIZE;
    const place = at === undefined ? '' : `&cursor=${encodeURIComponent(at)}`;
    const page = await get<Page<Alert>>(`${listOf(which)}&limit=${limit}${place}`).catch((error: unknown) => {
      if (isCut) book.value = { ...book.value, cut: true };
      throw error;
    });
    if (desk.value !== which) return;
    const more = extend(book.value, page.items);
    book.value = more.book;
    news = more.news;
    at = page.next;
    cursor.value = at;
    if (at === undefined) return;
  }
}

export function showWaiting(): void {
  book.value = release(book.value);
}

const isCritical = ({ severity }: Alert): boolean => severity === 'extreme' || severity === 'severe';
/** Nobody is called for what is held back; it is new once it is told. */
const HELD_BACK: readonly string[] = ['silenced', 'inhibited', 'shelved'];
const isHeldBack = ({ visibility }: Alert): boolean => HELD_BACK.includes(visibility);

function onEvent({ type, alert }: AlertEvent): void {
  if (type === 'alert.left') {
    book.value = drop(book.value, alert);
    return;
  }
  const before = book.value.alerts.get(alert.id);
  const known = before && !isHeldBack(before) ? before : undefined;
  book.value = take(book.value, [alert], held.value);
  if (isHeldBack(alert)) return;
  // New again is one that somebody took and then forgot.
  const isNew = alert.handling === 'new' && known?.handling !== 'new';
  if (!isNew && !(known && isCritical(alert) && !isCritical(known))) return;
  const severity = tOf('severity', alert.severity);
  const text = t('alerts.announce', { severity, title: titleOf(alert), place: alert.subject.name });
  announcement.value = { text, urgent: isCritical(alert) };
  // A fault calls nobody away from the map, however grave it is.
  if (isCritical(alert) && alert.desk === 'police') alarm();
}

function onError(error: unknown): void {
  noticeEnd(error);
}

export function ack(id: string): Promise<void> {
  return act(id, '/ack');
}

export function close(id: string, verdict: Verdict): Promise<void> {
  return act(id, '/close', { verdict });
}

export function comment(id: string, text: string): Promise<void> {
  return act(id, '/comment', { text });
}

/** Does something to an alert. When somebody else was first, the row shows their work and says who it was. */
async function act(id: string, what: string, body?: unknown): Promise<void> {
  setTrouble(id, null);
  try {
    const alert = await send<Alert>('POST', `${pathOf(id)}${what}`, body);
    if (alert) book.value = take(book.value, [alert], held.value);
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
    book.value = take(book.value, [alert], held.value);
    const time = (at: string | null) => (at === null ? '' : clockTime(at, nowMs.value));
    if (alert.closedBy) return t('alert.raceClosed', { name: alert.closedBy, time: time(alert.closedAt) });
    if (alert.ackedBy) return t('alert.raceAck', { name: alert.ackedBy, time: time(alert.ackedAt) });
    return t('error.other', { status: 409 });
  } catch (error) {
    return explain(error);
  }
}

function pathOf(id: string): string {
  return `/alerts/${encodeURIComponent(id)}`;
}

function setTrouble(id: string, text: string | null): void {
  const next = new Map(troubles.value);
  if (text === null) next.delete(id);
  else next.set(id, text);
  troubles.value = next;
}

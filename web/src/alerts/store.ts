import { computed, signal } from '@preact/signals';
import { get } from '../api.ts';
import { noticeEnd, session } from '../session.ts';
import { alarm } from '../sound.ts';
import { t, tOf } from '../texts.ts';
import type { Alert, AlertEvent, Page } from '../types.ts';
import { filters } from './asked.ts';
import { type Book, drop, EMPTY, extend, keepOnly, release, take } from './book.ts';
import { kindsOf, readChoices } from './choices.ts';
import { desk } from './desk.ts';
import { tellHeard } from './heard.ts';
import { dismiss, followNotices, notify } from './notices.ts';
import { follow } from './stream.ts';
import { titleOf } from './titles.ts';
import { followUnacked, forgetUnacked, isHeldBack, noteUnacked } from './unacked.ts';
import { askOf } from './worklist/ask.ts';
import { type Filters, matches } from './worklist/filters.ts';

const PAGE_SIZE = 100;
/** The most that the gateway gives at once: what is known already is passed quickly. */
const RESTART_SIZE = 500;

/** What the list is to show, on the desk that is this person's to see. */
const shown = computed<Filters>(() => ({ ...filters.value, desk: desk.value }));

export const book = signal<Book>(EMPTY);
export const loaded = signal(false);
export const loadFailed = signal(false);
/** Whether somebody's hand is on the list: the pointer is over it, or it has the focus. */
export const held = signal(false);
/** The last new alert as a sentence, for screen readers. */
export const announcement = signal({ text: '', urgent: false });

/** Where reading goes on; undefined at the end of all alerts. */
const cursor = signal<string | undefined>(undefined);
/** Whether the gateway has alerts that are not on this page. */
export const hasMore = computed(() => cursor.value !== undefined || book.value.cut);

/** Ends the reading on under filters that are no longer asked for. */
let reading = new AbortController();

/** Keeps the book in step with the gateway until `signal` is aborted. */
export function followAlerts(who: string, signal: AbortSignal): void {
  begin();
  announcement.value = { text: '', urgent: false };
  void readChoices(signal);
  followUnacked(signal);
  followNotices(signal);
  follow(who, { onReset, onEvents, onError: noticeEnd }, signal);
  const asked = shown.value;
  const stop = shown.subscribe((now) => {
    if (now === asked) return;
    begin();
    void readList(signal).catch(noticeEnd);
  });
  signal.addEventListener('abort', stop, { once: true });
}

function begin(): void {
  reading.abort();
  reading = new AbortController();
  book.value = EMPTY;
  cursor.value = undefined;
  loaded.value = false;
  loadFailed.value = false;
}

async function onReset(signal: AbortSignal): Promise<void> {
  forgetUnacked();
  tellHeard(null);
  await readList(signal);
}

/** Reads the first page; where other filters are asked for meanwhile, they have it read themselves. */
async function readList(signal: AbortSignal): Promise<void> {
  const asked = shown.value;
  try {
    const page = await get<Page<Alert>>(`/alerts?${askOf(asked, PAGE_SIZE)}`, signal);
    if (asked !== shown.value) return;
    // What was known before may have changed in the gap; from here on the stream tells everything.
    const isHeld = held.value && loaded.value;
    book.value = take(isHeld ? only(book.value, page.items) : EMPTY, page.items, isHeld);
    for (const { id, handling } of page.items) if (handling !== 'new') dismiss(id);
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
  return { ...EMPTY, shown: kept, alerts: new Map([...alerts].filter(([id]) => ids.has(id))) };
}

/**
 * Reads on until there are rows that were not on the page. Where rows had been dropped, from the start: reading goes by
 * urgency, and those dropped may lie anywhere before the place where reading stood.
 */
export async function readMore(): Promise<void> {
  const isCut = book.value.cut;
  const { signal } = reading;
  let at = isCut ? undefined : cursor.value;
  if (isCut) book.value = { ...book.value, cut: false };
  for (let news = 0; news === 0; ) {
    const page = await get<Page<Alert>>(
      `/alerts?${askOf(shown.value, isCut ? RESTART_SIZE : PAGE_SIZE, at)}`,
      signal,
    ).catch((error: unknown) => {
      if (isCut && !signal.aborted) book.value = { ...book.value, cut: true };
      throw error;
    });
    const more = extend(book.value, page.items);
    book.value = more.book;
    news = more.news;
    at = page.next;
    cursor.value = at;
    if (at === undefined) return;
  }
}

/** Lets in what waits, and lets go what no longer belongs. */
export function showWaiting(): void {
  book.value = release(keepOnly(book.value, belongs()));
}

/** Takes in what is known of alerts that are on the page, or belong there. Under a hand no row goes. */
export function takeIn(alerts: readonly Alert[]): void {
  const isWanted = belongs();
  const wanted = alerts.filter((one) => book.value.alerts.has(one.id) || isWanted(one));
  const taken = take(book.value, wanted, held.value);
  book.value = held.value ? taken : keepOnly(taken, isWanted, wanted);
}

function belongs(): (alert: Alert) => boolean {
  const judge = { me: { id: session.value?.id ?? '', username: session.value?.username ?? '' }, kindsOf };
  const now = shown.value;
  return (alert) => matches(alert, now, judge);
}

const isCritical = ({ severity }: Alert): boolean => severity === 'extreme' || severity === 'severe';

function onEvents(events: readonly AlertEvent[]): void {
  const before = book.value.alerts;
  tellHeard(events);
  // The last word on each alert: a storm tells the same one many times.
  const latest = new Map(events.map((event) => [event.alert.id, event]));
  takeIn([...latest.values()].filter(({ type }) => type !== 'alert.left').map(({ alert }) => alert));
  for (const { type, alert } of latest.values()) {
    const isLeft = type === 'alert.left';
    if (isLeft) book.value = drop(book.value, alert);
    noteUnacked(alert, isLeft);
    if (isLeft || alert.handling !== 'new' || isHeldBack(alert)) dismiss(alert.id);
    if (!isLeft && alert.desk === desk.value && isNews(alert, before.get(alert.id))) tell(alert);
  }
}

/** Whether somebody is to be called: it is new, new again, or has become critical. Held back ones are new when told. */
function isNews(alert: Alert, before: Alert | undefined): boolean {
  const known = before && !isHeldBack(before) ? before : undefined;
  if (isHeldBack(alert)) return false;
  if (known && known.version >= alert.version) return false;
  // New again is one that somebody took and then forgot.
  const isNew = alert.handling === 'new' && known?.handling !== 'new';
  return isNew || (known !== undefined && isCritical(alert) && !isCritical(known));
}

function tell(alert: Alert): void {
  const severity = tOf('severity', alert.severity);
  const text = t('alerts.announce', { severity, title: titleOf(alert), place: alert.subject.name });
  announcement.value = { text, urgent: isCritical(alert) && !alert.exercise };
  // A fault calls nobody away from the map, however grave it is; a drill rings nobody out of bed.
  if (alert.desk !== 'police' || alert.exercise) return;
  alarm(alert.severity);
  void notify(alert);
}

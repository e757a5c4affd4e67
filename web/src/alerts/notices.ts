import { signal } from '@preact/signals';
import { keep, kept } from '../ground/kept.ts';
import { go } from '../ground/router.ts';
import { t, tOf } from '../texts.ts';
import type { Alert } from '../types.ts';
import { districtName } from './choices.ts';
import { titleOf } from './titles.ts';

/** Which new alerts are told on the desktop while nobody looks at the page: `grave` are extreme and severe. */
export const NOTICES = ['off', 'grave', 'all'] as const;
export type Notices = (typeof NOTICES)[number];

/** Why nothing is told although somebody asked for it. */
export type Hindrance = 'insecure' | 'unable' | 'denied';

/** More at a time nobody reads: the others are counted in one. */
const SHOWN_MAX = 5;
const MORE = 'citywatch.more';
const SAMPLE = 'citywatch.sample';
/** Held by each window that somebody looks at: what is seen in one, the others do not tell. */
const LOOKED_AT = 'citywatch.looked-at';

export const hindrance = signal<Hindrance | null>(hindranceNow());
/** Off until somebody asks for it, and gives the browser leave; also where they took that leave back. */
export const notices = signal<Notices>(isUnasked() ? 'off' : (NOTICES.find((one) => one === kept('notices')) ?? 'off'));

const shown = new Map<string, Notification>();
let more = 0;
let following: AbortSignal | null = null;

/** Tells of alerts from here on until `signal` is aborted; then nothing of them stays on the desktop. */
export function followNotices(signal: AbortSignal): void {
  following = signal;
  signal.addEventListener('abort', dismissAll, { once: true });
  holdWhileLookedAt(signal);
}

/** Keeps the choice; asks the browser for leave where it was never asked, and shows one to see that it works. */
export async function chooseNotices(chosen: Notices): Promise<void> {
  notices.value = chosen;
  if (chosen !== 'off' && isUnasked()) await Notification.requestPermission();
  hindrance.value = hindranceNow();
  if (isUnasked()) notices.value = 'off';
  keep('notices', notices.value);
  if (notices.value === 'off') return dismissAll();
  if (isAllowed()) show(SAMPLE, { title: t('app.name'), body: t('notice.sample') }, () => undefined);
}

/** Tells of a new alert, unless somebody looks at a window of ours. */
export async function notify(alert: Alert): Promise<void> {
  const isGrave = alert.severity === 'extreme' || alert.severity === 'severe';
  if (!isAllowed() || notices.value === 'off' || (notices.value === 'grave' && !isGrave)) return;
  if ((await isLookedAt()) || following === null || following.aborted) return;
  if (shown.has(alert.id) || shown.size < SHOWN_MAX) show(alert.id, wordsOf(alert), () => go(`/alerts/${alert.id}`));
  else {
    more += 1;
    show(MORE, { title: t('notice.more', { n: more }), body: '' }, () => go('/'));
  }
}

/** Takes what was told of an alert off the desktop: somebody has it, or it is not to be seen here any more. */
export function dismiss(id: string): void {
  shown.get(id)?.close();
  shown.delete(id);
}

function dismissAll(): void {
  for (const id of [...shown.keys()]) dismiss(id);
  more = 0;
}

/** Stands where everybody sees it, on a locked screen too: no name, no plate, no place smaller than a district. */
function wordsOf(alert: Alert): { title: string; body: string } {
  const severity = tOf('severity', alert.severity);
  if (alert.audience !== 'everyone') return { title: t('notice.few', { severity }), body: '' };
  return { title: t('notice.one', { severity, title: titleOf(alert) }), body: districtName(alert.jurisdiction) };
}

function show(tag: string, { title, body }: { title: string; body: string }, open: () => void): void {
  try {
    const notice = new Notification(title, { tag, body, icon: '/icon.svg' });
    notice.onclick = () => {
      notice.close();
      window.focus();
      open();
    };
    notice.onclose = () => {
      if (shown.get(tag) === notice) shown.delete(tag);
      if (tag === MORE || shown.size === 0) more = 0;
    };
    shown.set(tag, notice);
  } catch {
    // Chrome on Android has the class and throws: it shows those of service workers alone.
    hindrance.value = 'unable';
  }
}

function isAllowed(): boolean {
  return hindrance.value === null && Notification.permission === 'granted';
}

/** Whether the browser would still ask: nobody answered its question, or they closed it. */
function isUnasked(): boolean {
  return hindranceNow() === null && Notification.permission === 'default';
}

function hindranceNow(): Hindrance | null {
  if (!window.isSecureContext) return 'insecure';
  if (!('Notification' in window)) return 'unable';
  return Notification.permission === 'denied' ? 'denied' : null;
}

function holdWhileLookedAt(signal: AbortSignal): void {
  if (!('locks' in navigator)) return;
  let letGo: (() => void) | null = null;
  const look = () => {
    if (!document.hasFocus() || signal.aborted) {
      letGo?.();
      letGo = null;
    } else if (letGo === null) {
      const away = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      void navigator.locks.request(LOOKED_AT, { mode: 'shared' }, () => away);
    }
  };
  addEventListener('focus', look, { signal });
  addEventListener('blur', look, { signal });
  signal.addEventListener('abort', look, { once: true });
  look();
}

/** Of this window and of the others of ours. */
async function isLookedAt(): Promise<boolean> {
  if (document.hasFocus()) return true;
  const { held = [] } = await navigator.locks.query();
  return held.some(({ name }) => name === LOOKED_AT);
}

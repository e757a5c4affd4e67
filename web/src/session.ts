import { computed, effect, signal } from '@preact/signals';
import { ApiError, get, send } from './api.ts';
import { isEnding, noteEnded, undone } from './ground/ending.ts';
import { backoffMs, pause } from './ticker.ts';
import type { Alert, Session } from './types.ts';

/** Who is logged in; null: nobody; undefined: not known yet. */
export const session = signal<Session | null | undefined>(undefined);

/** What tells this person from any other: two may be called by the same name. Null: nobody is logged in. */
export const whoIs = computed(() => session.value?.username ?? session.value?.name ?? null);

/** Whether this person may do something, as the gateway says. */
export function may(right: string): boolean {
  return session.value?.rights.includes(right) ?? false;
}

/** Whether they may acknowledge, close and comment on the police desk, and so everywhere. */
export const canHandle = computed(() => may('alerts.handle'));

/** Whether they may do so with an alert: technicians do on the maintenance desk alone. */
export function handles({ desk }: Pick<Alert, 'desk'>): boolean {
  return canHandle.value || (desk === 'maintenance' && may('faults.handle'));
}

/** What this page shows as a second screen; null where somebody works at it. */
export const display = computed(() => session.value?.display ?? null);

/**
 * What a look at a camera is for: on the usual round; of a second screen, that it is one; of who may look for no other
 * reason, to mend something.
 */
export const lookPurpose = computed(() => {
  if (display.value !== null) return 'second screen';
  return may('looks.any-purpose') ? 'routine' : 'maintenance';
});

/** Set while the gateway could not be asked yet who we are: it is who used this device last. */
export const isRemembered = signal(false);

/** Set when a session ended that nobody had ended. */
export const sessionExpired = signal(false);

/** Windows of one browser share its session: who signs in or out in one does so in all. */
const others = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('citywatch.session');
if (others) others.onmessage = () => void loadSession().catch(() => undefined);

/** The gateway did not answer when it was told of an end. */
const isUnheard = signal(false);

/** Set while a session could not be ended, because the gateway did not answer; another window may end it as well. */
export const isEndUnheard = computed(() => isEnding.value && isUnheard.value);

/** The end that is under way; before the effect below, which may begin one at once. */
let ending: Promise<void> | null = null;

// Whoever left is shown nothing from then on, in every window, and their session ends as soon as the gateway answers.
effect(() => {
  if (!isEnding.value) return;
  sessionExpired.value = false;
  isRemembered.value = false;
  session.value = null;
  void endAtLast();
});

/** Asks who we are, after whoever left was signed out. While the gateway does not answer, nobody is logged out. */
export async function loadSession(): Promise<void> {
  if (isEnding.value) await endAtLast();
  try {
    session.value = await get<Session>('/session');
    sessionExpired.value = false;
    isRemembered.value = false;
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
    isRemembered.value = false;
    session.value = null;
  }
}

export async function login(username: string, password: string): Promise<void> {
  if (isEnding.value) await end();
  await send('POST', '/session', { username, password });
  undone.value = 0;
  await loadSession();
  others?.postMessage('changed');
}

/** Locks this page and ends the session, now or as soon as the gateway answers. */
export function logout(): void {
  isEnding.value = true;
  others?.postMessage('changed');
}

/** Ends the session of whoever left; rejects where the gateway does not answer. */
async function end(): Promise<void> {
  await send('DELETE', '/session').catch(ignoreEnded);
  isUnheard.value = false;
  noteEnded();
  others?.postMessage('changed');
}

/** Tries until the session is ended. */
function endAtLast(): Promise<void> {
  ending ??= tryToEnd().finally(() => {
    ending = null;
  });
  return ending;
}

async function tryToEnd(): Promise<void> {
  const never = new AbortController().signal;
  isUnheard.value = false;
  for (let attempt = 0; isEnding.value; attempt += 1) {
    await end().catch(async () => {
      isUnheard.value = true;
      await pause(backoffMs(attempt, 5_000), never);
    });
  }
}

/** To be told of every failed request: a 401 ends the page's session. */
export function noticeEnd(error: unknown): void {
  if (error instanceof ApiError && error.status === 401 && session.value) {
    sessionExpired.value = true;
    session.value = null;
  }
}

function ignoreEnded(error: unknown): void {
  if (!(error instanceof ApiError && error.status === 401)) throw error;
}

import { computed, signal } from '@preact/signals';
import { ApiError, get, send } from './api.ts';
import type { Session } from './types.ts';

/** Who is logged in; null: nobody; undefined: not known yet. */
export const session = signal<Session | null | undefined>(undefined);

/** What tells this person from any other: two may be called by the same name. Null: nobody is logged in. */
export const whoIs = computed(() => session.value?.username ?? session.value?.name ?? null);

/** Whether this person may do something, as the gateway says. */
export function may(right: string): boolean {
  return session.value?.rights.includes(right) ?? false;
}

/** Whether they may acknowledge, close and comment. */
export const canHandle = computed(() => may('alerts.handle'));

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

/** Asks who we are. While the gateway does not answer, nobody is logged out. */
export async function loadSession(): Promise<void> {
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
  await send('POST', '/session', { username, password });
  await loadSession();
  others?.postMessage('changed');
}

export async function logout(): Promise<void> {
  await send('DELETE', '/session').catch(ignoreEnded);
  sessionExpired.value = false;
  session.value = null;
  others?.postMessage('changed');
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

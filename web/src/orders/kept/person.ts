import { effect } from '@preact/signals';
import { isRemembered, session, whoIs } from '../../session.ts';
import type { Session } from '../../types.ts';
import { db } from './db.ts';

/** As long as the gateway keeps a session in which nothing is asked (src/access/sessions.ts). */
const REMEMBERED_MS = 12 * 3_600_000;
const NOTED_EVERY_MS = 60_000;

let notedAtMs = 0;

/** Notes who is signed in here, for when the gateway cannot be asked; only for who keeps work orders. */
export async function notePerson(): Promise<void> {
  const known = session.value;
  if (!known || isRemembered.value || Date.now() - notedAtMs < NOTED_EVERY_MS) return;
  notedAtMs = Date.now();
  await db.putPerson({ session: known, seenAtMs: notedAtMs }).catch(() => undefined);
}

/** Goes on as who used this device last, until the gateway can be asked. Answers whether there is somebody. */
export async function remember(): Promise<boolean> {
  const last = await db.person<Session>().catch(() => null);
  if (!last || Date.now() - last.seenAtMs > REMEMBERED_MS || session.value !== undefined) return false;
  isRemembered.value = true;
  session.value = last.session;
  return true;
}

/** What others kept here goes when somebody signs in; when nobody is signed in any more, nobody is remembered. */
export function guardKept(): void {
  effect(() => {
    const who = whoIs.value;
    if (session.value === undefined || isRemembered.value) return;
    notedAtMs = 0;
    void (who === null ? db.removePerson() : welcome(who)).catch(() => undefined);
  });
}

async function welcome(who: string): Promise<void> {
  await db.forgetOthers(who);
  if ((await db.orders(who)).length > 0 && whoIs.value === who) await notePerson();
}

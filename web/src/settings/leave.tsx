import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { finishAll, unfinished } from '../alerts/deeds/undo.ts';
import { forgetDrafts } from '../alerts/drafts.ts';
import { endingOf, followEnding, noteEnding, undone } from '../ground/ending.ts';
import { forgetAsked } from '../ground/once.ts';
import { forgetWords } from '../ground/router.ts';
import { db } from '../orders/kept/db.ts';
import { logout, whoIs } from '../session.ts';
import { t } from '../texts.ts';
import { pause } from '../ticker.ts';

/** Deeds that can still be taken back are done by the one whose they are; signing out waits no longer for it. */
const DEEDS_MS = 3_000;

interface Question {
  unsent: number;
  answer(leaves: boolean): void;
}

const question = signal<Question | null>(null);
/**
 * Forgets what the next person here must not see, locks the page, and ends the session: now, or as soon as the gateway
 * answers. Asks first where work would be lost.
 */
export async function leave(): Promise<void> {
  const who = whoIs.value;
  const unsent =
    who === null
      ? 0
      : await db.entries(who).then(
          ({ length }) => length,
          () => 0,
        );
  if (unsent > 0 && !(await asks(unsent))) return;
  noteEnding(who ?? '');
  const due = unfinished();
  const waited = pause(navigator.onLine ? DEEDS_MS : 0, new AbortController().signal);
  undone.value = await Promise.race([finishAll(), waited.then(() => due)]);
  await forgetAll(who ?? '');
  logout();
}

/** Goes on with what a page began that went away while somebody left, and with what other windows do of it. */
export async function resumeLeaving(): Promise<void> {
  addEventListener('storage', ({ key }) => followEnding(key));
  const who = endingOf();
  if (who !== null) await forgetAll(who);
}

async function forgetAll(who: string): Promise<void> {
  forgetDrafts();
  forgetWords();
  forgetAsked();
  // A browser that does not answer keeps nobody signed in.
  await Promise.race([db.forget(who).catch(() => undefined), pause(DEEDS_MS, new AbortController().signal)]);
}

function asks(unsent: number): Promise<boolean> {
  return new Promise((resolve) => {
    question.value = {
      unsent,
      answer: (leaves) => {
        question.value = null;
        resolve(leaves);
      },
    };
  });
}

/** Shown while somebody signs out whose entries were not sent. */
export function LeaveQuestion() {
  return question.value && <Asked {...question.value} />;
}

function Asked({ unsent, answer }: Question) {
  return (
    <Dialog title={t('leave.title')} onCancel={() => answer(false)}>
      <p>{t('leave.unsent', { n: unsent })}</p>
      <div class="bar">
        <button type="button" class="primary" onClick={() => answer(false)}>
          {t('leave.stay')}
        </button>
        <button type="button" onClick={() => answer(true)}>
          {t('leave.anyway')}
        </button>
      </div>
    </Dialog>
  );
}

interface DialogProps {
  title: string;
  onCancel(): void;
  children: ComponentChildren;
}

function Dialog({ title, onCancel, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="leave-title" onCancel={onCancel}>
      <h2 id="leave-title">{title}</h2>
      {children}
    </dialog>
  );
}

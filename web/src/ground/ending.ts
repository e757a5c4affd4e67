import { signal } from '@preact/signals';

const NAME = 'citywatch.ending';

/**
 * Set from when somebody signed out until the gateway ended their session: nobody is shown or sent anything until then.
 * The cookie is one that no page can read or remove, so the note outlives the page, and holds for every window.
 */
export const isEnding = signal(kept() !== null);

/**
 * To how many alerts whoever left last had just done something of which the gateway is not known to have heard. Nothing
 * else of it: the next one at this desk reads it as well.
 */
export const undone = signal(0);

/** Whose session is to be ended; null where none is. */
export function endingOf(): string | null {
  return kept();
}

/** Notes that somebody leaves, before anything else of it: a page that dies meanwhile goes on with it later. */
export function noteEnding(who: string): void {
  try {
    localStorage.setItem(NAME, who);
  } catch {
    // Storage may be forbidden or full; the note then lasts as long as the page.
  }
}

/** The session was ended. */
export function noteEnded(): void {
  try {
    localStorage.removeItem(NAME);
  } catch {
    // As said above.
  }
  isEnding.value = false;
}

/** Another window changed what is kept under `key`; null: everything. */
export function followEnding(key: string | null): void {
  if (key === NAME || key === null) isEnding.value = kept() !== null;
}

function kept(): string | null {
  try {
    return localStorage.getItem(NAME);
  } catch {
    return null;
  }
}

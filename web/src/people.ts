import { computed, signal } from '@preact/signals';
import type { PersonName } from './types.ts';

const people = signal<readonly PersonName[]>([]);
const byUsername = computed(() => new Map(people.value.map((one) => [one.username, one])));
const byId = computed(() => new Map(people.value.map((one) => [one.id, one])));
/** Null where several are called so. */
const byName = computed(() => {
  const found = new Map<string, PersonName | null>();
  for (const one of people.value) found.set(one.name, found.has(one.name) ? null : one);
  return found;
});

/**
 * Asks once for the names that somebody may see, and keeps them until `signal` is aborted: what one person may know is
 * nothing for the next one. `ask` resolves with null where it is refused or no longer wanted; then everybody is shown
 * by the user name. Nothing here outlives `signal`: no timer, and nothing that a script without a page waits for.
 */
export async function keepNames(
  ask: (signal: AbortSignal) => Promise<{ items: readonly PersonName[] } | null>,
  signal: AbortSignal,
): Promise<void> {
  const answer = await ask(signal);
  if (signal.aborted || answer === null) return;
  people.value = answer.items;
  signal.addEventListener('abort', forget, { once: true });
}

function forget(): void {
  people.value = [];
}

/** What somebody is called, by their user name; that itself where it is not known. */
export function nameOf(username: string): string {
  return byUsername.value.get(username)?.name ?? username;
}

/** As {@link nameOf}, by id. */
export function nameOfId(id: string): string {
  return byId.value.get(id)?.name ?? id;
}

/** People in one line. */
export function namesOf(usernames: readonly string[]): string {
  return usernames.map(nameOf).join(', ');
}

/** How others may name somebody. */
type Told = { username: string | null } | { id: string } | { name: string | null };

/**
 * The user names of those who are shown by another name, as a title beside it; undefined where there are none. Of a
 * name that several people have, or who is not known, nobody can say whose it is.
 */
export function usernamesOf(told: readonly Told[]): string | undefined {
  const found = told.map(personOf).flatMap((one) => (one && one.name !== one.username ? [one.username] : []));
  return found.length === 0 ? undefined : [...new Set(found)].join(', ');
}

function personOf(told: Told): PersonName | null | undefined {
  if ('username' in told) return byUsername.value.get(told.username ?? '');
  return 'id' in told ? byId.value.get(told.id) : byName.value.get(told.name ?? '');
}

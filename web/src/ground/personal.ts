import { effect, type Signal, signal } from '@preact/signals';
import { session, sessionExpired, whoIs } from '../session.ts';

/**
 * Something that somebody typed and that no storage may hold, such as a password: in memory alone. It outlives the end
 * of a session, and goes with the person.
 */
export function personal<Value>(empty: Value): Signal<Value> {
  const kept = signal(empty);
  let owner = '';
  effect(() => {
    const name = whoIs.value;
    const hasLeft = session.value === null && !sessionExpired.value;
    if (name !== null && name !== owner) {
      owner = name;
      kept.value = empty;
    }
    if (hasLeft) {
      owner = '';
      kept.value = empty;
    }
  });
  return kept;
}

import { troubles } from '../actions.ts';
import { chooseNone } from '../worklist/selection.ts';
import { outcome } from './deeds.ts';

let whose: string | null = null;

/**
 * `who` is at this page now. What somebody else chose here, and what came of their deeds, is gone: one press would do
 * it in the name of the next. Who was signed out while at work finds theirs again.
 */
export function deedsAreOf(who: string): void {
  if (whose !== null && whose !== who) {
    chooseNone();
    outcome.value = '';
    troubles.value = new Map();
  }
  whose = who;
}

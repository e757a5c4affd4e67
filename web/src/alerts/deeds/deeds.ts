import { signal } from '@preact/signals';
import { nameOf } from '../../people.ts';
import { t, tOf } from '../../texts.ts';
import type { Verdict } from '../../types.ts';
import { ack, assign, close, troubles } from '../actions.ts';
import { book } from '../store.ts';
import { AT_ONCE, doSoon } from './undo.ts';

/** What came of the last deed with several alerts; empty when there is nothing to say. */
export const outcome = signal('');

/** Chosen alerts that can be acknowledged: the others are, or are closed. */
export function acknowledgeable(ids: readonly string[]): string[] {
  return ids.filter((id) => book.value.alerts.get(id)?.handling === 'new');
}

/** Chosen alerts that are not closed. */
export function stillOpen(ids: readonly string[]): string[] {
  return ids.filter((id) => (book.value.alerts.get(id)?.handling ?? 'closed') !== 'closed');
}

export function ackSoon(ids: readonly string[]): void {
  const n = ids.length;
  doSoon(
    ids,
    (s) => t('undo.acking', { n, s }),
    () => all(ids, ack),
  );
}

export function closeSoon(ids: readonly string[], verdict: Verdict): void {
  const n = ids.length;
  const say = (s: number) => t('undo.closing', { n, verdict: tOf('verdict', verdict), s });
  doSoon(ids, say, () => all(ids, (id) => close(id, verdict)));
}

export function assignSoon(ids: readonly string[], to: string): void {
  const n = ids.length;
  doSoon(
    ids,
    (s) => t('undo.assigning', { n, to: nameOf(to), s }),
    () => all(ids, (id) => assign(id, to)),
  );
}

/**
 * Does it to each; what could not be done stands in its row, and of several is told together. Resolves with the number
 * of those.
 */
async function all(ids: readonly string[], deed: (id: string) => Promise<void>): Promise<number> {
  const rest = [...ids];
  const failed: string[] = [];
  outcome.value = '';
  const work = async () => {
    for (let id = rest.shift(); id !== undefined; id = rest.shift()) await deed(id).catch(() => failed.push(id ?? ''));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (ids.length === 1) return failed.length;
  const reason = troubles.value.get(failed[0] ?? '') ?? '';
  outcome.value =
    failed.length === 0
      ? t('undo.done', { n: ids.length })
      : t('undo.failed', { n: failed.length, of: ids.length, reason });
  return failed.length;
}

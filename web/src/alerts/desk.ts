import { computed, signal } from '@preact/signals';
import { session } from '../session.ts';

/** Whose alerts are looked at: the command centre's, or those of who keeps devices going. */
export const DESKS = ['police', 'maintenance'] as const;
export type Desk = (typeof DESKS)[number];

/** Which one somebody chose; null: nobody did. */
const chosen = signal<Desk | null>(null);

/** Technicians have only the second. */
export const desks = computed<readonly Desk[]>(() => (session.value?.role === 'technician' ? ['maintenance'] : DESKS));

/** The one that is shown. */
export const desk = computed<Desk>(() => {
  const first = desks.value[0] ?? 'police';
  return chosen.value && desks.value.includes(chosen.value) ? chosen.value : first;
});

export function showDesk(which: Desk): void {
  chosen.value = which;
}

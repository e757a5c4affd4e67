import { computed } from '@preact/signals';
import { may } from '../session.ts';
import type { Alert } from '../types.ts';
import { filters } from './asked.ts';

/** Whose alerts are looked at: the command centre's, or those of who keeps devices going. */
export type Desk = Alert['desk'];

/** Technicians have only the second. */
export const desks = computed<readonly Desk[]>(() =>
  may('alerts.read') ? ['police', 'maintenance'] : ['maintenance'],
);

/** The one that is shown: which the address asks for, where it is this person's. */
export const desk = computed<Desk>(() => {
  const asked = filters.value.desk;
  return asked !== null && desks.value.includes(asked) ? asked : (desks.value[0] ?? 'police');
});

import { computed, effect, signal } from '@preact/signals';
import { place } from '../ground/router.ts';
import { VIEWS } from '../ground/views.ts';
import { type Filters, filtersOf } from './worklist/filters.ts';

/** The query of the list; what it was last while another view is shown. */
const listQuery = signal('');
effect(() => {
  if (place.value.path === VIEWS.duty.path) listQuery.value = place.value.query.toString();
});

/** What the list is to show. */
export const filters = computed<Filters>(() => filtersOf(new URLSearchParams(listQuery.value)));
/** The alert whose case was looked at last: the list begins there when somebody comes back to it. */
export const cameFrom = signal<string | null>(null);

/** Where the list is, as it was left. */
export const listAddress = computed(() => VIEWS.duty.path + (listQuery.value === '' ? '' : `?${listQuery.value}`));

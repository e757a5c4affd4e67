import { covers, type Tree } from '../../../core/jurisdiction.ts';
import type { AlertTables, Visibility } from '../../desk/tables.ts';
import type { Change, Stage } from './stage.ts';

/** A subscription as far as it decides what it is told. */
export interface Subscriber {
  id: string;
  jurisdiction: string;
  severities: readonly string[];
}

/** Alerts that are not to be told of now; what is raised of them is counted as withheld. */
const HELD_BACK: ReadonlySet<Visibility> = new Set(['silenced', 'inhibited', 'shelved']);

/** Every active subscription whose area and severities fit is told, unless an earlier stage holds the alert back. */
export const fanOut = (tree: Tree): Stage<readonly Subscriber[]> => ({
  name: 'fan-out',
  needed: true,
  // Who subscribes or leaves just now may be told of this change or not.
  locks: false,
  read: (tx) =>
    tx
      .tables<AlertTables>()
      .selectFrom('subscription')
      .select(['id', 'jurisdiction', 'severities'])
      .where('state', '=', 'active')
      .orderBy('id')
      .execute(),
  run: (changes, { known }) => ({
    changes: changes.map((change) => ({
      ...change,
      deliveries: [...change.deliveries, ...toldOf(change, known, tree)],
    })),
    timers: [],
  }),
});

function toldOf({ alert, deliveries }: Change, subscribers: readonly Subscriber[], tree: Tree): Change['deliveries'] {
  const already = new Set(deliveries.map(({ subscription }) => subscription));
  return subscribers
    .filter(({ id }) => !already.has(id))
    .filter((one) => covers(tree.area(one.jurisdiction), alert.jurisdiction) && one.severities.includes(alert.severity))
    .map(({ id }) => ({ subscription: id, state: HELD_BACK.has(alert.visibility) ? 'withheld' : 'waiting' }));
}

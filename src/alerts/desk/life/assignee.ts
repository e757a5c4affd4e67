import type { Place } from '../../../core/jurisdiction.ts';
import type { Tables } from '../../../platform/database/database.ts';
import { isFor, namesOf } from '../log/audience.ts';
import type { AlertRow } from '../tables.ts';

/** Who sees alerts of a desk somewhere. */
export interface Seer {
  id: string;
  /** As it is kept, whatever case it was written in. */
  username: string;
  /** Sees reads of plates that wait to be confirmed, too. */
  confirms: boolean;
}

/** Somebody by user name, who stays as they are until the transaction ends; null for who may not log in or see that. */
export type PersonWhoSees = (
  tx: Tables,
  username: string,
  alert: Place & Pick<AlertRow, 'desk'>,
) => Promise<Seer | null>;

/**
 * The user name of whoever is to see to an alert; null for nobody, and for who does not see it: its desk is not theirs,
 * its place is not, or it is covert and they are not named.
 */
export async function whoSees(
  { personWhoSees }: { personWhoSees: PersonWhoSees },
  tx: Tables,
  { username, alert }: { username: string; alert: AlertRow },
): Promise<string | null> {
  const person = await personWhoSees(tx, username, alert);
  return person && isFor(alert.seen_by, namesOf(person)) ? person.username : null;
}

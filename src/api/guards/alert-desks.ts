import { z } from 'zod';
import type { Authority } from '../../access/authority.ts';
import type { Right } from '../../access/rights.ts';
import { CLASSES, type Classed, DESKS, type DeskName, type Wanted } from '../../alerts/rules/classes.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Caller } from '../../core/types.ts';

/** Either opens what is asked of alerts; who has the second alone sees the maintenance desk and nothing else. */
export const ALERT_READERS = ['alerts.read', 'faults.read'] as const satisfies readonly Right[];

const ALL = 'all';

/** By what alerts are asked for. */
export const deskQuery = {
  class: z.enum(CLASSES).optional().meta({ description: 'On whichever desk they are' }),
  desk: z
    .enum([...DESKS, ALL])
    .optional()
    .meta({ description: '`police` when absent, unless something is named that is asked for' }),
};

const asked = z.object(deskQuery);
type Asked = z.infer<typeof asked>;

interface Deps {
  authority: Pick<Authority, 'may'>;
}

/**
 * Which alerts a caller is to have who asks so; `isNamed`: they are looked for by name, wherever they are. Errors:
 * `auth.forbidden` where a desk or a class is asked for that is not the caller's to see.
 */
export function wantedOf(
  { authority }: Deps,
  caller: Caller,
  { class: of, desk }: Asked,
  { isNamed = false } = {},
): Wanted {
  const classes = of && { classes: [of] };
  if (!authority.may(caller, 'alerts.read')) {
    if (desk === 'police' || of === 'incident') throw new CitywatchError('auth.forbidden');
    return { desk: 'maintenance', ...classes };
  }
  const which = desk ?? (of === undefined && !isNamed ? 'police' : ALL);
  return { ...(which !== ALL && { desk: which }), ...classes };
}

/** Either opens what is done with alerts; who has the second alone does it on the desk of {@link handledDesk}. */
export const ALERT_HANDLERS = ['alerts.handle', 'faults.handle'] as const satisfies readonly Right[];

/** The only desk on which somebody handles alerts; undefined for who does on all. */
export function handledDesk({ authority }: Deps, caller: Caller): DeskName | undefined {
  return authority.may(caller, 'alerts.handle') ? undefined : 'maintenance';
}

/** Errors: `not-found` for an alert that is not on a desk of the caller's. */
export function requireSeen({ authority }: Deps, caller: Caller, { desk }: Pick<Classed, 'desk'>): void {
  if (desk !== 'maintenance' && !authority.may(caller, 'alerts.read')) throw new CitywatchError('not-found');
}

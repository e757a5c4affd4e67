import { CitywatchError } from '../../core/errors.ts';
import type { Jurisdiction } from '../../core/jurisdiction.ts';
import { type Caller, type CommandSpec, GATEWAY_ALONE } from '../../core/types.ts';

type GivenBy = Exclude<CommandSpec['role'], typeof GATEWAY_ALONE>;

/** The right that each word of a kind file asks for. */
const RIGHT_OF = {
  technician: 'commands.maintain',
  operator: 'commands.operate',
  admin: 'commands.administer',
} as const satisfies Record<GivenBy, string>;

/** Who may give which command. */
export interface CommandRights {
  may(caller: Caller, right: (typeof RIGHT_OF)[GivenBy], jurisdiction: Jurisdiction): boolean;
}

/** Fails with `auth.forbidden` for a command that its kind leaves to others. */
export function requireRight(
  rights: CommandRights,
  caller: Caller,
  { name, role, jurisdiction }: { name: string; role: CommandSpec['role']; jurisdiction: Jurisdiction },
): void {
  if (role === GATEWAY_ALONE)
    throw new CitywatchError('auth.forbidden', { detail: `${name} is given by the gateway alone.` });
  if (rights.may(caller, RIGHT_OF[role], jurisdiction)) return;
  throw new CitywatchError('auth.forbidden', { detail: `${name} needs the role ${role}.` });
}

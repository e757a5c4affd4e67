import { NATIONWIDE } from '../jurisdiction.ts';
import type { Caller, Role } from '../types.ts';

/** The gateway itself, as it stands in the audit trail and in registers for what nobody asked for. */
export function systemCaller({ id, name, role }: { id: string; name: string; role: Role }): Caller {
  return { type: 'system', id, name, role, jurisdiction: NATIONWIDE, purpose: null };
}

import type { Role } from '../core/types.ts';

/** Tables of migration 0064; what each column means stands there. */
export interface PeopleTables {
  person: {
    id: string;
    username: string;
    name: string;
    role: Role;
    jurisdiction: string;
    password_hash: string;
    disabled_at_ms: number | null;
    created_by: string;
    created_at_ms: number;
    version: number;
  };
  session: { id_hash: Buffer; person_id: string; created_at_ms: number; last_seen_ms: number };
}

import type { Role } from '../core/types.ts';
import type { ColumnType, Generated, RawBuilder } from '../platform/database/database.ts';

/** Tables of migrations 0003, 0064, 0207 on, 0262 and 0390; what each column means stands there. */
export interface AccessTables {
  jurisdiction: {
    code: string;
    name_zh: string;
    name_en: string;
    parent: string | null;
    valid_from: string | null;
    valid_to: string | null;
    successor: string | null;
    members: Generated<string[]>;
    /** Corners in order, jsonb; null where nobody has drawn it. */
    bounds: ColumnType<[lon: number, lat: number][] | null, string | null | undefined, string | null>;
    shipped: ColumnType<unknown, RawBuilder<unknown> | null>;
  };
  api_token: {
    id: string;
    name: string;
    role: Role;
    jurisdiction: string;
    /** Limits it to what belongs to this police agency and to those below it. */
    police: Generated<string | null>;
    purpose: string | null;
    token_hash: Buffer;
    created_by: string;
    created_at_ms: number;
    expires_at_ms: number | null;
    revoked_at_ms: number | null;
    /** Of a second screen; null of every other token, as all that follow. */
    display_view: Generated<'wall' | 'map' | 'desk' | null>;
    display_address: Generated<string | null>;
    display_wall: Generated<string | null>;
    display_token_until_ms: Generated<number | null>;
    display_session_hash: Generated<Buffer | null>;
    display_begun_at_ms: Generated<number | null>;
  };
  person: {
    id: string;
    username: string;
    name: string;
    role: Role;
    jurisdiction: string;
    police: Generated<string | null>;
    password_hash: string;
    disabled_at_ms: number | null;
    created_by: string;
    created_at_ms: number;
    version: number;
    must_change: Generated<boolean>;
    totp_sealed: Generated<string | null>;
    totp_confirmed_at_ms: Generated<number | null>;
    totp_step: Generated<number>;
    voucher_due: Generated<boolean>;
    voucher_hash: Generated<Buffer | null>;
    voucher_until_ms: Generated<number | null>;
  };
  access_grant: {
    id: string;
    holder_type: 'person' | 'token';
    holder_id: string;
    holder_name: string;
    jurisdiction: string;
    police: Generated<string | null>;
    rights: ColumnType<string[], RawBuilder<string[]>>;
    case_number: string | null;
    /** It ends with this alert. */
    alert_id: string | null;
    reason: string;
    until_ms: number;
    asked_at_ms: number;
    approved_at_ms: number | null;
    approved_by_id: string | null;
    approved_by: string | null;
    ended_at_ms: number | null;
    ended_by: string | null;
  };
  recovery_code: { person_id: string; code_hash: Buffer };
  session: {
    id_hash: Buffer;
    id: Generated<string>;
    person_id: string;
    created_at_ms: number;
    last_seen_ms: number;
    address: Generated<string>;
    agent: Generated<string>;
  };
}

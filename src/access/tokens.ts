import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { CitywatchError, invalid } from '../core/errors.ts';
import {
  type AgencyCode,
  covers,
  type Jurisdiction,
  limitedArea,
  NATIONWIDE,
  ownArea,
  type PoliceTree,
  type Tree,
} from '../core/jurisdiction.ts';
import type { Caller, Role } from '../core/types.ts';
import { type Database, sql, type Tables, withinJurisdiction } from '../platform/database/database.ts';
import { recordAudit } from '../platform/records/audit.ts';
import { newSecret, type SecretHasher } from '../platform/secrets/hasher.ts';
import type { Authority } from './authority.ts';
import { checkGivenScope, type KnownAgencies } from './given-scope.ts';
import { Remembered } from './remembered.ts';
import type { AccessTables } from './tables.ts';
import type { Jurisdictions } from './tree/jurisdictions.ts';

export interface TokenInput {
  name: string;
  role: Role;
  jurisdiction: Jurisdiction;
  /** Of that only what belongs to this police agency, or to one below it; null for all. */
  police?: AgencyCode | null;
  /** Default purpose of looks at cameras and plates. */
  purpose?: string | null;
  /** Unix ms; absent = until revoked. */
  expiresAtMs?: number | null;
}

/** A token as it is listed: never the token itself. */
export interface TokenInfo {
  id: string;
  name: string;
  role: Role;
  jurisdiction: Jurisdiction;
  police: AgencyCode | null;
  purpose: string | null;
  createdBy: string;
  createdAtMs: number;
  expiresAtMs: number | null;
  revokedAtMs: number | null;
}

export interface TokensDeps {
  database: Database;
  /** Looks up who bears a token: every request of the API waits for it. */
  lookup: Database<'handling'>;
  jurisdictions: Jurisdictions;
  agencies: KnownAgencies & Tree & PoliceTree;
  authority: Pick<Authority, 'mayGive' | 'mayHold'>;
  hasher: SecretHasher;
  clock: Clock;
}

/** Whose tokens end; `keeps` is what the person may still give, null for nothing. */
export interface EndedTokens {
  person: string;
  keeps: Given | null;
}

type Given = Pick<TokenInfo, 'role' | 'jurisdiction' | 'police'>;

interface Borne {
  caller: Caller;
  expiresAtMs: number;
}

const PREFIX = 'cwt_';
/** Id of the token that the settings bring. */
export const BOOTSTRAP = 'bootstrap';
const BOOTSTRAP_CHARACTERS_MIN = 32;
const TOKEN_CHARACTERS_MAX = 512;
const LIST_MAX = 1_000;

/** API tokens of machines: a role and a jurisdiction, kept as hashes, revoked at once. */
export class Tokens {
  readonly #deps: TokensDeps;
  readonly #known: Remembered<Borne>;

  constructor(deps: TokensDeps) {
    this.#deps = deps;
    // What machines do goes on while PostgreSQL is away, however long.
    const trustedMs = Number.POSITIVE_INFINITY;
    this.#known = new Remembered({ clock: deps.clock, read: (hashes) => this.#read(hashes), trustedMs });
  }

  /**
   * The token is answered this once. Fails with `request.invalid` for a jurisdiction beyond the creator's or an end
   * after that of the token it is made with, and with `auth.forbidden` for a role with more rights than the creator's.
   */
  async create(caller: Caller, input: TokenInput): Promise<{ id: string; token: string }> {
    const { name, role, jurisdiction, police = null } = input;
    const { authority } = this.#deps;
    if (!authority.mayGive(caller, role) || !authority.mayHold(caller, role)) {
      throw new CitywatchError('auth.forbidden', { detail: `You cannot make a token of the role ${role}.` });
    }
    checkGivenScope(this.#deps, caller, { jurisdiction, police });
    const atMs = this.#deps.clock.nowMs();
    const wantedMs = input.expiresAtMs ?? null;
    if (wantedMs !== null && wantedMs <= atMs) throw invalid('expiresAt', 'must be in the future');
    const id = randomUUID();
    const token = PREFIX + newSecret();
    await this.#deps.database.transaction(async (tx) => {
      const expiresAtMs = await endWithin(tx, caller, wantedMs);
      const after = { id, name, role, jurisdiction, police, purpose: input.purpose ?? null, expiresAtMs };
      await tx
        .tables<AccessTables>()
        .insertInto('api_token')
        .values({
          id,
          name,
          role,
          jurisdiction,
          police,
          purpose: after.purpose,
          token_hash: this.#deps.hasher.hash(token),
          created_by: caller.id,
          created_at_ms: atMs,
          expires_at_ms: expiresAtMs,
          revoked_at_ms: null,
        })
        .execute();
      await recordAudit(tx, { caller, action: 'token.create', subject: `token/${id}`, jurisdiction, after, atMs });
    });
    return { id, token };
  }

  /** Those within the caller's jurisdiction, newest first, revoked ones included; at most 1,000. */
  async list(caller: Caller): Promise<TokenInfo[]> {
    const all = this.#tables().selectFrom('api_token').selectAll().where('display_view', 'is', null);
    const query = all.orderBy('created_at_ms', 'desc').orderBy('id');
    const rows = await withinJurisdiction(query, 'jurisdiction', ownArea(caller)).limit(LIST_MAX).execute();
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      role: row.role,
      jurisdiction: row.jurisdiction,
      police: row.police,
      purpose: row.purpose,
      createdBy: row.created_by,
      createdAtMs: row.created_at_ms,
      expiresAtMs: row.expires_at_ms,
      revokedAtMs: row.revoked_at_ms,
    }));
  }

  /**
   * Ends the tokens a person made, and those made with them in turn, in the caller's transaction: all of them, or those
   * beyond what the person still may give. Call {@link forget} after it.
   */
  async endOf(tx: Tables, caller: Caller, { person, keeps }: EndedTokens): Promise<void> {
    const atMs = this.#deps.clock.nowMs();
    const db = tx.tables<AccessTables>();
    const made = await sql<Given & Pick<TokenInfo, 'id' | 'name'>>`
      with recursive made (id) as (
        select id from api_token where created_by = ${person}
        union select t.id from api_token t join made on t.created_by = made.id
      )
      select id, name, role, jurisdiction, police
      from api_token join made using (id) where revoked_at_ms is null`.execute(db);
    const { authority, agencies } = this.#deps;
    const area = keeps && limitedArea(agencies, keeps.jurisdiction, keeps.police);
    for (const { id, name, role, ...place } of made.rows) {
      if (area && authority.mayGive(keeps, role) && covers(area, place)) continue;
      const { jurisdiction } = place;
      await db.updateTable('api_token').set({ revoked_at_ms: atMs }).where('id', '=', id).execute();
      const subject = `token/${id}`;
      await recordAudit(tx, { caller, action: 'token.revoke', subject, jurisdiction, before: { name }, atMs });
    }
  }

  /** Tokens have ended, or may have, here or in another process: the next use of any asks the database. */
  forget(): void {
    this.#known.doubt();
  }

  /** Effective when it returns. Fails with `not-found` for a token beyond the caller's jurisdiction or none at all. */
  async revoke(caller: Caller, id: string): Promise<void> {
    const atMs = this.#deps.clock.nowMs();
    try {
      await this.#deps.database.transaction(async (tx) => {
        const query = tx
          .tables<AccessTables>()
          .updateTable('api_token')
          .set({ revoked_at_ms: atMs })
          .where('id', '=', id)
          .where('display_view', 'is', null)
          .where('revoked_at_ms', 'is', null);
        const row = await withinJurisdiction(query, 'jurisdiction', ownArea(caller))
          .returning(['jurisdiction', 'name'])
          .executeTakeFirst();
        if (!row) throw new CitywatchError('not-found');
        const { jurisdiction, name } = row;
        const subject = `token/${id}`;
        await recordAudit(tx, { caller, action: 'token.revoke', subject, jurisdiction, before: { name }, atMs });
      });
    } finally {
      // Also when the answer of COMMIT was lost: the next use asks the database.
      this.forget();
    }
  }

  /**
   * Who bears this token; null for one that is unknown, expired or revoked. Rejects with a retryable error where
   * nobody can tell now: one that is not known while PostgreSQL is away, or while too many are being guessed.
   */
  async verify(bearer: string): Promise<Caller | null> {
    if (bearer.length < BOOTSTRAP_CHARACTERS_MIN || bearer.length > TOKEN_CHARACTERS_MAX) return null;
    const borne = await this.#known.get(this.#deps.hasher.hash(bearer).toString('base64'));
    return borne && this.#deps.clock.nowMs() < borne.expiresAtMs ? borne.caller : null;
  }

  /**
   * Makes the token of `CITYWATCH_ADMIN_TOKEN` valid (nationwide, admin) in place of an earlier one; null revokes it.
   * The same token again changes nothing, so that a start has no other node read its tokens anew. There is one row:
   * where two nodes have different tokens, that of the later start is valid. Fails with `config.invalid` when it is
   * shorter than 32 characters.
   */
  async ensureBootstrap(adminToken: string | null): Promise<void> {
    if (adminToken !== null && adminToken.length < BOOTSTRAP_CHARACTERS_MIN) {
      const message = `must have at least ${BOOTSTRAP_CHARACTERS_MIN} characters`;
      throw new CitywatchError('config.invalid', { issues: [{ path: 'CITYWATCH_ADMIN_TOKEN', message }] });
    }
    const atMs = this.#deps.clock.nowMs();
    if (adminToken === null) {
      const query = this.#tables().updateTable('api_token').set({ revoked_at_ms: atMs }).where('id', '=', BOOTSTRAP);
      await query.where('revoked_at_ms', 'is', null).execute();
    } else {
      const token_hash = this.#deps.hasher.hash(adminToken);
      await this.#tables()
        .insertInto('api_token')
        .values({
          id: BOOTSTRAP,
          name: 'CITYWATCH_ADMIN_TOKEN',
          role: 'admin',
          jurisdiction: NATIONWIDE,
          purpose: null,
          token_hash,
          created_by: 'configuration',
          created_at_ms: atMs,
          expires_at_ms: null,
          revoked_at_ms: null,
        })
        .onConflict((conflict) =>
          conflict
            .column('id')
            .doUpdateSet({ token_hash, revoked_at_ms: null })
            .where(({ or, eb }) =>
              or([eb('api_token.token_hash', '!=', token_hash), eb('api_token.revoked_at_ms', 'is not', null)]),
            ),
        )
        .execute();
    }
    this.forget();
  }

  async #read(hashes: string[]): Promise<Map<string, Borne>> {
    const rows = await this.#deps.lookup
      .tables<AccessTables>()
      .selectFrom('api_token')
      .select(['id', 'name', 'role', 'jurisdiction', 'police', 'purpose', 'expires_at_ms', 'token_hash'])
      .where(
        'token_hash',
        'in',
        hashes.map((hash) => Buffer.from(hash, 'base64')),
      )
      .where('revoked_at_ms', 'is', null)
      .where('display_view', 'is', null)
      .execute();
    return new Map(
      rows.map(({ token_hash: hash, expires_at_ms: expiresAtMs, ...who }) => [
        hash.toString('base64'),
        { caller: { type: 'token', ...who } as Caller, expiresAtMs: expiresAtMs ?? Number.POSITIVE_INFINITY },
      ]),
    );
  }

  #tables() {
    return this.#deps.database.tables<AccessTables>();
  }
}

/** When a token ends that `caller` makes: never after the one it is made with, which stays as it is until then. */
async function endWithin(tx: Tables, { type, id }: Caller, wantedMs: number | null): Promise<number | null> {
  if (type !== 'token') return wantedMs;
  const query = tx.tables<AccessTables>().selectFrom('api_token').select(['expires_at_ms', 'revoked_at_ms']);
  const maker = await query.where('id', '=', id).forShare().executeTakeFirst();
  if (maker && maker.revoked_at_ms !== null) throw new CitywatchError('auth.required');
  const endMs = maker?.expires_at_ms ?? null;
  if (endMs !== null && wantedMs !== null && wantedMs > endMs) {
    throw invalid('expiresAt', 'must not be after the end of the token that you make it with');
  }
  return wantedMs ?? endMs;
}

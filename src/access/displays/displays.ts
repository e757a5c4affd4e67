import { randomUUID } from 'node:crypto';
import { type Clock, DAY_MS } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { type AgencyCode, type Jurisdiction, ownArea } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, type Selectable, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { type AuditInput, recordAudit } from '../../platform/records/audit.ts';
import { newSecret, type SecretHasher } from '../../platform/secrets/hasher.ts';
import type { Authority } from '../authority.ts';
import { checkGivenScope, type KnownAreas } from '../given-scope.ts';
import { Remembered } from '../remembered.ts';
import type { AccessTables } from '../tables.ts';
import { plainAddress } from './address.ts';

/** What a second screen shows: cameras, the map, or alerts. */
export const DISPLAY_VIEWS = ['wall', 'map', 'desk'] as const;
export type DisplayView = (typeof DISPLAY_VIEWS)[number];

/** A screen as it is made. */
export interface DisplayInput {
  name: string;
  view: DisplayView;
  jurisdiction: Jurisdiction;
  police?: AgencyCode | null;
  /** The one IP address that it may ask from. */
  address: string;
  /** The wall of cameras that it shows. */
  wall?: string | null;
}

/** A screen as it is listed. */
export interface DisplayInfo {
  id: string;
  name: string;
  view: DisplayView;
  jurisdiction: Jurisdiction;
  police: AgencyCode | null;
  address: string;
  wall: string | null;
  createdBy: string;
  createdAtMs: number;
  /** When it was signed in; null while its token waits. */
  begunAtMs: number | null;
  /** Until when its token can be exchanged; null once it was. */
  tokenUntilMs: number | null;
  revokedAtMs: number | null;
}

/** A screen that is signed in. */
export interface Display {
  caller: Caller;
  view: DisplayView;
  wall: string | null;
}

export interface DisplaysDeps extends KnownAreas {
  database: Database;
  /** Looks up which screen asks: every request of one waits for it. */
  lookup: Database<'handling'>;
  authority: Pick<Authority, 'mayGive' | 'mayHold'>;
  hasher: SecretHasher;
  clock: Clock;
}

interface Shown extends Display {
  address: string;
}

type Row = Selectable<AccessTables['api_token']>;

/** A screen sees what somebody sees who only looks; of that, the API opens the routes of its view alone. */
const ROLE = 'viewer';
const PURPOSE = 'second screen';
const PREFIX = 'cwd_';
/** Whoever makes a token walks to the screen, and does not come back next week. */
const TOKEN_MS = DAY_MS;
const LIST_MAX = 1_000;
/** While PostgreSQL does not answer, screens go on this long, as people do. */
const TRUSTED_MS = 50_000;

/**
 * Second screens of a command centre: each is signed in with a token that counts once, shows one view, and is heard
 * from one address alone. They end with the rights of whoever made them, as tokens do, in whose table they stand.
 */
export class Displays {
  readonly #deps: DisplaysDeps;
  readonly #known: Remembered<Shown>;

  constructor(deps: DisplaysDeps) {
    this.#deps = deps;
    this.#known = new Remembered({ clock: deps.clock, read: (hashes) => this.#read(hashes), trustedMs: TRUSTED_MS });
  }

  /**
   * The token is answered this once. Errors: `request.invalid` for an area beyond the caller's or what is no IP
   * address; `auth.forbidden` for whoever may not make somebody who looks.
   */
  async create(caller: Caller, input: DisplayInput): Promise<{ id: string; token: string; untilMs: number }> {
    const { name, view, jurisdiction, police = null, wall = null } = input;
    const { authority, clock, database, hasher } = this.#deps;
    if (!authority.mayGive(caller, ROLE) || !authority.mayHold(caller, ROLE)) {
      throw new CitywatchError('auth.forbidden', { detail: 'You cannot make a second screen: it looks at cameras.' });
    }
    checkGivenScope(this.#deps, caller, { jurisdiction, police });
    const address = plainAddress(input.address);
    if (address === null) throw invalid('address', 'is no IP address, such as 10.1.2.3');
    const atMs = clock.nowMs();
    const [id, token, untilMs] = [randomUUID(), PREFIX + newSecret(), atMs + TOKEN_MS];
    await database.transaction(async (tx) => {
      await tx
        .tables<AccessTables>()
        .insertInto('api_token')
        .values({
          id,
          name,
          role: ROLE,
          jurisdiction,
          police,
          purpose: PURPOSE,
          token_hash: hasher.hash(token),
          created_by: caller.id,
          created_at_ms: atMs,
          expires_at_ms: null,
          revoked_at_ms: null,
          display_view: view,
          display_address: address,
          display_wall: wall,
          display_token_until_ms: untilMs,
        })
        .execute();
      const after = { name, view, jurisdiction, police, address, wall };
      await recordAudit(tx, { ...aboutScreen(caller, 'create', { id, jurisdiction }), after, atMs });
    });
    return { id, token, untilMs };
  }

  /** Those within the caller's area, newest first, revoked ones included; at most 1,000. */
  async list(caller: Caller): Promise<DisplayInfo[]> {
    const all = this.#deps.database.tables<AccessTables>().selectFrom('api_token').selectAll();
    const query = all.where('display_view', 'is not', null).orderBy('created_at_ms', 'desc').orderBy('id');
    const rows = await withinJurisdiction(query, 'jurisdiction', ownArea(caller)).limit(LIST_MAX).execute();
    return rows.map(infoOf);
  }

  /** Another token for the same screen; its session ends. Errors: `not-found`. */
  async renew(caller: Caller, id: string): Promise<{ id: string; token: string; untilMs: number }> {
    const token = PREFIX + newSecret();
    const untilMs = this.#deps.clock.nowMs() + TOKEN_MS;
    const set = { token_hash: this.#deps.hasher.hash(token), display_token_until_ms: untilMs, ...NO_SESSION };
    await this.#change(caller, id, { action: 'token', set });
    return { id, token, untilMs };
  }

  /** Effective when it returns; what goes on ends within 10 s. Errors: `not-found`. */
  async revoke(caller: Caller, id: string): Promise<void> {
    await this.#change(caller, id, { action: 'revoke', set: { revoked_at_ms: this.#deps.clock.nowMs() } });
  }

  /**
   * Signs a screen in: its token counts no more from now on. Errors: `auth.required` for a token that is unknown, used,
   * too old or revoked, and for another address than the one it was made for; the token counts then as before.
   */
  async begin(token: string, from: string): Promise<Display & { secret: string }> {
    const { database, hasher, clock } = this.#deps;
    const atMs = clock.nowMs();
    const secret = newSecret();
    const row = await database.transaction(async (tx) => {
      const set = {
        token_hash: hasher.hash(newSecret()),
        display_token_until_ms: null,
        display_session_hash: hasher.hash(secret),
        display_begun_at_ms: atMs,
      };
      const begun = await tx
        .tables<AccessTables>()
        .updateTable('api_token')
        .set(set)
        .where('token_hash', '=', hasher.hash(token))
        .where('display_address', '=', plainAddress(from) ?? '')
        .where('display_token_until_ms', '>', atMs)
        .where('revoked_at_ms', 'is', null)
        .returningAll()
        .executeTakeFirst();
      if (!begun) throw new CitywatchError('auth.required', { detail: NOT_TAKEN });
      await recordAudit(tx, { ...aboutScreen(callerFor(begun), 'begin', begun), atMs });
      return begun;
    });
    this.forget();
    return { ...shownOf(row), secret };
  }

  /** Which screen asks; null for a session that is unknown or ended, and for any other address than its own. */
  async verify(secret: string, from: string): Promise<Display | null> {
    const shown = await this.#known.get(this.#deps.hasher.hash(secret).toString('base64'));
    return shown && shown.address === plainAddress(from) ? shown : null;
  }

  /** Screens have ended, or may have, here or in another process: the next use of any asks the database. */
  forget(): void {
    this.#known.doubt();
  }

  async #change(caller: Caller, id: string, { action, set }: { action: string; set: Partial<Row> }): Promise<void> {
    const atMs = this.#deps.clock.nowMs();
    try {
      await this.#deps.database.transaction(async (tx: Tables) => {
        const query = tx.tables<AccessTables>().updateTable('api_token').set(set).where('id', '=', id);
        const standing = query.where('display_view', 'is not', null).where('revoked_at_ms', 'is', null);
        const row = await withinJurisdiction(standing, 'jurisdiction', ownArea(caller))
          .returning(['id', 'jurisdiction', 'name'])
          .executeTakeFirst();
        if (!row) throw new CitywatchError('not-found');
        await recordAudit(tx, { ...aboutScreen(caller, action, row), before: { name: row.name }, atMs });
      });
    } finally {
      // Also when the answer of COMMIT was lost: the next use asks the database.
      this.forget();
    }
  }

  async #read(hashes: string[]): Promise<Map<string, Shown>> {
    const asked = hashes.map((hash) => Buffer.from(hash, 'base64'));
    const rows = await this.#deps.lookup
      .tables<AccessTables>()
      .selectFrom('api_token')
      .selectAll()
      .where('display_session_hash', 'in', asked)
      .where('revoked_at_ms', 'is', null)
      .execute();
    return new Map(rows.map((row) => [row.display_session_hash?.toString('base64') ?? '', shownOf(row)]));
  }
}

const NO_SESSION = { display_session_hash: null, display_begun_at_ms: null };
const NOT_TAKEN =
  'This token does not count: it was used, is older than a day, was revoked, or is for another address.';

function aboutScreen(
  caller: Caller,
  what: string,
  { id, jurisdiction }: Pick<Row, 'id' | 'jurisdiction'>,
): Pick<AuditInput, 'caller' | 'action' | 'subject' | 'jurisdiction'> {
  return { caller, action: `display.${what}`, subject: `display/${id}`, jurisdiction };
}

function callerFor({ id, name, jurisdiction, police }: Pick<Row, 'id' | 'name' | 'jurisdiction' | 'police'>): Caller {
  return { type: 'token', id, name, role: ROLE, jurisdiction, police, purpose: PURPOSE };
}

function shownOf(row: Row): Shown {
  const { display_view: view, display_wall: wall, display_address: address } = row;
  return { caller: callerFor(row), view: view ?? 'wall', wall, address: address ?? '' };
}

function infoOf(row: Row): DisplayInfo {
  const { id, name, jurisdiction, police } = row;
  const { view, wall, address } = shownOf(row);
  return {
    id,
    name,
    view,
    jurisdiction,
    police,
    address,
    wall,
    createdBy: row.created_by,
    createdAtMs: row.created_at_ms,
    begunAtMs: row.display_begun_at_ms,
    tokenUntilMs: row.display_token_until_ms,
    revokedAtMs: row.revoked_at_ms,
  };
}

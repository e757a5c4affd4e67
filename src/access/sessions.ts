import { type Clock, DAY_S, HOUR_MS } from '../core/clock.ts';
import { CitywatchError } from '../core/errors.ts';
import { Counter, type Observer } from '../core/observe.ts';
import type { Caller } from '../core/types.ts';
import type { Database, Selectable, Tables } from '../platform/database/database.ts';
import { recordAudit } from '../platform/records/audit.ts';
import { newSecret, type SecretHasher } from '../platform/secrets/hasher.ts';
import type { Passwords } from './passwords.ts';
import { Remembered } from './remembered.ts';
import type { SecondFactor } from './second-factor.ts';
import type { AccessTables } from './tables.ts';

type PersonRow = Selectable<AccessTables['person']>;

/**
 * What somebody has to do before anything else: change a one-time password, together with a code where somebody else
 * set it, set up the second factor.
 */
export type Duty = 'password' | 'code' | 'second-factor';

/** A person who is logged in. */
export interface Session {
  caller: Caller;
  username: string;
  /** What the person names the session by; no secret. */
  id: string;
  duties: readonly Duty[];
}

export interface Login {
  username: string;
  password: string;
  /** Of the second factor. */
  code?: string;
  /** Id of a session that ends when this one begins. */
  former?: string;
  /** Where from and with what, so that people know their sessions again. */
  address?: string;
  agent?: string;
}

export interface SessionsDeps {
  database: Database<'handling'>;
  hasher: SecretHasher;
  passwords: Passwords;
  secondFactor: Pick<SecondFactor, 'require' | 'isDue'>;
  clock: Clock;
  observer: Observer;
}

interface Open {
  session: Session;
  endsAtMs: number;
}

export const SESSION_MAX_S = DAY_S;
const IDLE_MS = 12 * HOUR_MS;
export const ABSOLUTE_MS = SESSION_MAX_S * 1_000;
/** While PostgreSQL does not answer, people go on working this long. */
const TRUSTED_MS = 50_000;
const SEEN_EVERY_MS = 60_000;
/** Of one person; the oldest ends when there is one more. */
const SESSIONS_MAX = 20;
/** What a person looks for who does not say. */
const PURPOSE = 'routine';

/** Who is logged in. An id is 256 random bits, known to the browser alone; the table holds its keyed hash. */
export class Sessions {
  readonly #deps: SessionsDeps;
  readonly #known: Remembered<Open>;
  readonly #logins: Counter<'result'>;

  constructor(deps: SessionsDeps) {
    this.#deps = deps;
    this.#known = new Remembered({
      clock: deps.clock,
      read: (hashes) => this.#read(hashes),
      trustedMs: TRUSTED_MS,
    });
    this.#logins = new Counter({
      name: 'citywatch_logins_total',
      help: 'Logins of people by result.',
      labelNames: ['result'],
      registers: [deps.observer.metrics],
    });
  }

  /**
   * Starts a session, with a new id whatever the browser came with; `former` ends. Errors: `auth.required`, alike for
   * an unknown name, a wrong password and a disabled person; `auth.second-factor`; `request.rate`.
   */
  async start(login: Login): Promise<Session & { secret: string }> {
    const { database, passwords, secondFactor } = this.#deps;
    const username = login.username.toLowerCase();
    const db = database.tables<AccessTables>();
    const person = await db.selectFrom('person').selectAll().where('username', '=', username).executeTakeFirst();
    const right = await passwords.matches(person?.password_hash ?? null, login.password);
    this.#logins.inc({ result: right && person?.disabled_at_ms === null ? 'good' : 'refused' });
    if (!right || !person || person.disabled_at_ms !== null) {
      throw new CitywatchError('auth.required', { detail: 'User name or password is wrong.' });
    }
    await secondFactor.require(person, login.code);
    const secret = newSecret();
    const id = await database.transaction((tx) => this.#open(tx, { secret, person, login }));
    this.forget();
    return { secret, id, caller: callerFor(person), username, duties: this.#dutiesOf(person) };
  }

  /**
   * Whose session it is; null for one that is unknown, too old, ended, or whose person was disabled. Rejects with a
   * retryable error where nobody can tell now.
   */
  async verify(id: string): Promise<Session | null> {
    const { clock, hasher } = this.#deps;
    const open = await this.#known.get(hasher.hash(id).toString('base64'));
    return open && clock.nowMs() < open.endsAtMs ? open.session : null;
  }

  /** Ends a session; one that is not there has ended. */
  async end(id: string): Promise<void> {
    const { database, hasher } = this.#deps;
    try {
      await database.tables<AccessTables>().deleteFrom('session').where('id_hash', '=', hasher.hash(id)).execute();
    } finally {
      this.forget();
    }
  }

  /** Sessions have ended, or may have, here or in another process: the next use of any asks the database. */
  forget(): void {
    this.#known.doubt();
  }

  #dutiesOf(person: Pick<PersonRow, 'role' | 'must_change' | 'voucher_due' | 'totp_confirmed_at_ms'>): Duty[] {
    const all: Record<Duty, boolean> = {
      password: person.must_change || person.voucher_due,
      code: person.voucher_due,
      'second-factor': this.#deps.secondFactor.isDue(person),
    };
    return (Object.keys(all) as Duty[]).filter((duty) => all[duty]);
  }

  /** Resolves with what the person names it by. */
  async #open(tx: Tables, { secret, person, login }: { secret: string; person: PersonRow; login: Login }) {
    const { former, address = '', agent = '' } = login;
    const { hasher, clock } = this.#deps;
    const db = tx.tables<AccessTables>();
    const nowMs = clock.nowMs();
    const mine = db.selectFrom('person').select('id').where('id', '=', person.id);
    // The person may have been disabled, or given another password, while this one was compared.
    const same = await mine.where('version', '=', person.version).forShare().executeTakeFirst();
    if (!same) throw new CitywatchError('auth.required');
    if (former) await db.deleteFrom('session').where('id_hash', '=', hasher.hash(former)).execute();
    await db
      .deleteFrom('session')
      .where((eb) => eb.or([eb('created_at_ms', '<', nowMs - ABSOLUTE_MS), eb('last_seen_ms', '<', nowMs - IDLE_MS)]))
      .execute();
    const { id } = await db
      .insertInto('session')
      .values({
        id_hash: hasher.hash(secret),
        person_id: person.id,
        created_at_ms: nowMs,
        last_seen_ms: nowMs,
        address,
        agent,
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    const all = db.selectFrom('session').select('id_hash').where('person_id', '=', person.id);
    const newest = all.orderBy('created_at_ms', 'desc').limit(SESSIONS_MAX);
    await db.deleteFrom('session').where('person_id', '=', person.id).where('id_hash', 'not in', newest).execute();
    const subject = `user/${person.id}`;
    const { jurisdiction } = person;
    await recordAudit(tx, { caller: callerFor(person), action: 'session.start', subject, jurisdiction, atMs: nowMs });
    return id;
  }

  async #read(hashes: string[]): Promise<Map<string, Open>> {
    const nowMs = this.#deps.clock.nowMs();
    const db = this.#deps.database.tables<AccessTables>();
    const asked = hashes.map((hash) => Buffer.from(hash, 'base64'));
    const rows = await db
      .selectFrom('session')
      .innerJoin('person', 'person.id', 'session.person_id')
      .select(['person.id', 'username', 'name', 'role', 'jurisdiction', 'police'])
      .select(['must_change', 'voucher_due', 'totp_confirmed_at_ms'])
      .select(['id_hash', 'session.id as session_id', 'session.created_at_ms', 'last_seen_ms'])
      .where('id_hash', 'in', asked)
      .where('disabled_at_ms', 'is', null)
      .where('session.created_at_ms', '>', nowMs - ABSOLUTE_MS)
      .where('last_seen_ms', '>', nowMs - IDLE_MS)
      .execute();
    const due = rows.filter((row) => nowMs - row.last_seen_ms > SEEN_EVERY_MS).map((row) => row.id_hash);
    if (due.length > 0) {
      await db.updateTable('session').set({ last_seen_ms: nowMs }).where('id_hash', 'in', due).execute();
    }
    return new Map(
      rows.map((row) => {
        const { username, session_id: id } = row;
        const session = { caller: callerFor(row), username, id, duties: this.#dutiesOf(row) };
        return [row.id_hash.toString('base64'), { session, endsAtMs: row.created_at_ms + ABSOLUTE_MS }];
      }),
    );
  }
}

type Named = Pick<PersonRow, 'id' | 'username' | 'name' | 'role' | 'jurisdiction' | 'police'>;

function callerFor({ id, username, name, role, jurisdiction, police }: Named): Caller {
  return { type: 'person', id, username, name, role, jurisdiction, police, purpose: PURPOSE };
}

import { randomUUID } from 'node:crypto';
import { systemCaller } from '../core/callers/system-caller.ts';
import type { Clock } from '../core/clock.ts';
import { NATIONWIDE } from '../core/jurisdiction.ts';
import type { Caller, Role } from '../core/types.ts';
import { type Database, type Insertable, sql } from '../platform/database/database.ts';
import { recordAudit } from '../platform/records/audit.ts';
import type { Passwords } from './passwords.ts';
import type { AccessTables } from './tables.ts';

export interface FirstPerson {
  username: string;
  name: string;
  role: Role;
}

export interface FirstPeopleDeps {
  database: Database;
  passwords: Pick<Passwords, 'hash'>;
  clock: Clock;
  /** Keeps one-time passwords by user name until they were used; `make` answers the same one again. */
  secrets: { make(username: string): Promise<string>; remove(username: string): Promise<void> };
}

/** Who is made where nobody can log in yet. */
export const FIRST_PEOPLE: readonly FirstPerson[] = [
  { username: 'admin', name: 'First administrator', role: 'administrator' },
];

/** The same where system, security and audit administrator are three people. */
export const FIRST_THREE: readonly FirstPerson[] = [
  { username: 'admin', name: 'System administrator', role: 'administrator' },
  { username: 'security', name: 'Security administrator', role: 'security' },
  { username: 'audit', name: 'Audit administrator', role: 'auditor' },
];

/** One gateway makes the first people, however many start at the same time. */
const LOCK = 6_104_220_308;

const ITSELF: Caller = systemCaller({ id: 'start', name: 'start', role: 'administrator' });

/**
 * Where nobody has ever been able to log in, makes `people` with one-time passwords, which have to be changed at the
 * first login. Resolves with the user names whose password still waits to be used.
 */
export async function ensureFirstPeople(deps: FirstPeopleDeps, people: readonly FirstPerson[]): Promise<string[]> {
  const { database, secrets } = deps;
  const db = database.tables<AccessTables>();
  const anybody = await db.selectFrom('person').select('id').limit(1).executeTakeFirst();
  if (!anybody) await makePeople(deps, people);
  const rows = await db
    .selectFrom('person')
    .select('username')
    .where('created_by', '=', ITSELF.name)
    .where('must_change', '=', true)
    .where('disabled_at_ms', 'is', null)
    .execute();
  const waiting = rows.map(({ username }) => username);
  for (const { username } of people) if (!waiting.includes(username)) await secrets.remove(username);
  return waiting;
}

async function makePeople(deps: FirstPeopleDeps, people: readonly FirstPerson[]): Promise<void> {
  const { database, passwords, clock, secrets } = deps;
  const rows: Insertable<AccessTables['person']>[] = [];
  for (const { username, name, role } of people) {
    const password_hash = await passwords.hash(await secrets.make(username));
    rows.push({
      id: randomUUID(),
      username,
      name,
      role,
      jurisdiction: NATIONWIDE,
      password_hash,
      disabled_at_ms: null,
      created_by: ITSELF.name,
      created_at_ms: clock.nowMs(),
      version: 1,
      must_change: true,
    });
  }
  await database.transaction(async (tx) => {
    const db = tx.tables<AccessTables>();
    await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(db);
    if (await db.selectFrom('person').select('id').limit(1).executeTakeFirst()) return;
    for (const row of rows) {
      await db.insertInto('person').values(row).execute();
      const { id, username, role, jurisdiction, created_at_ms: atMs } = row;
      await recordAudit(tx, {
        caller: ITSELF,
        action: 'user.create',
        subject: `user/${id}`,
        jurisdiction,
        after: { username, role },
        atMs,
      });
    }
  });
}

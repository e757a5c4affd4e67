import t from 'tap';
import { Passwords } from '../../../src/access/passwords.ts';
import { People } from '../../../src/access/people.ts';
import { Sessions } from '../../../src/access/sessions.ts';
import { Tokens } from '../../../src/access/tokens.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../src/platform/database/database.ts';
import { callerIn, openDatabase, openRegistry } from '../../support/devices/registry.ts';
import { type Owner, quietObserver } from '../../support/services/services.ts';
import { wiredDatabase } from '../../support/services/wired-database.ts';
import { ManualClock } from '../../support/time/clock.ts';
import { until } from '../../support/time/until.ts';

const NATION = callerIn('000000');
const PASSWORD = 'correct horse battery';
const QUICK = { hash: async (text: string) => text, verify: async (hashed: string, text: string) => hashed === text };

/** A token and a session that are known to a process whose next connection to PostgreSQL is taken and not answered. */
async function hung(t: Owner) {
  const { wire, url, direct } = await wiredDatabase(t);
  const clock = new ManualClock(systemClock.nowMs());
  const parts = await openRegistry(t, { database: await openDatabase(t, direct) });
  const far = await Database.open({
    url,
    observer: quietObserver(),
    clock: systemClock,
    limits: { ...DATABASE_LIMITS, connectTimeoutMs: 60_000 },
  });
  t.teardown(() => far.close());
  const tokens = new Tokens({ ...parts, lookup: far, clock });
  const passwords = new Passwords(QUICK);
  const sessions = new Sessions({ ...parts, database: far, passwords, clock, observer: quietObserver() });
  const people = new People({ ...parts, passwords, clock, sessionsEnded: () => sessions.forget() });
  const given = await tokens.create(NATION, { name: 'desk', role: 'viewer', jurisdiction: '330212' });
  const person = { username: 'li', name: 'Li', role: 'viewer', jurisdiction: '330212', password: PASSWORD } as const;
  await people.create(NATION, person);
  const session = await sessions.start({ username: 'li', password: PASSWORD });
  await tokens.verify(given.token);
  await sessions.verify(session.secret);
  await occupy(t, far);
  wire.hold();
  t.teardown(() => wire.release());
  return { wire, clock, database: parts.database, tokens, sessions, given, session };
}

/** Keeps the one connection that was needed so far until the test ends, so that the next query needs another. */
async function occupy(t: Owner, database: Database<never>): Promise<void> {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  await new Promise<void>((begun) => {
    const held = database.transaction(async () => {
      begun();
      await ended;
    });
    t.teardown(() => held);
    t.teardown(() => end());
  });
}

/** What a promise resolved with; undefined while it has not. */
function answerTo<Value>(promise: Promise<Value>): () => Value | undefined {
  let answer: Value | undefined;
  promise.then(
    (value) => {
      answer = value;
    },
    () => {},
  );
  return () => answer;
}

t.test('who is known is let in after two seconds, and what was withdrawn is refused when it answers', async (t) => {
  const { wire, clock, database, tokens, sessions, given, session } = await hung(t);
  await clock.advance(10_000);
  const before = wire.connections;
  const machine = answerTo(tokens.verify(given.token));
  const human = answerTo(sessions.verify(session.secret));
  await until('both are asked about', () => wire.connections === before + 2);
  await clock.advance(1_999);
  t.same([machine(), human()], [undefined, undefined], 'a slow answer is waited for');
  await clock.advance(1);
  await until('both are let in', () => machine() && human());
  t.match([machine(), human()], [{ id: given.id }, { username: 'li' }]);

  await clock.advance(50_000);
  const later = answerTo(sessions.verify(session.secret));
  await clock.advance(2_000);
  t.equal(later(), undefined, 'a person only for so long');
  await sql`update api_token set revoked_at_ms = 1 where id = ${given.id}`.execute(database.tables());
  wire.release();
  await until('the token is refused', async () => (await tokens.verify(given.token)) === null);
  await until('the answer came', () => later() !== undefined);
  t.match(later(), { username: 'li' });
});

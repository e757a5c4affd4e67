import t from 'tap';
import { Passwords } from '../../../../src/access/passwords.ts';
import { People } from '../../../../src/access/people.ts';
import { RIGHTS_OF } from '../../../../src/access/rights.ts';
import { Sessions } from '../../../../src/access/sessions.ts';
import { HOUR_MS } from '../../../../src/core/clock.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { bearer, HERE, startApi, TOKENS } from '../../../support/api/api.ts';
import { memoryAudit } from '../../../support/api/memory/reports.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const PASSWORD = 'correct horse battery';
const CONSOLE = { 'x-citywatch': 'console' };
const SESSION = '/api/v1/session';

/** Stands for argon2id where its slowness is not the point, and counts how often a password was compared. */
const slow = {
  verified: 0,
  hash: async (password: string) => `hash of ${password}`,
  verify: async (hashed: string, password: string) => {
    slow.verified += 1;
    return hashed === `hash of ${password}`;
  },
};

const clock = new ManualClock();
const ground = await openRegistry(t);
const passwords = new Passwords(slow);
const sessions = new Sessions({ ...ground, passwords, clock, observer: quietObserver() });
const people = new People({ ...ground, passwords, clock, sessionsEnded: () => sessions.forget() });
const api = await startApi(t, {
  people,
  sessions,
  audit: { ...memoryAudit(), list: (caller, filter) => listAudit(ground.database, caller, filter) },
});

let count = 0;

async function makePerson(role = 'operator', jurisdiction = HERE) {
  count += 1;
  const payload = { username: `person-${count}`, name: `Person ${count}`, role, jurisdiction, password: PASSWORD };
  const made = await api.call({ method: 'POST', url: '/api/v1/users', headers: bearer(TOKENS.admin), payload });
  t.equal(made.status, 201, made.text);
  return made.body as { id: string; username: string; version: number };
}

function login(username: string, password = PASSWORD, headers: Record<string, string> = {}) {
  return api.call({ method: 'POST', url: SESSION, headers, payload: { username, password } });
}

function cookieOf({ headers }: { headers: Record<string, unknown> }): string {
  return String(headers['set-cookie']).split(';')[0] ?? '';
}

function whoami(cookie: string) {
  return api.call({ method: 'GET', url: SESSION, headers: { cookie } });
}

t.test('a person logs in, is known, and logs out', async (t) => {
  const { username } = await makePerson();
  const answer = await login(username.toUpperCase());
  t.equal(answer.status, 200);
  t.match(answer.body, { username, role: 'operator', jurisdiction: HERE });
  const set = String(answer.headers['set-cookie']);
  t.match(set, /^cw_session=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=86400; HttpOnly; SameSite=Strict$/);
  const cookie = cookieOf(answer);
  t.match((await whoami(cookie)).body, {
    id: /./,
    username,
    name: answer.body && (answer.body as { name: string }).name,
  });
  const { rights } = (await whoami(cookie)).body as { rights: string[] };
  t.same(rights.toSorted(), [...RIGHTS_OF.operator].sort(), 'and what they may do');
  const out = await api.call({ method: 'DELETE', url: SESSION, headers: { cookie, ...CONSOLE } });
  t.equal(out.status, 204);
  t.match(out.headers['set-cookie'], /^cw_session=; .*Max-Age=0/);
  t.equal((await whoami(cookie)).status, 401, 'the old id is worth nothing');
  const kept = await ground.database
    .tables<{ session: { id_hash: Buffer } }>()
    .selectFrom('session')
    .selectAll()
    .execute();
  t.notMatch(JSON.stringify(kept), cookie.slice(11));
});

t.test('an id that was planted before the login is never used', async (t) => {
  const { username } = await makePerson();
  const planted = `cw_session=${'a'.repeat(43)}`;
  const first = await login(username, PASSWORD, { cookie: planted });
  t.not(cookieOf(first), planted);
  t.equal((await whoami(planted)).status, 401);
  const second = await login(username, PASSWORD, { cookie: cookieOf(first) });
  t.not(cookieOf(second), cookieOf(first));
  t.equal((await whoami(cookieOf(first))).status, 401, 'logging in again ends the session it came with');
  t.equal((await whoami(cookieOf(second))).status, 200);
  t.equal((await whoami(`${cookieOf(second)}; ${planted}`)).status, 401, 'of two ids none is chosen');
});

t.test('with a cookie, only our own page changes things', async (t) => {
  const { username } = await makePerson('admin');
  const cookie = cookieOf(await login(username));
  const post = (headers: Record<string, string>) =>
    api.call({
      method: 'POST',
      url: '/api/v1/tokens',
      headers: { host: 'city.example', cookie, ...headers },
      payload: { name: 'n', role: 'viewer', jurisdiction: HERE },
    });
  t.equal((await post({})).status, 403, 'without the header');
  t.equal((await post({ 'x-citywatch': 'yes' })).status, 403);
  t.equal((await post(CONSOLE)).status, 201);
  t.equal((await post({ ...CONSOLE, origin: 'http://city.example' })).status, 201);
  t.equal((await post({ ...CONSOLE, 'sec-fetch-site': 'same-origin', origin: 'https://proxy.example' })).status, 201);
  const foreign: Record<string, string>[] = [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://city.example:81' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: 'http://city.example' },
    { 'sec-fetch-site': 'none' },
  ];
  for (const headers of foreign) {
    t.equal((await post({ ...CONSOLE, ...headers })).status, 403, JSON.stringify(headers));
    t.equal((await login(username, PASSWORD, { host: 'city.example', ...headers })).status, 403, 'nor logs in');
  }
  const form = await api.call({
    method: 'POST',
    url: SESSION,
    headers: { 'content-type': 'text/plain' },
    payload: JSON.stringify({ username, password: PASSWORD }),
  });
  t.equal(form.status, 415, 'a form cannot log in');
});

t.test('what names another person than the one who is signed in is refused, whatever it asks', async (t) => {
  const { username } = await makePerson();
  const other = await makePerson();
  const cookie = cookieOf(await login(username));
  const as = (person: string) => ({ cookie, ...CONSOLE, 'x-citywatch-person': person });
  t.equal((await api.call({ method: 'GET', url: SESSION, headers: as(username) })).status, 200);
  for (const person of [other.username, '', '%', 'Person 1', encodeURIComponent('李娜')]) {
    const { status, body } = await api.call({ method: 'GET', url: SESSION, headers: as(person) });
    t.match({ status, body }, { status: 403, body: { code: 'auth.other-person' } }, person);
  }
  const out = await api.call({ method: 'DELETE', url: SESSION, headers: as(other.username) });
  t.equal(out.status, 403);
  t.equal((await whoami(cookie)).status, 200, 'nothing was done');
});

t.test('a token goes before a cookie', async (t) => {
  const cookie = cookieOf(await login((await makePerson('viewer')).username));
  const both = await api.call({ method: 'GET', url: SESSION, headers: { cookie, ...bearer(TOKENS.admin) } });
  t.match(both.body, { name: 'admin', username: null });
  const wrong = await api.call({ method: 'GET', url: SESSION, headers: { cookie, ...bearer('wrong') } });
  t.equal(wrong.status, 401);
  const posted = { name: 'n', role: 'viewer', jurisdiction: HERE };
  const headers = { cookie, ...bearer(TOKENS.admin) };
  t.equal((await api.call({ method: 'POST', url: '/api/v1/tokens', headers, payload: posted })).status, 201);
});

t.test('an unknown name costs the same work and gets the same answer as a wrong password', async (t) => {
  const { username, id } = await makePerson();
  const answers = [];
  for (const [name, password] of [
    [username, 'wrong wrong wrong'],
    ['nobody-of-that-name', PASSWORD],
  ] as const) {
    const before = slow.verified;
    answers.push(await login(name, password));
    t.equal(slow.verified - before, 1, `${name}: one comparison`);
  }
  await api.call({
    method: 'DELETE',
    url: `/api/v1/users/${id}`,
    headers: { ...bearer(TOKENS.admin), 'if-match': '"1"' },
  });
  answers.push(await login(username));
  for (const answer of answers) {
    t.equal(answer.status, 401);
    t.notOk(answer.headers['set-cookie']);
    t.match(answer.body, { code: 'auth.required', detail: 'User name or password is wrong.' });
  }
  t.equal(new Set(answers.map(({ text }) => text.length)).size, 1);
});

t.test('whose role changes, or who is disabled, is out at once', async (t) => {
  const { id, username } = await makePerson();
  const cookie = cookieOf(await login(username));
  const change = (method: 'PATCH' | 'DELETE', version: number, payload?: object) =>
    api.call({
      method,
      url: `/api/v1/users/${id}`,
      headers: { ...bearer(TOKENS.admin), 'if-match': `"${version}"` },
      ...(payload ? { payload } : {}),
    });
  t.equal((await change('PATCH', 1, { name: 'Renamed' })).status, 200);
  t.match((await whoami(cookie)).body, { name: 'Renamed' });
  t.equal((await change('PATCH', 1, { role: 'viewer' })).status, 412, 'a stale change is refused');
  t.match((await change('PATCH', 2, { role: 'viewer' })).body, { role: 'viewer', version: 3 });
  t.equal((await whoami(cookie)).status, 401);
  const again = cookieOf(await login(username));
  t.match((await whoami(again)).body, { role: 'viewer' });
  t.equal((await change('DELETE', 3)).status, 204);
  t.equal((await whoami(again)).status, 401);
  t.equal((await change('PATCH', 4, { disabled: false, password: 'another long phrase' })).status, 200);
  t.equal((await login(username)).status, 401, 'the old password is gone');
  t.equal((await login(username, 'another long phrase')).status, 200);
});

t.test('a session ends after 12 h without use, and after 24 h with it', async (t) => {
  const { username } = await makePerson();
  const unused = cookieOf(await login(username));
  await clock.advance(11 * HOUR_MS);
  const used = cookieOf(await login(username));
  t.equal((await whoami(unused)).status, 200);
  await clock.advance(11.5 * HOUR_MS);
  t.equal((await whoami(used)).status, 200);
  t.equal((await whoami(unused)).status, 200, 'use keeps it');
  await clock.advance(2 * HOUR_MS);
  t.equal((await whoami(unused)).status, 401, 'but not for more than a day');
  t.equal((await whoami(used)).status, 200);
  await clock.advance(11.9 * HOUR_MS);
  t.equal((await whoami(used)).status, 401);
});

t.test('a session that another process ended is gone within seconds', async (t) => {
  const cookie = cookieOf(await login((await makePerson()).username));
  t.equal((await whoami(cookie)).status, 200);
  await ground.database.tables<{ session: object }>().deleteFrom('session').execute();
  await clock.advance(11_000);
  t.equal((await whoami(cookie)).status, 401);
});

t.test('people are kept within the area of who keeps them, and without secrets', async (t) => {
  const base = { username: 'x-1', name: 'X', role: 'viewer', jurisdiction: HERE, password: PASSWORD };
  const make = (over: object, token: string = TOKENS.admin) =>
    api.call({ method: 'POST', url: '/api/v1/users', headers: bearer(token), payload: { ...base, ...over } });
  const wrong: object[] = [
    { password: 'short' },
    { password: 'aaaaaaaaaaaaaaaa' },
    { username: 'Upper' },
    { username: '../x' },
    { name: 'a\nb' },
    { role: 'root' },
    { jurisdiction: '510700' },
    { jurisdiction: '330299' },
    { version: 7 },
    { username: 'long-enough-name', password: 'long-enough-name' },
  ];
  for (const over of wrong) t.equal((await make(over)).status, 400, JSON.stringify(over));
  const made = await make({});
  t.equal(made.status, 201);
  t.notMatch(made.text, /password|hash/);
  t.equal((await make({})).status, 409);
  t.equal((await make({}, TOKENS.operator)).status, 403);
  const { id } = made.body as { id: string };
  const foreign = { ...bearer(TOKENS.foreign), 'if-match': '"1"' };
  t.equal((await api.call({ method: 'DELETE', url: `/api/v1/users/${id}`, headers: foreign })).status, 404);
  const theirs = await api.call({ method: 'GET', url: '/api/v1/users', headers: foreign });
  t.same(theirs.body, { items: [] });
  const audit = await listAudit(ground.database, callerIn('000000'), { limit: 500 });
  t.match(audit[0], { action: 'user.create', subject: `user/${id}`, before: null });
  t.notMatch(JSON.stringify(audit), /correct horse|hash of/);
  t.ok(audit.some(({ action, callerType }) => action === 'session.start' && callerType === 'person'));
});

t.test('the real hash is argon2id and its turns come one after the other', async (t) => {
  const real = new Passwords();
  const hashed = await real.hash(PASSWORD);
  t.match(hashed, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  t.same(await Promise.all([real.matches(hashed, PASSWORD), real.matches(hashed, 'x'), real.matches(null, PASSWORD)]), [
    true,
    false,
    false,
  ]);
  const many = Array.from({ length: 40 }, async () => real.matches(null, 'x'));
  const refused = (await Promise.allSettled(many)).filter(({ status }) => status === 'rejected');
  t.equal(refused.length, 16, 'a crowd is asked to come back');
});

import t, { type Test } from 'tap';
import { codeAt, stepAt } from '../../../../src/access/codes/totp.ts';
import { ensureFirstPeople, FIRST_PEOPLE } from '../../../../src/access/first-people.ts';
import { OwnAccount } from '../../../../src/access/own-account.ts';
import { Passwords } from '../../../../src/access/passwords.ts';
import { People } from '../../../../src/access/people.ts';
import { SecondFactor } from '../../../../src/access/second-factor.ts';
import { Sessions } from '../../../../src/access/sessions.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { startApi } from '../../../support/api/api.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const slow = {
  hash: async (password: string) => `hash of ${password}`,
  verify: async (hashed: string, password: string) => hashed === `hash of ${password}`,
};

const clock = new ManualClock();
const ground = await openRegistry(t);
const passwords = new Passwords(slow);
const parts = { ...ground, passwords, clock, observer: quietObserver() };
const secondFactor = new SecondFactor({ ...parts, roles: ['commander'] });
const sessions = new Sessions({ ...parts, secondFactor });
const sessionsEnded = () => sessions.forget();
const people = new People({ ...parts, sessionsEnded });
const account = new OwnAccount({ ...parts, sessionsEnded });
const { authority } = ground;
const api = await startApi(t, { people, sessions, account, secondFactor, authority, clock });

/** One-time passwords as a data directory keeps them. */
const kept = new Map<string, string>();
const secrets = {
  make: async (name: string) => {
    kept.set(name, kept.get(name) ?? `one-time password of ${name}`);
    return kept.get(name)!;
  },
  remove: async (name: string) => void kept.delete(name),
};
const first = () => ensureFirstPeople({ ...parts, secrets }, FIRST_PEOPLE);

type Body = Record<string, unknown>;

function login(username: string, password: string, code?: string) {
  const payload = { username, password, ...(code === undefined ? {} : { code }) };
  return api.call({ method: 'POST', url: '/api/v1/session', payload });
}

async function enter(t: Test, username: string, password: string, code?: string): Promise<Browser> {
  const answer = await login(username, password, code);
  t.equal(answer.status, 200, `${username} logs in: ${answer.text}`);
  return new Browser(String(answer.headers['set-cookie']).split(';')[0] ?? '');
}

class Browser {
  readonly cookie: string;

  constructor(cookie: string) {
    this.cookie = cookie;
  }

  async ask(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object, version?: number) {
    const stale = version === undefined ? {} : { 'if-match': `"${version}"` };
    const headers = { cookie: this.cookie, 'x-citywatch': 'console', ...stale };
    const answer = await api.call({ method, url: `/api/v1${path}`, headers, ...(payload ? { payload } : {}) });
    return { ...answer, body: answer.body as Body };
  }
}

/** What a telephone does with the URI it was shown. */
function codeOf(uri: string): string {
  const text = new URL(uri).searchParams.get('secret') ?? '';
  const bits = [...text].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const bytes = bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2));
  return codeAt(Buffer.from(bytes), stepAt(clock.nowMs()));
}

t.test('the first start makes one administrator, whose password has to be changed before all else', async (t) => {
  t.same(await Promise.all([first(), first()]), [['admin'], ['admin']], 'also of two starts at the same time');
  const found = await people.list(callerIn('000000'));
  t.match(found, [{ username: 'admin', role: 'administrator', jurisdiction: '000000', mustChange: true }]);
  t.equal(found.length, 1);
  const once = kept.get('admin')!;
  const admin = await enter(t, 'admin', once);
  t.match((await admin.ask('GET', '/session')).body, { duties: ['password'] });
  for (const path of ['/devices', '/users', '/audit']) {
    t.match(await admin.ask('GET', path), { status: 403, body: { code: 'auth.duty' } }, path);
  }
  const change = (old: string, fresh: string) => admin.ask('POST', '/session/password', { old, new: fresh });
  t.equal((await change('wrong wrong wrong', 'a much longer phrase')).status, 401);
  t.equal((await change(once, once)).status, 400, 'the same again');
  t.equal((await change(once, 'short')).status, 400);
  t.equal((await change(once, 'a much longer phrase')).status, 204);
  t.match((await admin.ask('GET', '/session')).body, { duties: [] });
  t.equal((await admin.ask('GET', '/devices')).status, 200);
  t.equal((await login('admin', once)).status, 401, 'it worked once');
  t.same(await first(), [], 'nothing waits any more');
  t.notOk(kept.has('admin'), 'and its file is gone');
});

t.test('people see and end their own sessions, and no others', async (t) => {
  const admin = await enter(t, 'admin', 'a much longer phrase');
  const input = { name: 'Li', role: 'operator', jurisdiction: '330212', password: 'correct horse battery' };
  for (const username of ['li', 'wang']) {
    t.equal((await admin.ask('POST', '/users', { username, ...input })).status, 201);
  }
  const here = await enter(t, 'li', input.password);
  const elsewhere = await enter(t, 'li', input.password);
  const wang = await enter(t, 'wang', input.password);
  const items = (await here.ask('GET', '/session/open')).body.items as { id: string; current: boolean }[];
  t.same(items.map(({ current }) => current).toSorted(), [false, true]);
  t.match(items[0], { address: '127.0.0.1', agent: 'lightMyRequest', startedAt: /Z$/ });
  const other = items.find(({ current }) => !current)!;
  t.equal((await wang.ask('DELETE', `/session/open/${other.id}`)).status, 404);
  t.equal((await elsewhere.ask('GET', '/devices')).status, 200);
  t.equal((await here.ask('DELETE', `/session/open/${other.id}`)).status, 204);
  t.equal((await elsewhere.ask('GET', '/devices')).status, 401);
  const third = await enter(t, 'li', input.password);
  const fresh = 'another good long phrase';
  t.equal((await here.ask('POST', '/session/password', { old: input.password, new: fresh })).status, 204);
  t.equal((await here.ask('GET', '/devices')).status, 200, 'the one it was changed in goes on');
  t.equal((await third.ask('GET', '/devices')).status, 401, 'the others have ended');
  t.equal((await wang.ask('GET', '/devices')).status, 200);
});

/** Whoever has a password and as many addresses as they want goes round what counts by address. */
async function guessedFromEverywhere(t: Test, known: { password: string; right: string; recovery: string[] }) {
  const { password, right, recovery } = known;
  const start = (code: string) => sessions.start({ username: 'li', password, code });
  await t.resolves(start(recovery[0]!), 'what was wrong before counts no more');
  const wrong = right === '123456' ? '654321' : '123456';
  const guesses = await Promise.allSettled(Array.from({ length: 40 }, () => start(wrong)));
  const refusals: string[] = guesses.map((one) => (one as PromiseRejectedResult).reason.code);
  t.same(new Set(refusals), new Set(['auth.second-factor', 'request.rate']));
  t.equal(refusals.filter((code) => code === 'auth.second-factor').length, 10, 'so many are compared');
  await t.rejects(start(right), { code: 'request.rate', retryAfterS: 30, message: /recovery code/ });
  await clock.advance(30_000);
  await t.rejects(start(wrong), { code: 'auth.second-factor' }, 'one more');
  await clock.advance(30_000);
  await t.rejects(start(wrong), { code: 'request.rate' }, 'and a longer pause');
  await t.resolves(start(recovery[1]!), 'whose account it is comes in by a recovery code');
}

t.test('a second factor is set up, asked for, replaced by a recovery code, and taken by no replay', async (t) => {
  const password = 'another good long phrase';
  const li = await enter(t, 'li', password);
  const { uri } = (await li.ask('POST', '/session/totp')).body as { uri: string };
  t.equal((await login('li', password)).status, 200, 'it counts once it is confirmed');
  t.match((await li.ask('POST', '/session/totp/confirm', { code: '000000' })).body, { code: 'auth.second-factor' });
  await clock.advance(60_000);
  const confirmed = (await li.ask('POST', '/session/totp/confirm', { code: codeOf(uri) })).body;
  const { recoveryCodes } = confirmed as { recoveryCodes: string[] };
  t.equal(new Set(recoveryCodes).size, 10);
  t.match(await login('li', password), { status: 401, body: { code: 'auth.second-factor' } });
  t.match(await login('li', 'wrong wrong wrong'), { status: 401, body: { code: 'auth.required' } });
  t.equal((await login('li', password, codeOf(uri))).status, 401, 'the code that confirmed it was used');
  await clock.advance(30_000);
  const code = codeOf(uri);
  // Not through the door, where the second one would wait for its turn.
  const both = [1, 2].map(() => sessions.start({ username: 'li', password, code }));
  const outcomes = await Promise.allSettled(both);
  t.same(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'], 'one code, one login');
  t.equal((await login('li', password, recoveryCodes[0])).status, 200);
  await clock.advance(60_000);
  t.equal((await login('li', password, recoveryCodes[0])).status, 401, 'each works once');
  t.match((await li.ask('POST', '/session/totp')).body, { code: 'conflict.state' });
  await clock.advance(60_000);
  t.equal((await li.ask('POST', '/session/totp/remove', { code: '000000' })).status, 401);
  await clock.advance(60_000);
  await guessedFromEverywhere(t, { password, right: codeOf(uri), recovery: recoveryCodes.slice(1) });
  await clock.advance(15 * 60_000);
  t.equal((await li.ask('POST', '/session/totp/remove', { code: codeOf(uri) })).status, 204);
  t.equal((await login('li', password)).status, 200);
});

t.test('a role may demand it: nothing goes before it is set up, and it cannot be given up', async (t) => {
  const admin = await enter(t, 'admin', 'a much longer phrase');
  const password = 'correct horse battery';
  const input = { username: 'zhao', name: 'Zhao', role: 'commander', jurisdiction: '330212', password };
  const { id, version } = (await admin.ask('POST', '/users', { ...input, oneTime: true })).body;
  const zhao = await enter(t, 'zhao', password);
  t.match((await zhao.ask('GET', '/session')).body, { duties: ['password', 'second-factor'] });
  const fresh = 'a phrase of my own choice';
  t.equal((await zhao.ask('POST', '/session/password', { old: password, new: fresh })).status, 204);
  t.match((await zhao.ask('GET', '/alerts')).body, { code: 'auth.duty' });
  const { uri } = (await zhao.ask('POST', '/session/totp')).body as { uri: string };
  t.equal((await zhao.ask('POST', '/session/totp/confirm', { code: codeOf(uri) })).status, 200);
  sessions.forget();
  t.equal((await zhao.ask('GET', '/devices')).status, 200);
  t.match((await zhao.ask('POST', '/session/totp/remove', { code: codeOf(uri) })).body, { code: 'conflict.state' });
  const lost = await admin.ask('PATCH', `/users/${id}`, { forgetSecondFactor: true }, Number(version) + 1);
  t.match(lost.body, { secondFactor: false }, lost.text);
  t.match((await (await enter(t, 'zhao', fresh)).ask('GET', '/session')).body, { duties: ['second-factor'] });
});

t.test('a token has no account, and nothing of all this is told', async (t) => {
  const tokens = await api.call({
    method: 'GET',
    url: '/api/v1/session/open',
    headers: { authorization: 'Bearer token-of-operator' },
  });
  t.equal(tokens.status, 403);
  const rows = JSON.stringify(await listAudit(ground.database, callerIn('000000'), { limit: 500 }));
  for (const action of ['user.own-password', 'user.second-factor', 'user.second-factor-removed', 'session.end']) {
    t.ok(rows.includes(`"${action}"`), action);
  }
  t.notMatch(rows, /phrase|one-time|otpauth|hash of/);
  t.notMatch(api.logLines.join('\n'), /phrase|one-time password|otpauth/);
});

import t from 'tap';
import { Authority } from '../../../src/access/authority.ts';
import { ensureFirstPeople, FIRST_THREE } from '../../../src/access/first-people.ts';
import { OwnAccount } from '../../../src/access/own-account.ts';
import { Passwords } from '../../../src/access/passwords.ts';
import { People } from '../../../src/access/people.ts';
import { LOOKS, RIGHTS, type Right } from '../../../src/access/rights.ts';
import { SecondFactor } from '../../../src/access/second-factor.ts';
import { Sessions } from '../../../src/access/sessions.ts';
import { Tokens } from '../../../src/access/tokens.ts';
import { Vouchers } from '../../../src/access/vouchers.ts';
import { DAY_MS } from '../../../src/core/clock.ts';
import type { Caller, Role } from '../../../src/core/types.ts';
import { listAudit } from '../../../src/platform/records/audit.ts';
import { NO_ZONES } from '../../support/access/tree.ts';
import { startApi } from '../../support/api/api.ts';
import { callerIn, openRegistry } from '../../support/devices/registry.ts';
import { quietObserver } from '../../support/services/services.ts';
import { ManualClock } from '../../support/time/clock.ts';

const THREE = ['administrator', 'security', 'auditor'] as const;
const authority = new Authority({ areasOf: () => [] }, NO_ZONES, { separated: true });
const slow = {
  hash: async (password: string) => password,
  verify: async (hashed: string, password: string) => hashed === password,
};

function rightsOf(role: Role): Set<Right> {
  const caller = callerIn('330200', role);
  return new Set((Object.keys(RIGHTS) as Right[]).filter((right) => authority.may(caller, right)));
}

t.test('none of the three looks at anything, and no two of them hold the same power', async (t) => {
  for (const role of [...THREE, 'admin'] as const) {
    t.same(
      LOOKS.filter((right) => rightsOf(role).has(right)),
      [],
      role,
    );
  }
  const powers = ['registry.edit', 'people.keep', 'tokens.keep', 'rights.give', 'people.vouch', 'audit.read'] as const;
  for (const power of powers) t.equal(THREE.filter((role) => rightsOf(role).has(power)).length, 1, power);
  t.same(rightsOf('admin'), rightsOf('administrator'), 'the older name is no way around it');
  t.ok(
    new Authority({ areasOf: () => [] }, NO_ZONES).may(callerIn('330200', 'admin'), 'video.look'),
    'unless it is set, one may all',
  );
});

t.test('the first start makes three people, and none gives rights to themselves', async (t) => {
  const clock = new ManualClock();
  const ground = await openRegistry(t);
  const { database } = ground;
  const passwords = new Passwords(slow);
  const people = new People({ ...ground, authority, passwords, clock, sessionsEnded: () => {} });
  const secrets = { make: async (name: string) => `one-time of ${name}`, remove: async () => {} };
  const waiting = await ensureFirstPeople({ database, passwords, clock, secrets }, FIRST_THREE);
  t.same(waiting.toSorted(), ['admin', 'audit', 'security']);
  const found = await people.list(callerIn('000000'));
  const as = (username: string): Caller => {
    const { id, name, role, jurisdiction } = found.find((one) => one.username === username)!;
    return { type: 'person', id, name, role, jurisdiction, purpose: null };
  };
  const security = as('security');
  const forbidden = { code: 'auth.forbidden' };
  await t.rejects(people.update(security, security.id, 1, { role: 'operator' }), forbidden, 'not to themselves');
  t.match(await people.update(security, as('audit').id, 1, { name: 'Zhou' }), { name: 'Zhou' });
  const separated = new Tokens({ ...ground, lookup: database, authority, clock });
  const token = (role: Role) => separated.create(security, { name: 't', role, jurisdiction: '330200' });
  for (const role of ['operator', 'viewer', 'commander', 'technician'] as const) {
    await t.rejects(token(role), forbidden, `nor by a token of a ${role}`);
  }
  t.ok(await token('integrator'), 'machines that look at nothing get theirs');
});

/** The gateway of three administrators, with what happens in its browsers. */
async function threeOverHttp() {
  const clock = new ManualClock();
  const ground = await openRegistry(t);
  const { database } = ground;
  const passwords = new Passwords(slow);
  const parts = { ...ground, authority, passwords, clock, observer: quietObserver() };
  const secondFactor = new SecondFactor({ ...parts, roles: [] });
  const sessions = new Sessions({ ...parts, secondFactor });
  const sessionsEnded = () => sessions.forget();
  const people = new People({ ...parts, sessionsEnded });
  const account = new OwnAccount({ ...parts, sessionsEnded });
  const vouchers = new Vouchers(parts);
  const tokens = new Tokens({ ...parts, lookup: database });
  const secrets = { make: async (name: string) => `one-time of ${name}`, remove: async () => {} };
  await ensureFirstPeople({ database, passwords, clock, secrets }, FIRST_THREE);
  const api = await startApi(t, { people, sessions, account, vouchers, secondFactor, tokens, authority, clock });
  const enter = async (username: string, password: string) => {
    // Wrong tries of before must not make this one wait.
    await clock.advance(60_000);
    const payload = { username, password };
    const { status, headers, text } = await api.call({ method: 'POST', url: '/api/v1/session', payload });
    t.equal(status, 200, `${username}: ${text}`);
    const cookie = String(headers['set-cookie']).split(';')[0] ?? '';
    return async (method: 'GET' | 'POST' | 'PATCH', path: string, body?: object, version?: number) => {
      const stale = version === undefined ? {} : { 'if-match': `"${version}"` };
      const around = { cookie, 'x-citywatch': 'console', ...stale };
      const answer = await api.call({ method, url: `/api/v1${path}`, headers: around, ...(body && { payload: body }) });
      return { ...answer, body: answer.body as Record<string, string> };
    };
  };
  const begin = async (username: string) => {
    const first = await enter(username, `one-time of ${username}`);
    const change = { old: `one-time of ${username}`, new: ownOf(username) };
    t.equal((await first('POST', '/session/password', change)).status, 204, 'the first three need no word of others');
    return enter(username, change.new);
  };
  return { api, clock, database, enter, admin: await begin('admin'), security: await begin('security'), tokens };
}

const ownOf = (username: string): string => `own phrase of ${username}`;

const LI = { username: 'li', name: 'Li', role: 'operator', jurisdiction: '330200', password: 'chosen by security' };
const OWN = 'a phrase of my own choice';

t.test('whoever makes a person cannot be that person: it takes a word of another administrator', async (t) => {
  const { api, clock, database, enter, tokens, ...first } = await threeOverHttp();
  let { admin, security } = first;
  const made = await security('POST', '/users', LI);
  t.match(made, { status: 201, body: { mustChange: true, needsCode: true } });

  const thief = await enter('li', LI.password);
  t.match((await thief('GET', '/session')).body, { duties: ['password', 'code'] });
  for (const path of ['/alerts', '/devices']) t.match((await thief('GET', path)).body, { code: 'auth.duty' });
  t.match((await thief('POST', '/session/totp')).body, { code: 'auth.duty' }, 'nor an authenticator of their own');
  const change = { old: LI.password, new: OWN };
  t.match(await thief('POST', '/session/password', change), { status: 401, body: { code: 'auth.voucher' } });
  await clock.advance(60_000);
  t.match((await thief('POST', '/session/password', { ...change, code: '0'.repeat(16) })).body, {
    code: 'auth.voucher',
  });
  t.match((await security('POST', '/users/codes', { username: 'li' })).body, { code: 'auth.forbidden' });
  const machine = await security('POST', '/tokens', { name: 't', role: 'administrator', jurisdiction: '330200' });
  const headers = { authorization: `Bearer ${machine.body.token}` };
  const byToken = await api.call({ method: 'POST', url: '/api/v1/users/codes', headers, payload: { username: 'li' } });
  t.match(byToken, { status: 403, body: { detail: /people who are logged in/ } });

  t.equal((await admin('POST', '/users/codes', { username: 'nobody' })).status, 404);
  t.match((await admin('POST', '/users/codes', { username: 'audit' })).body, { code: 'conflict.state' });
  const late = (await admin('POST', '/users/codes', { username: 'li' })).body.code;
  await clock.advance(DAY_MS);
  // Their sessions have ended, too.
  [admin, security] = [await enter('admin', ownOf('admin')), await enter('security', ownOf('security'))];
  const li = await enter('li', LI.password);
  t.match((await li('POST', '/session/password', { ...change, code: late })).body, { code: 'auth.voucher' }, 'a day');
  const given = (await admin('POST', '/users/codes', { username: 'li' })).body;
  t.match(given, { code: /^[0-9a-f]{16}$/, name: 'Li', role: 'operator', createdBy: 'Security administrator' });
  await clock.advance(60_000);
  t.equal((await li('POST', '/session/password', { ...change, code: given.code })).status, 204);
  const own = await enter('li', OWN);
  t.equal((await own('GET', '/alerts')).status, 200);
  t.match((await admin('POST', '/users/codes', { username: 'li' })).body, { code: 'conflict.state' }, 'needs none');

  const { id } = made.body;
  t.match((await security('PATCH', `/users/${id}`, { oneTime: false }, 2)).body, { issues: [{ path: 'oneTime' }] });
  const reset = await security('PATCH', `/users/${id}`, { password: 'chosen by security again' }, 2);
  t.match(reset.body, { mustChange: true, needsCode: true }, 'a password that is set anew, too');
  t.equal((await own('GET', '/alerts')).status, 401);
  const again = await enter('li', 'chosen by security again');
  const reuse = { old: 'chosen by security again', new: 'another phrase of mine', code: given.code };
  t.match((await again('POST', '/session/password', reuse)).body, { code: 'auth.voucher' }, 'a code counts once');

  const trail = JSON.stringify(await listAudit(database, callerIn('000000'), { limit: 500 }));
  t.match(trail, /"user\.vouch"/);
  t.notOk(trail.includes(given.code!) || api.logLines.join('\n').includes(given.code!), 'and no code is told');
  t.ok(await tokens.verify(machine.body.token!), 'the token is good for other things');
});

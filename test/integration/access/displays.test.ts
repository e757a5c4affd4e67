import t from 'tap';
import { plainAddress } from '../../../src/access/displays/address.ts';
import { Displays } from '../../../src/access/displays/displays.ts';
import { Passwords } from '../../../src/access/passwords.ts';
import { People } from '../../../src/access/people.ts';
import { DAY_MS } from '../../../src/core/clock.ts';
import type { Caller } from '../../../src/core/types.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { callerIn, type OpenRegistry, openRegistry } from '../../support/devices/registry.ts';
import { ManualClock } from '../../support/time/clock.ts';

const NINGBO = callerIn('330200');
const HERE = '10.1.2.3';
const SCREEN = { name: 'east wall', view: 'map', jurisdiction: '330212', address: HERE } as const;

const clock = new ManualClock();
let parts: OpenRegistry;

t.before(async () => {
  parts = await openRegistry(t, { clock });
});

async function actsOn(id: string): Promise<string[]> {
  const { rows } = await sql<{ action: string; caller_name: string }>`
    select action, caller_name from audit_entry where subject = ${`display/${id}`} order by seq`.execute(
    parts.database.tables(),
  );
  return rows.map(({ action, caller_name: name }) => `${action} by ${name}`);
}

t.test('a screen is signed in once, from its address alone, until it is revoked; each step is on record', async (t) => {
  const { displays, tokens } = parts;
  const { id, token } = await displays.create(NINGBO, SCREEN);
  t.match(token, /^cwd_[A-Za-z0-9_-]{43}$/);
  t.equal(await tokens.verify(token), null, 'the token itself opens nothing');
  await t.rejects(displays.begin(token, '10.1.2.4'), { code: 'auth.required' });
  const { secret, view, caller } = await displays.begin(token, `::ffff:${HERE}`);
  t.equal(view, 'map');
  t.match(caller, { type: 'token', id, name: 'east wall', role: 'viewer', jurisdiction: '330212' });
  await t.rejects(displays.begin(token, HERE), { code: 'auth.required' }, 'it counts once');
  t.match(await displays.verify(secret, HERE), { view: 'map', caller: { id } });
  t.equal(await displays.verify(secret, '10.1.2.4'), null);
  t.equal(await displays.verify(token, HERE), null);
  t.match(await displays.list(NINGBO), [{ id, address: HERE, begunAtMs: Number, tokenUntilMs: null }]);
  t.same(await tokens.list(NINGBO), [], 'it is no token of a machine');
  await t.rejects(tokens.revoke(NINGBO, id), { code: 'not-found' });
  await displays.revoke(NINGBO, id);
  t.equal(await displays.verify(secret, HERE), null);
  await t.rejects(displays.revoke(NINGBO, id), { code: 'not-found' });
  const by = NINGBO.name;
  t.same(await actsOn(id), [`display.create by ${by}`, 'display.begin by east wall', `display.revoke by ${by}`]);
});

t.test('another token ends the session of a screen; one that nobody used ends after a day', async (t) => {
  const { displays } = parts;
  const { id, token } = await displays.create(NINGBO, SCREEN);
  const first = await displays.begin(token, HERE);
  const again = await displays.renew(NINGBO, id);
  t.equal(await displays.verify(first.secret, HERE), null);
  t.match(await displays.begin(again.token, HERE), { view: 'map' });
  const late = await displays.renew(NINGBO, id);
  await clock.advance(DAY_MS + 1);
  await t.rejects(displays.begin(late.token, HERE), { code: 'auth.required' });
});

t.test('revoked by another process, it ends within seconds', async (t) => {
  const { displays } = parts;
  const elsewhere = new Displays({ ...parts, lookup: parts.database, clock });
  const { id, token } = await displays.create(NINGBO, SCREEN);
  const { secret } = await displays.begin(token, HERE);
  t.ok(await displays.verify(secret, HERE));
  await elsewhere.revoke(NINGBO, id);
  await clock.advance(5_001);
  t.equal(await displays.verify(secret, HERE), null);
});

t.test('nobody makes a screen beyond their border, or of what is no address', async (t) => {
  const { displays } = parts;
  await t.rejects(displays.create(NINGBO, { ...SCREEN, jurisdiction: '510700' }), { message: /jurisdiction/ });
  await t.rejects(displays.create(NINGBO, { ...SCREEN, address: '10.1.2.0/24' }), { message: /address/ });
  const { id } = await displays.create(callerIn('510700'), { ...SCREEN, jurisdiction: '510700' });
  t.notOk((await displays.list(NINGBO)).some((one) => one.id === id));
  await t.rejects(displays.revoke(NINGBO, id), { code: 'not-found' });
  await t.rejects(displays.renew(NINGBO, id), { code: 'not-found' });
});

t.test('a screen ends with the account of who made it', async (t) => {
  const slow = { hash: async (password: string) => password, verify: async () => true };
  const { displays, tokens } = parts;
  const forget = () => {
    tokens.forget();
    displays.forget();
  };
  const ended = { endOf: tokens.endOf.bind(tokens), forget };
  const deps = { ...parts, tokens: ended, passwords: new Passwords(slow), clock, sessionsEnded: () => {} };
  const people = new People(deps);
  const person = { username: 'li', name: 'Li', role: 'admin' as const, password: 'correct horse battery' };
  const { id } = await people.create(NINGBO, { ...person, jurisdiction: '330212' });
  const li: Caller = { ...NINGBO, type: 'person', id, name: 'Li', jurisdiction: '330212' };
  const { token } = await displays.create(li, SCREEN);
  const { secret } = await displays.begin(token, HERE);
  await people.update(NINGBO, id, 1, { disabled: true });
  t.equal(await displays.verify(secret, HERE), null);
});

t.test('addresses that mean the same are the same', async (t) => {
  t.equal(plainAddress('::FFFF:10.1.2.3'), '10.1.2.3');
  t.equal(plainAddress('fe80:0:0::0001%eth0'), 'fe80::1');
  t.equal(plainAddress('2001:DB8:0:0:0:0:0:1'), '2001:db8::1');
  for (const odd of ['', 'localhost', '10.1.2.3.4', '10.1.2.0/24', '::ffff:300.1.1.1'])
    t.equal(plainAddress(odd), null);
});

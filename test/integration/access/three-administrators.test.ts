import t from 'tap';
import { Authority } from '../../../src/access/authority.ts';
import { ensureFirstPeople, FIRST_THREE } from '../../../src/access/first-people.ts';
import { Passwords } from '../../../src/access/passwords.ts';
import { People } from '../../../src/access/people.ts';
import { LOOKS, RIGHTS, type Right } from '../../../src/access/rights.ts';
import { Tokens } from '../../../src/access/tokens.ts';
import type { Caller, Role } from '../../../src/core/types.ts';
import { callerIn, openRegistry } from '../../support/devices/registry.ts';
import { ManualClock } from '../../support/time/clock.ts';

const THREE = ['administrator', 'security', 'auditor'] as const;
const authority = new Authority({ areasOf: () => [] }, { separated: true });
const slow = { hash: async (password: string) => password, verify: async () => true };

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
  const powers = ['registry.edit', 'people.keep', 'tokens.keep', 'rights.give', 'audit.read', 'register.read'] as const;
  for (const power of powers) t.equal(THREE.filter((role) => rightsOf(role).has(power)).length, 1, power);
  t.same(rightsOf('admin'), rightsOf('administrator'), 'the older name is no way around it');
  t.ok(
    new Authority({ areasOf: () => [] }).may(callerIn('330200', 'admin'), 'video.look'),
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

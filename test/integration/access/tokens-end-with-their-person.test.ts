import t from 'tap';
import { Passwords } from '../../../src/access/passwords.ts';
import { People } from '../../../src/access/people.ts';
import type { Caller, Role } from '../../../src/core/types.ts';
import { callerIn, openRegistry } from '../../support/devices/registry.ts';
import { ManualClock } from '../../support/time/clock.ts';

const slow = { hash: async (password: string) => password, verify: async () => true };
const jurisdiction = '330212';
const admin = callerIn('330200');

t.test('tokens end with the account of who made them, and with the rights they were made by', async (t) => {
  const ground = await openRegistry(t);
  const clock = new ManualClock();
  const people = new People({ ...ground, passwords: new Passwords(slow), clock, sessionsEnded: () => {} });
  const who = { username: 'li', name: 'Li', role: 'admin' as const, jurisdiction, password: 'correct horse battery' };
  const { id } = await people.create(admin, who);
  const li: Caller = { type: 'person', id, name: 'Li', role: 'admin', jurisdiction, purpose: null };
  const made = async (by: Caller, role: Role): Promise<string> =>
    (await ground.tokens.create(by, { name: role, role, jurisdiction })).token;
  const strong = await made(li, 'admin');
  const weak = await made(li, 'viewer');
  const ofToken = await made((await ground.tokens.verify(strong))!, 'admin');
  const foreign = await made(admin, 'admin');
  const valid = () =>
    Promise.all([strong, weak, ofToken].map(async (token) => (await ground.tokens.verify(token)) !== null));
  t.same(await valid(), [true, true, true]);
  await people.update(admin, id, 1, { name: 'Li Wei' });
  t.same(await valid(), [true, true, true]);
  await people.update(admin, id, 2, { role: 'operator' });
  t.same(await valid(), [false, true, false], 'what an operator cannot give has ended');
  await people.update(admin, id, 3, { disabled: true });
  t.same(await valid(), [false, false, false]);
  await people.update(admin, id, 4, { disabled: false });
  t.same(await valid(), [false, false, false], 'and none comes back with the account');
  t.ok(await ground.tokens.verify(foreign), 'those of others stay');
});

t.test('a token that expires makes none that outlives it, and a revoked one makes none', async (t) => {
  const clock = new ManualClock();
  const { tokens } = await openRegistry(t, { clock });
  const input = (name: string) => ({ name, role: 'admin' as const, jurisdiction });
  const endMs = clock.nowMs() + 3_600_000;
  const first = await tokens.create(admin, { ...input('first'), expiresAtMs: endMs });
  const borne = (await tokens.verify(first.token))!;
  const later = { ...input('later'), expiresAtMs: endMs + 1 };
  await t.rejects(tokens.create(borne, later), { code: 'request.invalid', message: /expiresAt/ });
  const silent = await tokens.create(borne, input('silent'));
  const third = await tokens.create((await tokens.verify(silent.token))!, input('third'));
  const sooner = await tokens.create(borne, { ...input('sooner'), expiresAtMs: endMs - 1 });
  const listed = new Map((await tokens.list(admin)).map(({ id, expiresAtMs }) => [id, expiresAtMs]));
  const ends = [silent, third, sooner].map(({ id }) => listed.get(id));
  t.same(ends, [endMs, endMs, endMs - 1]);
  await tokens.revoke(admin, first.id);
  await t.rejects(tokens.create(borne, input('in flight')), { code: 'auth.required' }, 'a request that was under way');
});

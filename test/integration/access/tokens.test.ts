import t from 'tap';
import { Tokens } from '../../../src/access/tokens.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { callerIn, type OpenRegistry, openRegistry } from '../../support/devices/registry.ts';
import { ManualClock } from '../../support/time/clock.ts';

const NATION = callerIn('000000');
const NINGBO = callerIn('330200');

let parts: OpenRegistry;

t.before(async () => {
  parts = await openRegistry(t);
});

t.test('a token stands for its role and jurisdiction until it is revoked', async (t) => {
  const { tokens } = parts;
  const { id, token } = await tokens.create(NINGBO, {
    name: 'desk',
    role: 'viewer',
    jurisdiction: '330212',
    purpose: 'routine',
  });
  t.match(token, /^cwt_[A-Za-z0-9_-]{43}$/);
  const where = { jurisdiction: '330212', police: null };
  const caller = { type: 'token', id, name: 'desk', role: 'viewer', ...where, purpose: 'routine' };
  t.strictSame(await tokens.verify(token), caller);
  t.strictSame(await tokens.verify(token), caller, 'from memory');
  await tokens.revoke(NINGBO, id);
  t.equal(await tokens.verify(token), null);
  await t.rejects(tokens.revoke(NINGBO, id), { code: 'not-found' });
  t.match(
    (await tokens.list(NINGBO)).find((info) => info.id === id),
    { revokedAtMs: Number, createdBy: NINGBO.id },
  );
});

t.test('tokens are stored as hashes and never listed', async (t) => {
  const { tokens, database } = parts;
  const { token } = await tokens.create(NATION, { name: 'x', role: 'admin', jurisdiction: '000000' });
  const { rows } = await sql<{ text: string }>`
    select string_agg(t, ' ') as text from
      (select k::text as t from api_token k union all select a::text from audit_entry a) as both_tables`.execute(
    database.tables(),
  );
  t.notMatch(rows[0]!.text + JSON.stringify(await tokens.list(NATION)), token.slice(4));
});

t.test('nobody gives more than they have, or sees tokens beyond their border', async (t) => {
  const { tokens } = parts;
  await t.rejects(tokens.create(NINGBO, { name: 'x', role: 'viewer', jurisdiction: '000000' }), {
    message: /jurisdiction/,
  });
  await t.rejects(tokens.create(NINGBO, { name: 'x', role: 'viewer', jurisdiction: '510700' }), {
    message: /jurisdiction/,
  });
  await t.rejects(tokens.create(NINGBO, { name: 'x', role: 'viewer', jurisdiction: '330299' }), {
    message: /jurisdiction/,
  });
  const operator = callerIn('330200', 'operator');
  await t.rejects(tokens.create(operator, { name: 'x', role: 'admin', jurisdiction: '330200' }), {
    code: 'auth.forbidden',
  });
  const past = { name: 'x', role: 'viewer', jurisdiction: '330200', expiresAtMs: 1 } as const;
  await t.rejects(tokens.create(NINGBO, past), { message: /expiresAt: must be in the future/ });
  const { id, token } = await tokens.create(callerIn('510700'), { name: 'm', role: 'viewer', jurisdiction: '510700' });
  t.notOk((await tokens.list(NINGBO)).some((info) => info.id === id));
  await t.rejects(tokens.revoke(NINGBO, id), { code: 'not-found' });
  t.ok(await tokens.verify(token));
});

t.test('a token ends when its time is over, also while it is remembered', async (t) => {
  const clock = new ManualClock(systemClock.nowMs());
  const tokens = new Tokens({ ...parts, lookup: parts.database, clock });
  const expiresAtMs = clock.nowMs() + 60_000;
  const { token } = await tokens.create(NATION, { name: 'short', role: 'viewer', jurisdiction: '000000', expiresAtMs });
  t.ok(await tokens.verify(token));
  await clock.advance(60_000);
  t.equal(await tokens.verify(token), null);
});

t.test('a revocation that meets a look-up in flight still holds', async (t) => {
  const { tokens } = parts;
  for (let round = 0; round < 20; round += 1) {
    const fresh = new Tokens({ ...parts, lookup: parts.database, clock: systemClock });
    const { id, token } = await fresh.create(NATION, { name: 'race', role: 'viewer', jurisdiction: '000000' });
    await Promise.all([fresh.verify(token), fresh.revoke(NATION, id), fresh.verify(token)]);
    t.equal(await fresh.verify(token), null);
  }
  for (const junk of ['', 'x', 'cwt_', `cwt_${'A'.repeat(43)}`, 'A'.repeat(100_000)])
    t.equal(await tokens.verify(junk), null);
});

t.test('the token of the configuration works, is replaced with the setting, and goes with it', async (t) => {
  const { tokens } = parts;
  const [first, second] = ['first-0123456789-0123456789-0123456789', 'second-0123456789-0123456789-012345678'];
  await t.rejects(tokens.ensureBootstrap('short'), { code: 'config.invalid', message: /CITYWATCH_ADMIN_TOKEN/ });
  t.equal(await tokens.verify(first), null);
  await tokens.ensureBootstrap(first);
  t.match(await tokens.verify(first), { id: 'bootstrap', role: 'admin', jurisdiction: '000000' });
  await tokens.ensureBootstrap(second);
  t.equal(await tokens.verify(first), null);
  t.ok(await tokens.verify(second));
  await tokens.ensureBootstrap(null);
  t.equal(await tokens.verify(second), null);
  await tokens.ensureBootstrap(second);
  t.ok(await tokens.verify(second));
  const noted = sql<{ count: number }>`select count(*)::int as count from followed_change where topic = 'tokens'`;
  const before = (await noted.execute(parts.database.tables())).rows;
  await tokens.ensureBootstrap(second);
  t.same((await noted.execute(parts.database.tables())).rows, before, 'the same once more is no change');
  t.ok(await tokens.verify(second));
});

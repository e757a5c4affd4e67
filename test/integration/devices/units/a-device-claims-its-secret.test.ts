import t from 'tap';
import { MINUTE_MS } from '../../../../src/core/clock.ts';
import { Claims } from '../../../../src/devices/claims/claims.ts';
import { newCode, plainCode } from '../../../../src/devices/claims/code.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { callerIn, kiosk, openDatabase, openRegistry } from '../../../support/devices/registry.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const LI = { ...callerIn('330212', 'technician'), name: 'Li' };
const HAISHU = callerIn('330203', 'technician');
const BARRED = { code: 'auth.required', message: /wrong, used or too late/ };

const clock = new ManualClock();
const parts = await openRegistry(t, { database: await openDatabase(t), clock });
const { registry, directory, database, disconnected } = parts;
const claims = new Claims({ ...parts, clock, observer: quietObserver() });

t.test('who stands there fetches the secret by a code, once, and the old one is void', async (t) => {
  const { secret: old } = await registry.create(LI, kiosk({ id: 'k-1', state: 'planned' }));
  const { window, code } = await claims.open(LI, 'k-1', 30);
  t.match(code, /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
  t.match(window, { state: 'open', by: 'Li', untilMs: clock.nowMs() + 30 * MINUTE_MS, triesLeft: 5 });
  t.ok(directory.authenticate('k-1', old), 'until then the old one goes on');
  const said = code.toLowerCase().replace('-', ' ');
  const taken = await Promise.allSettled([said, said, said].map((each) => claims.take('k-1', each)));
  const given = taken.flatMap((each) => (each.status === 'fulfilled' ? [each.value.secret] : []));
  t.equal(given.length, 1, 'one of three at once');
  t.ok(directory.authenticate('k-1', given[0]!));
  t.notOk(directory.authenticate('k-1', old));
  t.same(disconnected, ['k-1'], 'who was let in by the old one is not any more');
  await t.rejects(claims.take('k-1', code), BARRED);
  t.match(await claims.get('k-1'), { state: 'used', usedMs: clock.nowMs() });
  const rows = await listAudit(database, callerIn('330212'), { subject: 'device/k-1', limit: 2 });
  t.match(rows, [
    { action: 'device.claim', callerType: 'device', after: { openedBy: 'Li' } },
    { action: 'device.claim-open', callerName: 'Li' },
  ]);
  t.notMatch(JSON.stringify(rows), new RegExp(`${code}|${given[0]}`));
});

t.test('a window ends: in time, by wrong codes, by hand, by another one, with the device', async (t) => {
  await registry.create(LI, kiosk({ id: 'k-2' }));
  const late = await claims.open(LI, 'k-2', 1);
  await clock.advance(MINUTE_MS);
  await t.rejects(claims.take('k-2', late.code), BARRED, 'too late');
  t.match(await claims.get('k-2'), { state: 'ended' });

  const guessed = await claims.open(LI, 'k-2', 30);
  const wrong = guessed.code.startsWith('0') ? 'ZZZZ-ZZZZ' : '0000-0000';
  const tries = await Promise.allSettled(Array.from({ length: 5 }, () => claims.take('k-2', wrong)));
  t.ok(tries.every(({ status }) => status === 'rejected'));
  t.match(await claims.get('k-2'), { state: 'ended', triesLeft: 0 }, 'each of several at once counts');
  await t.rejects(claims.take('k-2', guessed.code), BARRED, 'the right one comes too late');

  const closed = await claims.open(LI, 'k-2', 30);
  t.match(await claims.close(LI, 'k-2'), { state: 'closed' });
  await t.rejects(claims.take('k-2', closed.code), BARRED);
  await t.rejects(claims.close(LI, 'k-2'), { code: 'conflict.state' });
  const first = await claims.open(LI, 'k-2', 30);
  const second = await claims.open(LI, 'k-2', 30);
  await t.rejects(claims.take('k-2', first.code), BARRED);
  t.match(await claims.get('k-2'), { triesLeft: 4 });
  await registry.retire(LI, 'k-2', (await registry.get(LI, 'k-2')).version);
  await t.rejects(claims.take('k-2', second.code), BARRED);
  await t.rejects(claims.open(LI, 'k-2', 30), { code: 'conflict.state' });
});

t.test('nobody beyond the border opens one, and what is unknown answers as what is wrong', async (t) => {
  await registry.create(LI, kiosk({ id: 'k-3' }));
  await t.rejects(claims.open(HAISHU, 'k-3', 30), { code: 'not-found' });
  const { code } = await claims.open(LI, 'k-3', 30);
  await t.rejects(claims.close(HAISHU, 'k-3'), { code: 'not-found' });
  await t.rejects(claims.take('nobody', code), BARRED);
  await t.rejects(claims.take('k-1', code), BARRED, 'a code is for one device');
  t.equal(await claims.get('nobody'), null);
});

t.test('a code that was read out wrongly in the usual ways is the same code', async (t) => {
  t.equal(plainCode('o1l-iO q'), '01110Q');
  const codes = new Set(Array.from({ length: 200 }, newCode));
  t.equal(codes.size, 200);
  for (const code of codes) t.equal(plainCode(code), code.replace('-', ''));
});

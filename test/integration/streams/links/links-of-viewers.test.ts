import t, { type Test } from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../../src/core/clock.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { type LinkRights, networkOf } from '../../../../src/streams/passes/link.ts';
import { StreamLinks } from '../../../../src/streams/passes/links.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const MINE = callerIn('330200');
const OTHER: Caller = { ...MINE, id: 'another' };
const CAMERA = { id: 'cam-1', kind: 'camera', kindVersion: 1, jurisdiction: '330203' };
const HERE = '10.1.2.3';
const INPUT = {
  isMosaic: false,
  quality: 'sub',
  use: 'wall',
  purpose: 'routine',
  case: 'A-7',
  session: null,
} as const;

/** Links in a database, and what their viewer may at this moment. */
async function start(t: Test) {
  const { database } = await openRegistry(t);
  const clock = new ManualClock();
  const may = { look: true, seen: true, known: true, loggedIn: true };
  let asked = 0;
  const rights: LinkRights = {
    callerOf: async () => {
      asked += 1;
      if (!may.known) throw new CitywatchError('store.unavailable');
      return may.look ? MINE : null;
    },
    isOpen: async () => may.loggedIn,
    lookOf: ({ type, id, name }, { cameras, quality, use, purpose, case: caseNumber }) => {
      if (!may.seen) throw new CitywatchError('not-found');
      return { deviceId: cameras[0]!, viewer: { type, id, name }, quality, use, purpose, case: caseNumber };
    },
  };
  const withKey = (key: number) => new StreamLinks({ database, clock, key: Buffer.alloc(32, key), rights });
  const links = withKey(7);
  const make = (of: { endsAtMs?: number; session?: string } = {}) =>
    links.create(MINE, { ...INPUT, cameras: ['cam-1'], endsAtMs: null, ...of }, [CAMERA]);
  const kept = async () => (await sql`select * from stream_link`.execute(database.tables())).rows;
  return { database, clock, may, links, make, kept, with: withKey, asked: () => asked };
}

t.test('a link shows one camera for one viewer, and its secret is known by its key alone', async (t) => {
  const { links, make, kept, with: withKey, asked } = await start(t);
  const { link, token } = await make();
  const viewer = { type: 'token', id: MINE.id, name: 'test' };
  const view = { deviceId: 'cam-1', viewer, quality: 'sub', use: 'wall', purpose: 'routine', case: 'A-7', link: token };
  t.match(await links.look(token, HERE), { view, caller: { id: MINE.id } });
  t.match(await withKey(7).look(token, HERE), { view }, 'also after a start');
  const before = asked();
  t.equal(await withKey(8).look(token, HERE), null);
  for (const wrong of ['', link.id, `${link.id}.`, `${link.id}.${'A'.repeat(43)}`, `${token}A`, '__proto__']) {
    t.equal(await links.look(wrong, HERE), null, wrong);
  }
  t.equal(asked(), before, 'a stranger is refused without a question');
  t.notMatch(JSON.stringify(await kept()), token.split('.')[1]!, 'and the secret stands in no database');
});

t.test('it counts while its viewer may look, and ends within 10 s', async (t) => {
  const { may, links, make, clock } = await start(t);
  const { token } = await make({ session: 'a-login' });
  for (const key of ['look', 'loggedIn'] as const) {
    t.ok(await links.look(token, HERE));
    may[key] = false;
    await clock.advance(5_000);
    t.equal(await links.look(token, HERE), null, key);
    may[key] = true;
  }
  t.ok(await links.look(token, HERE));
  may.seen = false;
  await t.rejects(links.look(token, HERE), { code: 'not-found' }, 'at once');
  may.seen = true;
  may.known = false;
  await clock.advance(20_000);
  t.ok(await links.look(token, HERE), 'that nobody can say is no refusal');
  await clock.advance(40_000);
  await t.rejects(links.look(token, HERE), { code: 'store.unavailable' }, 'for a while');
});

t.test('it dies unless it is watched, and at its end all the same', async (t) => {
  const { clock, links, make } = await start(t);
  const { token: unopened } = await make();
  const { token } = await make({ endsAtMs: clock.nowMs() + 12 * MINUTE_MS });
  for (let n = 0; n < 5; n += 1) {
    t.ok(await links.look(token, HERE), `${2 * n} minutes`);
    await clock.advance(2 * MINUTE_MS);
  }
  t.equal(await links.look(unopened, HERE), null, 'nobody opened it within five minutes');
  t.ok(await links.look(token, HERE));
  await clock.advance(2 * MINUTE_MS);
  t.equal(await links.look(token, HERE), null, 'its end');
  for (const endsAtMs of [clock.nowMs(), clock.nowMs() + 13 * HOUR_MS]) {
    await t.rejects(make({ endsAtMs }), { code: 'request.invalid', issues: [{ path: 'endsAt' }] });
  }
});

t.test('who copied it can open it in no other network', async (t) => {
  const { links, make, clock } = await start(t);
  const { token } = await make();
  t.ok(await links.look(token, '::ffff:10.1.2.3'));
  t.equal(await links.look(token, '10.1.2.4'), null);
  await clock.advance(5_000);
  t.equal(await links.look(token, '10.1.2.4'), null);
  t.ok(await links.look(token, HERE), 'and disturbs nobody');
  t.equal(networkOf('::ffff:10.1.2.3'), '10.1.2.3');
  t.equal(networkOf('2001:db8::1'), networkOf('2001:db8:0:0:9:9:9:9'));
  t.equal(networkOf('fe80::1%eth0'), networkOf('fe80::2'));
  t.not(networkOf('2001:db8:0:1::1'), networkOf('2001:db8:0:2::1'));
  t.equal(networkOf('::1'), '0:0:0:0');
});

t.test('it is revoked by its viewer, and is removed', async (t) => {
  const { database, clock, links, make, kept } = await start(t);
  const { link, token } = await make();
  const { id } = link;
  t.ok(await links.look(token, HERE));
  t.match(await links.list(MINE), [{ id, network: HERE }]);
  t.same(await links.list(OTHER), []);
  await t.rejects(links.revoke(OTHER, id), { code: 'not-found' });
  await links.revoke(MINE, id);
  t.equal(await links.look(token, HERE), null, 'at once');
  await t.rejects(links.revoke(MINE, id), { code: 'not-found' });
  const audit = await listAudit(database, callerIn('000000'), { limit: 2 });
  t.match(audit, [{ action: 'link.revoke' }, { action: 'link.create', subject: 'device/cam-1', after: { id } }]);
  t.notMatch(JSON.stringify(audit), token);
  await links.prune(clock.nowMs() + 25 * HOUR_MS);
  t.same(await kept(), []);
});

import t, { type Test } from 'tap';
import { DAY_MS } from '../../../../src/core/clock.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import type { PassRights } from '../../../../src/streams/passes/pass.ts';
import { StreamPasses } from '../../../../src/streams/passes/passes.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const MINE = callerIn('330200');
const OTHER: Caller = { ...MINE, id: 'another' };
const CAMERA = { id: 'cam-1', kind: 'camera', kindVersion: 1, jurisdiction: '330203' };
const INPUT = {
  cameras: ['cam-1'],
  isMosaic: false,
  quality: 'sub',
  use: 'wall',
  purpose: 'routine',
  case: 'A-7',
  expiresAtMs: null,
} as const;

/** Tokens in a database, and what their viewer may at this moment. */
async function start(t: Test) {
  const { database } = await openRegistry(t);
  const clock = new ManualClock();
  const may = { look: true, seen: true, known: true };
  const rights: PassRights = {
    callerOf: async () => {
      if (!may.known) throw new CitywatchError('store.unavailable');
      return may.look ? MINE : null;
    },
    lookOf: ({ type, id, name }, { cameras, quality, use, purpose, case: caseNumber }) => {
      if (!may.seen) throw new CitywatchError('not-found');
      return { deviceId: cameras[0]!, viewer: { type, id, name }, quality, use, purpose, case: caseNumber };
    },
  };
  const withKey = (key: number) => new StreamPasses({ database, clock, key: Buffer.alloc(32, key), rights });
  const passes = withKey(7);
  const make = (expiresAtMs: number | null = null) =>
    passes.create(MINE, { ...INPUT, cameras: ['cam-1'], expiresAtMs }, [CAMERA]);
  const kept = async () => (await sql`select * from stream_pass`.execute(database.tables())).rows;
  return { database, clock, may, passes, make, kept, with: withKey };
}

t.test('the secret of a viewer token is known by its key alone', async (t) => {
  const { clock, passes, make, kept, with: withKey } = await start(t);
  const { pass, secret } = await make();
  t.equal(pass.expiresAtMs, clock.nowMs() + DAY_MS, 'for a day where nothing else is said');
  t.equal(passes.secretOf(pass.id), secret);
  t.equal(withKey(7).secretOf(pass.id), secret, 'also after a start');
  t.not(withKey(8).secretOf(pass.id), secret);
  t.equal(passes.secretOf('admin'), null);
  t.notMatch(JSON.stringify(await kept()), secret, 'and stands in no database');
});

t.test('a viewer token counts while its viewer may look', async (t) => {
  const { may, passes, make } = await start(t);
  const { id } = (await make()).pass;
  const viewer = { type: 'token', id: MINE.id, name: 'test' };
  const view = { deviceId: 'cam-1', viewer, quality: 'sub', use: 'wall', purpose: 'routine', case: 'A-7' };
  t.same(await passes.viewOf(id), view);
  t.same([...(await passes.standing([id]))], [id]);
  may.look = false;
  await t.rejects(passes.viewOf(id), { code: 'auth.required' });
  t.same([...(await passes.standing([id]))], []);
  may.look = true;
  may.seen = false;
  await t.rejects(passes.viewOf(id), { code: 'not-found' });
  t.same([...(await passes.standing([id]))], []);
  may.seen = true;
  may.known = false;
  await t.rejects(passes.standing([id]), { code: 'store.unavailable' }, 'that nobody can say is no refusal');
  may.known = true;
});

t.test('a viewer token is revoked by its viewer, ends, and is removed', async (t) => {
  const { database, clock, passes, make, kept } = await start(t);
  const { pass, secret } = await make();
  const { id } = pass;
  t.match(await passes.list(MINE), [{ id, revokedAtMs: null }]);
  t.same(await passes.list(OTHER), []);
  await t.rejects(passes.revoke(OTHER, id), { code: 'not-found' });
  await passes.revoke(MINE, id);
  await t.rejects(passes.revoke(MINE, id), { code: 'not-found' });
  await t.rejects(passes.viewOf(id), { code: 'auth.required' });
  t.same([...(await passes.standing([id]))], []);
  const audit = await listAudit(database, callerIn('000000'), { limit: 2 });
  t.match(audit, [{ action: 'pass.revoke' }, { action: 'pass.create', subject: 'device/cam-1', after: { id } }]);
  t.notMatch(JSON.stringify(audit), secret);

  const soon = clock.nowMs() + 1_000;
  const { pass: short } = await make(soon);
  await clock.advance(1_001);
  await t.rejects(passes.viewOf(short.id), { code: 'auth.required' });
  for (const expiresAtMs of [clock.nowMs(), clock.nowMs() + 32 * DAY_MS]) {
    await t.rejects(make(expiresAtMs), { code: 'request.invalid', issues: [{ path: 'expiresAt' }] });
  }
  await passes.prune(clock.nowMs() + 40 * DAY_MS);
  t.same(await kept(), [], 'gone a month after its end');
});

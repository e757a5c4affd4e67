import t from 'tap';
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

t.test('a viewer token counts while its viewer may look, until it ends or is revoked', async (t) => {
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
  const key = Buffer.alloc(32, 7);
  const passes = new StreamPasses({ database, clock, key, rights });
  const { pass, secret } = await passes.create(MINE, { ...INPUT, cameras: ['cam-1'] }, [CAMERA]);
  const { id } = pass;
  t.equal(pass.expiresAtMs, clock.nowMs() + DAY_MS, 'for a day where nothing else is said');
  t.equal(passes.secretOf(id), secret);
  t.equal(new StreamPasses({ database, clock, key, rights }).secretOf(id), secret, 'also after a start');
  t.not(new StreamPasses({ database, clock, key: Buffer.alloc(32, 8), rights }).secretOf(id), secret);
  t.equal(passes.secretOf('admin'), null);
  const kept = () => sql`select * from stream_pass`.execute(database.tables());
  const { rows } = await kept();
  t.notMatch(JSON.stringify(rows), secret, 'and stands in no database');

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
  const { pass: short } = await passes.create(MINE, { ...INPUT, cameras: ['cam-1'], expiresAtMs: soon }, [CAMERA]);
  await clock.advance(1_001);
  await t.rejects(passes.viewOf(short.id), { code: 'auth.required' });
  for (const expiresAtMs of [clock.nowMs(), clock.nowMs() + 32 * DAY_MS]) {
    const asked = passes.create(MINE, { ...INPUT, cameras: ['cam-1'], expiresAtMs }, [CAMERA]);
    await t.rejects(asked, { code: 'request.invalid', issues: [{ path: 'expiresAt' }] });
  }
  await passes.prune(clock.nowMs() + 40 * DAY_MS);
  t.same((await kept()).rows, [], 'gone a month after its end');
});

import { randomUUID } from 'node:crypto';
import t from 'tap';
import { systemClock } from '../../../src/core/clock.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { Approval } from '../../../src/streams/picture-health/approval.ts';
import { ApprovedPictures } from '../../../src/streams/picture-health/approved.ts';
import { SmallPictures } from '../../../src/streams/picture-health/decode.ts';
import { likeness } from '../../../src/streams/picture-health/likeness.ts';
import type { View } from '../../../src/streams/pool/types.ts';
import { callerIn, openDatabase } from '../../support/devices/registry.ts';
import { quietObserver } from '../../support/services/services.ts';
import { TestCamera } from '../../support/streams/rtsp-camera.ts';
import { look, startStreams } from '../../support/streams/streams.ts';

const NINGBO = callerIn('330200');

t.test('what a camera shows is approved, compared with, and forgotten again', async (t) => {
  const database = await openDatabase(t);
  const { service, pool, cameras, views } = await startStreams(t);
  const camera = await TestCamera.start(t);
  cameras.set('cam', { url: camera.url });
  const pictures = new ApprovedPictures({ database, clock: systemClock });
  const decoder = new SmallPictures(pool);
  const log = quietObserver().log;
  const lease = (view: View) => service.lease(view);
  const approval = new Approval({ clock: systemClock, log, pictures, decoder, lease });
  const of = { id: 'cam', kind: 'camera', kindVersion: 5, jurisdiction: '330203' };
  const who = { caller: NINGBO, of };
  await approval.approveFirst(who, look('cam'));
  const [first] = await pictures.of('cam');
  t.match(first, { name: 'acceptance', preset: null, by: NINGBO.name });
  await pictures.remove(NINGBO, of, first!.id);
  const day = await approval.approve(who, look('cam'), { name: 'day', preset: null });
  const gate = await approval.approve(who, look('cam'), { name: 'day', preset: 'gate' });
  t.match(views[0], { deviceId: 'cam' }, 'it is a look at the camera');
  t.strictSame(await pictures.of('cam'), [day, gate]);
  await approval.approveFirst(who, look('cam'));
  t.equal((await pictures.of('cam')).length, 2, 'what was approved by hand is enough');
  const [one, other] = await pictures.comparedWith('cam');
  t.match([one!.preset, other!.preset], [null, 'gate']);
  t.ok(likeness(one!.edges, other!.edges)! > 0.5, 'both are of the same place');
  await pictures.remove(NINGBO, of, day.id);
  t.equal((await pictures.comparedWith('cam')).length, 1, 'at once');
  await t.rejects(pictures.remove(NINGBO, of, day.id), { code: 'not-found' });
  await t.rejects(pictures.remove(NINGBO, { ...of, id: 'other' }, gate.id), { code: 'not-found' });
  const audited = await sql<{ action: string }>`select action from audit_entry order by seq`.execute(database.tables());
  const actions = audited.rows.map(({ action }) => action);
  const [made, gone] = ['picture.approve', 'picture.disapprove'];
  t.strictSame(actions, [made, gone, made, made, gone]);
  cameras.set('gone', { url: 'rtsp://127.64.0.99:1/none' });
  const away = { caller: NINGBO, of: { ...of, id: 'gone' } };
  await t.rejects(approval.approve(away, look('gone'), { name: 'day', preset: null }), { code: 'stream.unavailable' });
  await approval.approveFirst(away, look('gone'));
  t.strictSame(await pictures.of('gone'), [], 'an acceptance does not fail by it');
  const more = Array.from({ length: 23 }, (_, at) => ({ id: randomUUID(), at_ms: at }));
  for (const { id, at_ms } of more) {
    await sql`insert into approved_picture (id, device, name, points, by_name, at_ms)
      values (${id}, 'cam', 'x', ${Buffer.alloc(20_736)}, 'test', ${at_ms})`.execute(database.tables());
  }
  const full = approval.approve(who, look('cam'), { name: 'night', preset: null });
  await t.rejects(full, { code: 'request.invalid', issues: [{ path: 'name' }] });
});

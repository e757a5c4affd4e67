import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { StreamPlans, streamPlan, USUAL_PLAN } from '../../../../src/streams/pool/stream-plans.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';

const NINGBO = callerIn('330200');

t.test('how the streams of a camera are kept outlasts a start, and each change has its row', async (t) => {
  const { database, registry } = await openRegistry(t);
  const place = { jurisdiction: '330203', location: { lat: 29.87, lon: 121.54 } };
  await registry.create(NINGBO, kiosk({ id: 'cam-1', name: 'camera', kind: 'camera', ...place }));
  const identity = { id: 'cam-1', kind: 'camera', kindVersion: 1, jurisdiction: '330203' };
  const plans = new StreamPlans({ database, clock: systemClock });
  await plans.load();
  t.strictSame(plans.of('cam-1'), USUAL_PLAN);
  const always = streamPlan.parse({ alwaysOn: true, keepS: 60, sound: true });
  await plans.set(NINGBO, identity, always);
  const later = new StreamPlans({ database, clock: systemClock });
  await later.load();
  t.strictSame(later.of('cam-1'), { alwaysOn: true, keepS: 60, connectionsMax: 2, sound: true });
  t.strictSame(later.alwaysOn(), ['cam-1']);
  await later.set(NINGBO, identity, USUAL_PLAN);
  t.strictSame(later.alwaysOn(), []);
  const rows = await listAudit(database, callerIn('000000'), { subject: 'device/cam-1', limit: 2 });
  t.match(rows, [
    { action: 'stream.plan', before: always, after: USUAL_PLAN },
    { action: 'stream.plan', before: USUAL_PLAN, after: always },
  ]);
});

import t from 'tap';
import { saveAlerts } from '../../../../src/alerts/desk/log/write.ts';
import { OpenAlerts } from '../../../../src/alerts/desk/open-alerts.ts';
import type { AlertEvidence, AlertRow } from '../../../../src/alerts/desk/tables.ts';
import { alertRow } from '../../../support/alerts/alert-row.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';

const HAISHU = callerIn('330203');
const YINZHOU = callerIn('330212');

t.test('a camera is seen by an open alert that is about it or has pictures of it, within the area', async (t) => {
  const { database } = await openRegistry(t);
  const open = new OpenAlerts(database);
  let last = 0;
  const alert = async (fields: Partial<AlertRow>) => {
    last += 1;
    const id = `00000000-0000-4000-8000-${String(last).padStart(12, '0')}`;
    await saveAlerts(database, [alertRow({ id, dedup_key: id, ...fields })]);
  };
  const picture = (camera: string): AlertEvidence[] => [{ id: 'e-1', type: 'picture', camera, takenAtMs: 1 }];
  await alert({ device: 'cam-own' });
  await alert({ device: 'kiosk-1', evidence: picture('cam-near') });
  await alert({ device: 'kiosk-1', evidence: picture('cam-closed'), handling: 'closed', closed_at_ms: 2 });
  await alert({ device: 'kiosk-2', evidence: picture('cam-foreign'), jurisdiction: '330212' });
  const asked = ['cam-own', 'cam-near', 'cam-closed', 'cam-foreign', 'cam-other'];
  t.same([...(await open.seenBy(HAISHU, asked))], ['cam-own', 'cam-near']);
  t.same([...(await open.seenBy(YINZHOU, asked))], ['cam-foreign']);
  t.same([...(await open.seenBy(HAISHU, []))], []);
});

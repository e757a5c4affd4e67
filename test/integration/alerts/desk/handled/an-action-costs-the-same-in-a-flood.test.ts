import t from 'tap';
import { saveAlerts } from '../../../../../src/alerts/desk/log/write.ts';
import { ADMIN } from '../../../../support/alerts/alert-desk.ts';
import { alertRow } from '../../../../support/alerts/alert-row.ts';
import { startAlertsApi } from '../../../../support/alerts/alerts-api.ts';
import { countStatements } from '../../../../support/services/count-statements.ts';

const OPEN = 3_000;
const ACTIONS = 50;

const { desk } = await startAlertsApi(t);
const idOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const rows = Array.from({ length: OPEN }, (_, n) =>
  alertRow({ id: idOf(n), dedup_key: `flood|k-${n}`, rule: 'flood', device: `k-${n}` }),
);
await saveAlerts(desk.database, rows);

t.test('an action takes as few statements with thousands of open alerts as with one', async (t) => {
  const statements = countStatements(t);
  for (let n = 0; n < ACTIONS; n += 1) await desk.actions.do(ADMIN, idOf(n * 7), { does: 'ack' });
  t.comment(`${statements.count / ACTIONS} statements an action`);
  // 5 and what the sweeps look for meanwhile: the transaction's two, its lock, the audit row, and one for the rest.
  t.ok(statements.count <= 9 * ACTIONS, `${statements.count} statements for ${ACTIONS} actions`);
});

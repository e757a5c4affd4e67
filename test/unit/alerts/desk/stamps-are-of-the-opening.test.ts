import t from 'tap';
import { applyFinding, showAlert } from '../../../../src/alerts/desk/alert.ts';
import type { AlertRow, FindingRow } from '../../../../src/alerts/desk/tables.ts';
import { alertRow } from '../../../support/alerts/alert-row.ts';

const place = { name: 'k', lat: null, lon: null, jurisdiction: '330203', retired: false };
const finding = (kind: FindingRow['kind'], atMs: number) => {
  const times = { device_at_ms: atMs - 3, received_at_ms: atMs - 2, decided_at_ms: atMs - 1 };
  return { kind, subject: 'k1', severity: 'severe', data: {}, ...times } as FindingRow;
};
const after = (alert: AlertRow | null, kind: FindingRow['kind'], nowMs: number): AlertRow =>
  applyFinding(alert, finding(kind, nowMs), { place, title: alertRow().title, nowMs, previousId: null })!.alert;

t.test('one that fires again keeps all four stamps of its opening, and tells when it fired last', async (t) => {
  const opened = after(null, 'fired', 10_000);
  t.match([opened.received_at_ms, opened.committed_at_ms, opened.fired_at_ms], [9_998, 10_000, 10_000]);
  const again = after(after(opened, 'cleared', 20_000), 'fired', 30_000);
  t.strictSame(showAlert(again).stamps, showAlert(opened).stamps);
  t.match([again.occurrences, again.fired_at_ms], [2, 30_000]);
});

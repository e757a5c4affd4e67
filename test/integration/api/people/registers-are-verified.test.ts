import t from 'tap';
import type { CheckedRegisters } from '../../../../src/platform/records/check/register-check.ts';
import { bearer, startApi, TOKENS, tokenOf } from '../../../support/api/api.ts';
import { memoryAudit } from '../../../support/api/memory/reports.ts';

const url = '/api/v1/audit/verification';
const HELD = { rows: 7, prunedTo: null, unsealed: 1, head: 'ab', vouched: null };

t.test('a check of the registers is begun and asked for; nobody without the right does either', async (t) => {
  const audit = memoryAudit();
  let last: CheckedRegisters | null = null;
  audit.check = {
    begin: () => {
      last = { ...audit0(), state: 'running', endedAtMs: null, checked: 3, total: 8 };
      return last;
    },
    last: () => last,
  };
  const { call } = await startApi(t, { audit });
  const headers = bearer(TOKENS.admin);
  t.equal((await call({ method: 'GET', url, headers })).status, 404, 'none was begun');
  const begun = await call({ method: 'POST', url, headers, payload: {} });
  t.equal(begun.status, 202, begun.text);
  t.match(begun.body, { state: 'running', checked: 3, total: 8, holds: null, endedAt: null });
  const fault = { code: 'changed' as const, row: 8, text: 'row 8 is not what was sealed' };
  const registers = [
    { register: 'audit' as const, ...HELD, faults: [fault] },
    { register: 'access' as const, ...HELD, faults: [] },
  ];
  last = { ...audit0(), registers };
  const done = await call({ method: 'GET', url, headers });
  t.match(done.body, { state: 'done', holds: false, registers: [{ holds: false, faults: [fault] }, { holds: true }] });
  last = { ...audit0(), checkpoints: { read: 3, faults: ['line 2 of the checkpoints is of another database'] } };
  t.match((await call({ method: 'GET', url, headers })).body, { holds: false }, 'a forged checkpoint is a fault too');
  last = { ...audit0(), state: 'failed', reason: 'It took longer than half an hour.' };
  t.match((await call({ method: 'GET', url, headers })).body, { holds: null, reason: /half an hour/ });
  for (const role of ['operator', 'viewer', 'technician'] as const) {
    for (const method of ['GET', 'POST'] as const) {
      const answer = await call({
        method,
        url,
        headers: bearer(tokenOf(role)),
        ...(method === 'POST' && { payload: {} }),
      });
      t.equal(answer.status, 403, `${role} ${method}`);
    }
  }
  t.equal((await call({ method: 'GET', url, headers: bearer(tokenOf('auditor')) })).status, 200);
});

function audit0(): CheckedRegisters {
  const counts = { begunAtMs: 0, endedAtMs: 1, checked: 8, total: 8 };
  return { state: 'done', ...counts, checkpoints: { read: 3, faults: [] }, registers: [], reason: null };
}

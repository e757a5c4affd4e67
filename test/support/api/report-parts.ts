import type { ReportParts } from '../../../src/api/report-ports.ts';
import type { Caller } from '../../../src/core/types.ts';

export const PLAN = '00000000-0000-4000-8000-000000000002';

const REVISION = {
  plan: PLAN,
  name: 'p',
  jurisdiction: '330212',
  revision: 1,
  from: '2026-01-01',
  positions: 1,
  note: null,
  by: 'test',
  atMs: 0,
};

const NO_REPAIRS = { outages: 0, medianS: null, p90S: null, worstS: null, worstDevice: null, stillOffline: 0 };

/** Reports of nothing, of here. */
export function memoryReports(requireHere: (caller: Caller) => void): ReportParts {
  const counts = { planned: 1, accepted: 0, inService: 0, covered: 0, percent: 0 };
  const here =
    <Answer>(answer: Answer) =>
    async (caller: Caller) => {
      requireHere(caller);
      return answer;
    };
  return {
    plans: { add: here(REVISION), list: async () => ({ items: [], next: null }) },
    outages: {
      online: async () => ({ sum: { devices: 0, unheard: 0, expectedS: 0, offlineS: 0, percent: null }, rows: [] }),
      repairs: async () => ({ sum: NO_REPAIRS, rows: [] }),
    },
    coverage: { report: here({ revision: REVISION, sum: { ...counts, outside: 0 }, rows: [] }) },
  };
}

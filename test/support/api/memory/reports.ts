import type { AuditPort, ReportParts } from '../../../../src/api/report-ports.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { TRIAL_REQUESTS } from './trials.ts';

const PLAN = '00000000-0000-4000-8000-000000000002';

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

const NO_TRAFFIC = {
  week: '2026-11-23',
  against: '2026-11-16',
  hours: 168,
  sum: { passages: 0, against: 0, index: null },
  rows: [],
};

/** An empty audit trail, and registers that were checked. */
export function memoryAudit(): AuditPort {
  const checked = { begunAtMs: 0, endedAtMs: 0, checked: 0, total: 0, reason: null };
  const told = () => ({ ...checked, state: 'done' as const, registers: [], checkpoints: { read: 0, faults: [] } });
  return { list: async () => [], keys: async () => [], check: { begin: told, last: told } };
}

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
    filing: { systems: async () => [], positions: async () => ({ items: [], next: null }), taken: async () => {} },
    traffic: { compare: async () => NO_TRAFFIC },
    pickups: { list: async () => ({ items: [], next: null }) },
    constructionSites: {
      report: async () => ({ sum: { sites: 0, withVideo: 0, percent: null, passed: null }, rows: [] }),
      list: async () => ({ items: [], next: null }),
    },
    coverage: { report: here({ revision: REVISION, sum: { ...counts, outside: 0 }, rows: [] }) },
  };
}

/** What a correct request to each route of reports needs, as `every-route-keeps-its-rights.test.ts` has it. */
export const REPORT_REQUESTS = {
  ...TRIAL_REQUESTS,
  'GET /api/v1/audit/keys': { ownAreaOnly: true },
  'GET /api/v1/audit/verification': { ownAreaOnly: true },
  'POST /api/v1/audit/verification': { payload: {}, ownAreaOnly: true },
  'GET /api/v1/plans': { ownAreaOnly: true },
  'POST /api/v1/plans': {
    payload: {
      name: 'p',
      jurisdiction: '330212',
      from: '2026-01-01',
      entries: [{ jurisdiction: '330212', positions: 1 }],
    },
  },
  'POST /api/v1/devices/:id/close': { payload: { reason: 'the building is done' } },
  'GET /api/v1/reports/construction-sites': { ownAreaOnly: true },
  'GET /api/v1/reports/construction-sites/devices': { ownAreaOnly: true },
  'GET /api/v1/reports/filing': { ownAreaOnly: true },
  'GET /api/v1/reports/filing/devices': { ownAreaOnly: true },
  'GET /api/v1/reports/pickups': { ownAreaOnly: true },
  'GET /api/v1/reports/recording': { ownAreaOnly: true },
  'GET /api/v1/reports/traffic': { ownAreaOnly: true },
  'GET /api/v1/reports/alert-times': { ownAreaOnly: true },
  'GET /api/v1/reports/rule-precision': { ownAreaOnly: true },
  'GET /api/v1/reports/online': { ownAreaOnly: true },
  'GET /api/v1/reports/repairs': { ownAreaOnly: true },
  'GET /api/v1/reports/coverage': { url: `?plan=${PLAN}` },
};

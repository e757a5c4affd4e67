const POLICE = { code: '330200000000', name: '市局', level: 'city', jurisdiction: '330212' };

/** What a correct request to each route of the trees of areas, of departments and of the police needs. */
export const TREE_REQUESTS = {
  'POST /api/v1/jurisdictions': { payload: { code: '330212z-gaoxin', name: { zh: '高新区' } } },
  'POST /api/v1/jurisdictions/:code/members': { part: '330212z-gaoxin', payload: { members: [] } },
  'POST /api/v1/jurisdictions/:code/name': { part: '330212z-gaoxin', payload: { name: { zh: '区' } } },
  'POST /api/v1/jurisdictions/:code/bounds': { part: '330212z-gaoxin', payload: { bounds: null } },
  'POST /api/v1/jurisdictions/:code/end': { part: '330212z-gaoxin', payload: { on: '2026-01-01' } },
  'POST /api/v1/police/agencies/:code/name': { part: '330212510000', payload: { name: '所' } },
  'POST /api/v1/police/agencies/:code/end': { part: '330212510000', payload: { on: '2026-01-01' } },
  'POST /api/v1/departments/:id/name': { id: 'd-1', payload: { name: { zh: '局' } } },
  'POST /api/v1/departments/:id/end': { id: 'd-1', payload: { on: '2026-01-01' } },
  'GET /api/v1/police/agencies': { ownAreaOnly: true },
  'POST /api/v1/police/agencies': { payload: POLICE },
  'POST /api/v1/police/agencies/:code/bounds': { part: '330212510000', payload: { bounds: null } },
  'POST /api/v1/devices/:id/police': { payload: { agency: null } },
  'GET /api/v1/departments': { ownAreaOnly: true },
  'POST /api/v1/departments': { payload: { name: { zh: '城管局' }, jurisdiction: '330212' } },
  'GET /api/v1/reports/departments': { ownAreaOnly: true },
};

const POLICE = { code: '330200000000', name: '市局', level: 'city', jurisdiction: '330212' };

/** What a correct request to each route of the trees of areas, of departments and of the police needs. */
export const TREE_REQUESTS = {
  'POST /api/v1/jurisdictions': { payload: { code: '330212z-gaoxin', name: { zh: '高新区' } } },
  'POST /api/v1/jurisdictions/:code/members': { part: '330212z-gaoxin', payload: { members: [] } },
  'GET /api/v1/police/agencies': { ownAreaOnly: true },
  'POST /api/v1/police/agencies': { payload: POLICE },
  'POST /api/v1/police/agencies/:code/bounds': { part: '330212510000', payload: { bounds: null } },
  'POST /api/v1/devices/:id/police': { payload: { agency: null } },
  'GET /api/v1/departments': { ownAreaOnly: true },
  'POST /api/v1/departments': { payload: { name: { zh: '城管局' }, jurisdiction: '330212' } },
  'GET /api/v1/reports/departments': { ownAreaOnly: true },
};

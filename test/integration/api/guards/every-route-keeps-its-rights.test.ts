import t from 'tap';
import { OF_AN_AGENCY, RIGHTS_OF, ROLES } from '../../../../src/access/rights.ts';
import type { DeclaredRoute } from '../../../../src/api/guards/auth.ts';
import { ALERT_REQUESTS } from '../../../support/api/alert-requests.ts';
import {
  bearer,
  CAMERA,
  DEVICE_SECRET,
  KIOSK,
  makeDevice,
  startApi,
  type TestApi,
  tokenOf,
} from '../../../support/api/api.ts';
import { limited } from '../../../support/api/api-settings.ts';
import { recordingRequests } from '../../../support/api/memory/ptz.ts';
import { REPORT_REQUESTS } from '../../../support/api/memory/reports.ts';
import { TREE_REQUESTS } from '../../../support/api/tree-requests.ts';
import { VIEW_REQUESTS } from '../../../support/api/view-requests.ts';
import { WATCHLIST_REQUESTS } from '../../../support/api/watchlist-requests.ts';
import { tinyPicture } from '../../../support/ingest/images.ts';

const A_DAY = 'from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z';
const NOBODY = '00000000-0000-4000-8000-000000000000';

interface Row {
  url?: string;
  id?: string;
  /** Stands for the other parameter of the path. */
  part?: string;
  payload?: object;
  /** Where the token is had that it asks for. */
  tokenFrom?: string;
  /** Content type of a payload that is no JSON. */
  type?: string;
  ifMatch?: boolean;
  /** A caller of elsewhere is answered, with what is theirs to see. */
  ownAreaOnly?: boolean;
  /** A WebSocket: a plain request of who may have it is told to upgrade. */
  isSocket?: boolean;
  /** For people who are logged in: a token has no account. */
  people?: boolean;
}

/** What a correct request to each route needs; a new route without a row here fails the test. */
const REQUESTS: Record<string, Row> = {
  'GET /metrics': { ownAreaOnly: true },
  'GET /api/v1/devices': { ownAreaOnly: true },
  'GET /api/v1/device-facets': { ownAreaOnly: true },
  'GET /api/v1/devices.geojson': { ownAreaOnly: true },
  'POST /api/v1/devices': {
    payload: { kind: 'recycling-kiosk', name: 'new', jurisdiction: '330212', location: { lat: 29, lon: 121 } },
  },
  'POST /api/v1/devices/batch': {
    payload: {
      devices: [{ kind: 'recycling-kiosk', name: 'x', jurisdiction: '330212', location: { lat: 29, lon: 121 } }],
    },
  },
  'POST /api/v1/devices/import': { payload: Buffer.from('id,name'), type: 'text/csv' },
  'GET /api/v1/devices/export': { ownAreaOnly: true },
  'GET /api/v1/devices/labels': { ownAreaOnly: true },
  'POST /api/v1/device-changes': { payload: { filter: {}, set: { owner: '公安局' } } },
  'POST /api/v1/device-changes/:id/start': { id: NOBODY },
  'GET /api/v1/imports': { ownAreaOnly: true },
  'GET /api/v1/imports/:id': { id: NOBODY },
  'GET /api/v1/imports/:id/rows': { id: NOBODY },
  'POST /api/v1/imports/:id/secrets': { id: NOBODY },
  'POST /api/v1/imports/:id/undo': { id: NOBODY },
  ...recordingRequests(CAMERA),
  'GET /api/v1/streams/:id/recordings': { id: CAMERA, url: `?${A_DAY}` },
  'GET /api/v1/streams/:id/playback.m3u8': { id: CAMERA, url: `?purpose=maintenance&${A_DAY}` },
  'GET /api/v1/streams/:id/recordings/:file': { id: CAMERA, part: '1-1.mp4', url: '?purpose=maintenance' },
  'GET /api/v1/devices/:id/channels': { id: CAMERA },
  'POST /api/v1/devices/:id/channels': { id: CAMERA, payload: {} },
  'GET /api/v1/devices/:id/camera/picture': { id: CAMERA },
  'POST /api/v1/devices/:id/camera/picture': { id: CAMERA, payload: { brightness: 1 } },
  'GET /api/v1/devices/:id/camera/time': { id: CAMERA },
  'POST /api/v1/devices/:id/camera/time': { id: CAMERA, payload: { to: 'now' } },
  'POST /api/v1/devices/:id/camera/ntp': { id: CAMERA, payload: { fromDhcp: true } },
  'GET /api/v1/devices/:id/camera/network': { id: CAMERA },
  'POST /api/v1/devices/:id/camera/restart': { id: CAMERA, payload: { confirm: true } },
  'POST /api/v1/discoveries': {},
  'GET /api/v1/discoveries': { ownAreaOnly: true },
  'GET /api/v1/discoveries/:id': { id: NOBODY },
  'GET /api/v1/discoveries/:id/found': { id: NOBODY },
  'POST /api/v1/discoveries/:id/cancel': { id: NOBODY },
  'GET /api/v1/devices/:id': {},
  'PATCH /api/v1/devices/:id': { payload: { name: 'renamed' }, ifMatch: true },
  'DELETE /api/v1/devices/:id': { ifMatch: true },
  'POST /api/v1/devices/:id/check': { id: CAMERA, payload: { order: '1' } },
  'GET /api/v1/devices/:id/check': { id: CAMERA },
  'POST /api/v1/devices/check': {
    payload: { onvif: { xaddr: 'http://10.1.2.3/onvif', username: 'admin', password: 'x' } },
    ownAreaOnly: true,
  },
  'POST /api/v1/checks': { payload: { jurisdiction: '330212' } },
  'GET /api/v1/checks': { ownAreaOnly: true },
  'GET /api/v1/checks/:id/report': {},
  'POST /api/v1/checks/:id/cancel': {},
  'GET /api/v1/jobs/:id': {},
  'POST /api/v1/devices/:id/credentials/rotate': {},
  'POST /api/v1/devices/:id/claim': { payload: {} },
  'POST /api/v1/devices/:id/claim/close': {},
  'GET /api/v1/devices/:id/claim': {},
  'GET /api/v1/devices/:id/credentials': {},
  'POST /api/v1/devices/:id/credentials/renew': {},
  'POST /api/v1/devices/:id/credentials/reveal': { payload: { purpose: 'repair', case: 'C-1' } },
  'POST /api/v1/devices/:id/credentials/recover': { payload: { kept: 1 } },
  'POST /api/v1/rotations': { payload: { jurisdiction: '330212' } },
  'GET /api/v1/rotations': { ownAreaOnly: true },
  'GET /api/v1/rotations/:id/report': {},
  'POST /api/v1/rotations/:id/cancel': {},
  'POST /api/v1/devices/:id/swap': { payload: { serial: null } },
  'POST /api/v1/devices/:id/swap/undo': { payload: { replaces: 'u-1', reason: 'wrong one' } },
  'POST /api/v1/devices/:id/units': { payload: { unit: { serial: '6C0123' } } },
  'POST /api/v1/devices/:id/units/take-down': { payload: { replaces: 'u-1', reason: 'broken' } },
  'GET /api/v1/devices/:id/units': {},
  'POST /api/v1/devices/:id/life': { payload: { from: 'in-service', to: 'accepted' } },
  'POST /api/v1/devices/:id/acceptance': { payload: { id: NOBODY, photo: NOBODY } },
  'GET /api/v1/devices/:id/acceptance': {},
  'GET /api/v1/devices/health': { ownAreaOnly: true },
  'GET /api/v1/devices/health/stream': { ownAreaOnly: true },
  'GET /api/v1/devices/:id/health': {},
  'GET /api/v1/devices/:id/life': {},
  'POST /api/v1/devices/:id/maintenance': { payload: { reason: 'new lens', minutes: 60 } },
  'POST /api/v1/devices/:id/maintenance/end': {},
  'GET /api/v1/devices/:id/maintenance': {},
  'GET /api/v1/reports/certificates': { ownAreaOnly: true },
  ...REPORT_REQUESTS,
  'GET /api/v1/reports/files': { ownAreaOnly: true },
  'GET /api/v1/reports/files/devices': { ownAreaOnly: true },
  'GET /api/v1/orders': { ownAreaOnly: true },
  'POST /api/v1/orders': { payload: { id: NOBODY, device: KIOSK, title: 'no picture' } },
  'GET /api/v1/work-orders': { ownAreaOnly: true },
  'POST /api/v1/work-orders': { payload: { id: NOBODY, device: KIOSK, title: 'no picture' } },
  'GET /api/v1/orders/:number': { part: 'W-2026-1' },
  'POST /api/v1/orders/:number/steps': { part: 'W-2026-1', payload: { id: NOBODY, note: 'seen' } },
  'POST /api/v1/orders/:number/photos': {
    part: 'W-2026-1',
    url: `?id=${NOBODY}`,
    payload: tinyPicture(),
    type: 'image/png',
  },
  'POST /api/v1/devices/:id/photos': { url: `?id=${NOBODY}`, payload: tinyPicture(), type: 'image/png' },
  'GET /api/v1/devices/:id/photos': {},
  'GET /api/v1/photos/:id': { id: NOBODY, url: '?purpose=maintenance' },
  'GET /api/v1/units': { url: '?serial=6C0123', ownAreaOnly: true },
  'GET /api/v1/kinds': { ownAreaOnly: true },
  'GET /api/v1/jurisdictions': { ownAreaOnly: true },
  ...TREE_REQUESTS,
  'POST /api/v1/devices/:id/telemetry': { payload: { values: { fill_pct: 1 } } },
  'POST /api/v1/devices/:id/events': { payload: { type: 'alarm', data: { text: 'x' } } },
  'POST /api/v1/devices/:id/images': { payload: tinyPicture(), type: 'image/png' },
  'GET /api/v1/images/:id': { id: NOBODY, url: '?purpose=maintenance' },
  'POST /api/v1/devices/:id/replies': { payload: { id: 'c-1', ok: true } },
  'POST /api/v1/devices/:id/commands': { payload: { name: 'unlock' } },
  'GET /api/v1/devices/:id/commands': {},
  'GET /api/v1/devices/:id/commands/:command': { part: NOBODY },
  'GET /api/v1/devices/:id/latest': {},
  'GET /api/v1/devices/:id/history': { url: '?fields=fill_pct&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z' },
  'GET /api/v1/devices/:id/export': { url: '?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z' },
  'GET /api/v1/devices/:id/events': { url: '?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z' },
  'POST /api/v1/passages/search': {
    payload: { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', purpose: 'investigation' },
    ownAreaOnly: true,
  },
  'GET /api/v1/devices/:id/completeness': { url: '?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z' },
  'GET /api/v1/completeness': { url: '?day=2026-01-01', ownAreaOnly: true },
  'GET /api/v1/ledger': { ownAreaOnly: true },
  'GET /api/v1/messages': {
    url: `?device=${KIOSK}&from=2026-01-01T00:00:00Z&to=2026-01-01T00:10:00Z`,
    ownAreaOnly: true,
  },
  'GET /api/v1/dead-letters': { ownAreaOnly: true },
  'GET /api/v1/dead-letters/groups': { ownAreaOnly: true },
  'POST /api/v1/dead-letters/replay': { payload: { ids: ['1'] }, ownAreaOnly: true },
  'GET /api/v1/tokens': { ownAreaOnly: true },
  'POST /api/v1/tokens': { payload: { name: 'n', role: 'viewer', jurisdiction: '330212' } },
  'DELETE /api/v1/tokens/:id': { ifMatch: true },
  'GET /api/v1/session': { ownAreaOnly: true },
  'DELETE /api/v1/session': { ownAreaOnly: true },
  'POST /api/v1/session/password': { payload: { old: 'x', new: 'y' }, people: true },
  'GET /api/v1/session/open': { people: true },
  'DELETE /api/v1/session/open/:id': { id: NOBODY, people: true },
  'POST /api/v1/session/totp': { people: true },
  'POST /api/v1/session/totp/confirm': { payload: { code: '123456' }, people: true },
  'POST /api/v1/session/totp/remove': { payload: { code: '123456' }, people: true },
  'GET /api/v1/grants': { ownAreaOnly: true },
  'POST /api/v1/grants': {
    payload: { jurisdiction: '330203', case: 'A-1', reason: 'theft', until: '2036-01-01T00:00:00Z' },
    ownAreaOnly: true,
  },
  'POST /api/v1/grants/:id/approve': { id: NOBODY },
  'POST /api/v1/grants/:id/end': { id: NOBODY },
  'GET /api/v1/users': { ownAreaOnly: true },
  'GET /api/v1/users/names': { ownAreaOnly: true },
  'POST /api/v1/users': {
    payload: { username: 'li', name: 'Li', role: 'viewer', jurisdiction: '330212', password: 'correct horse battery' },
    ownAreaOnly: true,
  },
  'POST /api/v1/users/codes': { payload: { username: 'li' }, people: true },
  'PATCH /api/v1/users/:id': { id: NOBODY, payload: { name: 'Li' }, ifMatch: true },
  'DELETE /api/v1/users/:id': { id: NOBODY, ifMatch: true },
  'GET /api/v1/audit': { ownAreaOnly: true },
  ...ALERT_REQUESTS,
  ...WATCHLIST_REQUESTS,
  'GET /api/v1/streams': { ownAreaOnly: true },
  'GET /api/v1/streams/:id': { id: CAMERA },
  'GET /api/v1/streams/:id/live.m3u8': { id: CAMERA, url: '?purpose=maintenance' },
  'GET /api/v1/streams/:id/media.m3u8': { id: CAMERA, url: '?purpose=maintenance' },
  'GET /api/v1/streams/:id/:part': { id: CAMERA, part: '0123456789abcdef.mp4', url: '?purpose=maintenance' },
  'GET /api/v1/live': { isSocket: true, ownAreaOnly: true },
  'GET /api/v1/streams/:id/snapshot.jpg': { id: CAMERA, url: '?purpose=maintenance' },
  'GET /api/v1/access-register': { ownAreaOnly: true },
  'GET /api/v1/overview': { ownAreaOnly: true },
  ...VIEW_REQUESTS,
};

/** Who is limited to a police agency, in roles that have every right between them. */
const OF_STATIONS = ['administrator', 'commander', 'technician'] as const;

function nameOf({ method, url }: DeclaredRoute): string {
  return `${method === 'HEAD' ? 'GET' : method} ${url}`;
}

t.test('every route, without and with every right', async (t) => {
  const settings = limited({ failedAuthPerMinute: 10_000 });
  const api = await startApi(t, { settings });
  const routes = api.app.declaredRoutes.filter((route) => !route.public);
  const rowless = routes.map(nameOf).filter((name) => !REQUESTS[name]);
  t.same(rowless, [], 'every route has a row');
  for (const route of routes) t.same(await wrongOf(api, route), [], `${route.method} ${route.url}`);
});

/** What is wrong with the answers of a route: thousands of requests, too many to tell of each that is right. */
async function wrongOf(api: TestApi, route: DeclaredRoute): Promise<string[]> {
  const wrong: string[] = [];
  const says = (holds: boolean, what: string) => holds || wrong.push(what);
  const row = REQUESTS[nameOf(route)]!;
  const given = async (url: string, headers: Record<string, string>) => {
    const remoteAddress = '192.0.2.1';
    const { body } = await api.call({ method: 'POST', url, headers, remoteAddress, payload: row.payload ?? {} });
    return { token: (body as { token?: string }).token ?? 'none' };
  };
  const ask = async (authorization: string | undefined) => {
    api.registry.devices.set(KIOSK, makeDevice({ id: KIOSK }));
    const headers = {
      ...(authorization === undefined ? {} : bearer(authorization)),
      ...(row.ifMatch ? { 'if-match': '"1"' } : {}),
      ...(row.type ? { 'content-type': row.type } : {}),
    };
    const url = route.url.replace(':id', row.id ?? KIOSK).replace(/:\w+/, row.part ?? 'other') + (row.url ?? '');
    const body = row.tokenFrom ? { ...row.payload, ...(await given(row.tokenFrom, headers)) } : row.payload;
    const payload = body ? { payload: body } : {};
    return api.call({ method: route.method as 'GET', url, headers, remoteAddress: '192.0.2.1', ...payload });
  };
  for (const unknown of [undefined, 'no-such-token', `${KIOSK}:wrong`, 'constructor', '__proto__', 'toString:x']) {
    const { status, headers } = await ask(unknown);
    const isTold = /^Bearer/.test(String(headers['www-authenticate']));
    says(status === 401 && isTold, `${unknown} is refused and told how to come in, got ${status}`);
  }
  const isLetIn = (status: number) => (row.isSocket ? status === 426 : status < 300);
  const opens = (holder: keyof typeof RIGHTS_OF) => route.rights.some((right) => RIGHTS_OF[holder].has(right));
  for (const role of ROLES) {
    const { status } = await ask(tokenOf(role));
    if (row.people) says(status === 403, `a token of a ${role} has no account, got ${status}`);
    else if (opens(role)) says(isLetIn(status), `${role} may, got ${status}`);
    else says(status === 403, `${role} may not, got ${status}`);
    const { status: beyond } = await ask(tokenOf(role, 'foreign'));
    if (!opens(role) || row.people) says(beyond === 403, `a foreign ${role} may not, got ${beyond}`);
    else if (row.ownAreaOnly) says(isLetIn(beyond), `a foreign ${role} is answered with theirs, got ${beyond}`);
    else if (nameOf(route) !== 'POST /api/v1/tokens')
      says(beyond === 404, `a foreign ${role} sees nothing, got ${beyond}`);
  }
  for (const role of OF_STATIONS) {
    const { status } = await ask(tokenOf(role, 'police'));
    const may = !row.people && route.rights.some((right) => RIGHTS_OF[role].has(right) && OF_AN_AGENCY.has(right));
    const expected = !may ? status === 403 : row.ownAreaOnly ? isLetIn(status) : status === 404;
    says(expected, `a ${role} of a police station to which nothing belongs got ${status}`);
  }
  const { status } = await ask(`${KIOSK}:${DEVICE_SECRET}`);
  says(opens('device') ? isLetIn(status) : status === 403, `a device got ${status}`);
  return wrong;
}

import { DAY_MS } from '../../../src/core/clock.ts';
import { tinyPicture } from '../ingest/images.ts';
import { editsOfSubscriptions } from './subscription-requests.ts';

/** What goes on by itself: places of readers, what was noted of a device, the holds on the database and on cameras. */
export const LIVELY = [
  'camera_lease',
  'gateway_lease',
  'ingest_cursor',
  'ingest_ledger',
  'rule_cursor',
  'rule_state',
  'device_day',
  'work',
  'telemetry_series',
  'device_health',
  'device_downtime',
  'video_clip',
];

const SCREEN = { name: 'map', view: 'map', jurisdiction: '330203', address: '127.0.0.1' };

/** A correct request to each route that edits; `path` fills in the ids. In the order in which they make sense. */
export interface Edit {
  path?: string;
  body?: object;
  headers?: Record<string, string>;
}

/** Routes that change nothing an administrator answers for, and why. */
export const NO_EDITS: Record<string, string> = {
  'POST /devices/{id}/telemetry': 'what a device sends is in the journal',
  'POST /devices/{id}/events': 'what a device sends is in the journal',
  'POST /devices/{id}/images': 'what a device sends has a row of its own',
  'POST /devices/{id}/replies': 'what a device sends is in the journal',
  'POST /devices/import': 'its rows are applied after the answer; test/integration/devices/import-export shows theirs',
  'POST /device-changes': 'plans, and changes nothing; test/integration/devices/bulk shows what is carried out',
  'POST /device-changes/{id}/start': 'as an import',
  'POST /imports/{id}/undo': 'as an import',
  'POST /imports/{id}/secrets': 'as an import',
  'POST /devices/{id}/close': 'a row for each device; test/integration/api/reports shows them',
  'POST /devices/{id}/check': 'changes nothing, and a picture leaves a row in the access register',
  'POST /devices/{id}/credentials/renew': 'asked by a device for itself; its row is that of a rotation',
  'POST /devices/{id}/credentials/reveal':
    'changes nothing; that its audit row comes first: integration/devices/logins',
  'POST /devices/{id}/credentials/recover': 'needs a camera: its rows are seen in test/integration/devices/logins',
  'POST /audit/verification': 'changes nothing; test/integration/api/people/registers-are-verified shows it',
  'POST /rotations/{id}/cancel': 'as that of a check',
  'POST /checks/{id}/cancel': 'one that is over stays as it is; test/integration/devices/checks shows its row',
  'POST /devices/check': 'changes nothing; that its audit row comes first is seen where it is tested',
  'POST /devices/{id}/ptz/move':
    'moves a camera, and leaves a row in the access register: test/integration/devices/ptz',
  'POST /devices/{id}/ptz/stop': 'as a move',
  'POST /devices/{id}/ptz/release': 'as a move',
  'POST /devices/{id}/ptz/goto': 'as a move',
  'POST /devices/{id}/ptz/presets': 'as a move',
  'POST /devices/{id}/channels': 'needs a recorder; test/integration/devices/recorders shows its rows',
  'POST /devices/{id}/camera/picture': 'needs a camera; test/integration/devices/upkeep shows its row',
  'POST /devices/{id}/camera/time': 'as a picture',
  'POST /devices/{id}/camera/ntp': 'as a picture',
  'POST /devices/{id}/camera/restart': 'as a picture',
  'POST /discoveries': 'what it finds is written after the answer; test/integration/devices/discovery shows its rows',
  'POST /discoveries/{id}/cancel': 'as a discovery',
  'POST /kinds/dry-run': 'changes nothing',
  'POST /rules/dry-runs': 'changes no rule; test/acceptance/people/a-rule-is-tried shows what it does',
  'POST /rules/dry-run': 'another name of it',
  'POST /rules/dry-runs/{id}/cancel': 'as its beginning',
  'POST /rules/recordings': 'changes no rule: test/integration/alerts/rules/recordings shows its row',
  'DELETE /rules/recordings/{id}': 'as keeping one',
  'POST /rules': 'needs the text of a rule: test/integration/alerts/rules/kept shows its row',
  'POST /rules/{rule}/end': 'as asking for one',
  'POST /rules/versions/{id}/approve': 'as asking for one',
  'POST /rules/versions/{id}/reject': 'as asking for one',
  'POST /passages/search': 'changes nothing, and leaves a row in the access register',
  'POST /alerts/{id}/plates': 'changes nothing, and leaves a row in the access register',
  'POST /alerts/{id}/bundle': 'makes an export; test/integration/alerts/evidence shows its row',
  'POST /alerts/{id}/shelve': 'not of one that is extreme: test/integration/alerts/desk/handled shows its row',
  'POST /alerts/{id}/snooze': 'as shelving one',
  'POST /alerts/{id}/reopen': 'needs one that is closed: test/integration/alerts/desk/handled shows its row',
  'POST /alerts/{id}/unshelve': 'as shelving one',
  'POST /alerts/bulk/preview': 'changes nothing',
  'POST /incidents/{id}/merge': 'needs an incident: test/integration/alerts/incidents shows its row',
  'POST /incidents/{id}/split': 'as merging',
  'POST /incidents/{id}/close': 'as merging',
  'DELETE /incidents/{id}': 'as merging',
  'POST /alerts/bulk': 'needs a preview: test/integration/alerts/bulk shows its rows',
  'DELETE /duty/shifts/{id}': 'needs a shift: test/integration/alerts/duty shows its row',
  'POST /rosters': 'another name of POST /duty/shifts',
  'POST /work-orders': 'another name of POST /orders',
  'DELETE /rosters/{id}': 'another name of it',
  'POST /duty/shifts/{id}/hand-over': 'needs the lead of one: test/integration/alerts/duty shows its row',
  'POST /duty/hand-overs/{id}/take': 'as giving one',
  'POST /silences/preview': 'changes nothing',
  'POST /subscriptions/{id}/receipts': 'told by receivers; its log entry: test/integration/alerts/receipts',
  'POST /events/v2/enqueue': 'told by other systems; what it becomes: test/integration/alerts/said',
  'POST /broker/auth': 'changes nothing',
  'POST /broker/acl': 'changes nothing',
  'POST /recording-exports': 'needs recordings: test/integration/streams/exports shows its rows',
  'POST /recording-exports/{id}/approve': 'as what is asked for',
  'POST /recording-exports/{id}/remove': 'as what is asked for',
  'POST /recording-exports/{id}/viewing-copies': 'needs an export: test/integration/streams/copies shows its row',
  'POST /recording-exports/{id}/viewing-copies/{copy}/remove': 'as asking for one',
  'POST /streams/{id}/approved-pictures': 'needs a camera: test/integration/streams/approved-pictures shows its row',
  'DELETE /streams/{id}/approved-pictures/{picture}': 'as approving one',
  'POST /recordings/disks': 'needs another disk: test/integration/streams/recordings/disks-are-kept shows its row',
  'POST /recordings/disks/{name}/retire': 'as that of a new disk',
  'POST /recordings/disks/{name}/check': 'changes what differs; test/integration/streams/recordings shows its row',
  'DELETE /streams/{id}/pins/{pin}': 'needs a pin: test/integration/streams/recordings shows its row',
  'PATCH /walls/{id}': 'needs a wall: test/integration/streams/walls shows its row',
  'DELETE /walls/{id}': 'as changing one',
  'POST /stream-links/{id}/revoke': 'needs a link: test/integration/streams/links shows its row',
  'POST /stream-passes/{id}/revoke': 'needs a viewer token: test/integration/streams/rtsp shows its row',
  'POST /displays/{id}/token': 'as making one: test/integration/access/displays shows its row',
  'DELETE /displays/{id}': 'as making one: test/integration/access/displays shows its row',
  'POST /session/display': 'as making one: test/integration/access/displays shows its row',
  'DELETE /session': 'ends the own session, which must not fail',
  'POST /users/codes': 'needs three administrators; three-administrators.test.ts shows its row',
  'POST /session/totp/confirm': 'needs a code of the moment: people-keep-their-own-account.test.ts',
  'POST /session/totp/remove': 'needs a code of the moment: people-keep-their-own-account.test.ts',
};

const pin = {
  from: '2026-01-01T00:00:00Z',
  to: '2026-01-02T00:00:00Z',
  reason: 'theft',
  until: '2036-01-01T00:00:00Z',
};
const clip = { from: '2026-01-01T00:00:00Z', to: '2026-01-01T00:00:30Z', reason: 'theft', purpose: 'search' };
const OF_RECORDINGS: [string, Edit][] = [
  ['POST /devices/{id}/recording', { path: '/devices/camera-1/recording', body: { mode: 'always' } }],
  ['POST /devices/{id}/stream-plan', { path: '/devices/camera-1/stream-plan', body: { alwaysOn: true } }],
  ['POST /recordings/disks/{name}', { path: '/recordings/disks/recordings', body: { use: 'active' } }],
  ['POST /streams/{id}/pins', { path: '/streams/camera-1/pins', body: pin }],
  ['POST /walls', { body: { name: 'gates', layout: 4, cameras: ['camera-1'] } }],
  ['POST /stream-links', { body: { camera: 'camera-1', purpose: 'routine' } }],
  ['POST /stream-passes', { body: { camera: 'camera-1', purpose: 'routine' } }],
  ['POST /streams/{id}/clips', { path: '/streams/camera-1/clips', body: clip }],
];
export const KIOSK = 'kiosk-1';
export const maintenance = { reason: 'a new lens', minutes: 60 };
export const plan = {
  name: 'stolen bins',
  jurisdiction: '330203',
  from: '2026-01-01',
  entries: [{ jurisdiction: '330203', positions: 9 }],
};
export const place = { jurisdiction: '330203', location: { lat: 29.87, lon: 121.55 } };

/** Those that need nothing that was made before. */
const ONCE: [string, Edit][] = [
  ['POST /plans', { body: plan }],
  ['POST /devices', { body: { kind: 'recycling-kiosk', id: 'kiosk-2', name: 'new', ...place } }],
  ['POST /devices/batch', { body: { devices: [{ kind: 'recycling-kiosk', id: 'kiosk-3', name: 'new', ...place }] } }],
];

/** A zone and a station that are there already. */
const ZONE = '330203z-ruanjianyuan';
const STATION = '330203510000';
const AGENCY = { name: '派出所', level: 'station', parent: '330203000000', jurisdiction: '330203' };

export async function makeTrees(made: (path: string, body: object) => Promise<unknown>): Promise<void> {
  await made('/jurisdictions', { code: ZONE, name: { zh: '软件园' } });
  await made('/police/agencies', { code: '330200000000', name: '市局', level: 'city', jurisdiction: '330200' });
  const county = { level: 'county', parent: '330200000000' };
  await made('/police/agencies', { ...AGENCY, ...county, code: AGENCY.parent });
  await made('/police/agencies', { ...AGENCY, code: STATION });
}

const OF_TREES: [string, Edit][] = [
  ['POST /jurisdictions', { body: { code: '330203z-gaoxin', name: { zh: '高新区' } } }],
  ['POST /jurisdictions/{code}/members', { path: `/jurisdictions/${ZONE}/members`, body: { members: [] } }],
  ['POST /police/agencies', { body: { ...AGENCY, code: '330203520000' } }],
  ['POST /police/agencies/{code}/bounds', { path: `/police/agencies/${STATION}/bounds`, body: { bounds: null } }],
  ['POST /devices/{id}/police', { path: `/devices/${KIOSK}/police`, body: { agency: STATION } }],
  ['POST /jurisdictions/{code}/name', { path: `/jurisdictions/${ZONE}/name`, body: { name: { zh: '软件园区' } } }],
  ['POST /jurisdictions/{code}/bounds', { path: `/jurisdictions/${ZONE}/bounds`, body: { bounds: null } }],
  ['POST /jurisdictions/{code}/end', { path: `/jurisdictions/${ZONE}/end`, body: { on: '2020-01-01' } }],
  ['POST /police/agencies/{code}/name', { path: `/police/agencies/${STATION}/name`, body: { name: '所' } }],
  ['POST /police/agencies/{code}/end', { path: `/police/agencies/${STATION}/end`, body: { on: '2020-01-01' } }],
  ['POST /departments/{id}/name', { path: '/departments/weather/name', body: { name: { zh: '市气象局' } } }],
  ['POST /departments/{id}/end', { path: '/departments/weather/end', body: { on: '2020-01-01' } }],
  ['POST /departments', { body: { name: { zh: '海曙区环境保护局' }, jurisdiction: '330203' } }],
];

/** Of tomorrow. */
function shiftOf(username: string) {
  const [startsAt, endsAt] = [1, 1.5].map((days) => new Date(Date.now() + days * DAY_MS).toISOString());
  return { jurisdiction: '330203', people: [username], startsAt, endsAt };
}

/** In the order in which an alert is handled. */
function ofAlert(id: string): [string, Edit][] {
  return [
    ['POST /alerts/{id}/ack', { path: `/alerts/${id}/ack` }],
    ['POST /alerts/{id}/assign', { path: `/alerts/${id}/assign`, body: { to: 'li' } }],
    ['POST /alerts/{id}/dispatch', { path: `/alerts/${id}/dispatch`, body: { unit: '110-3' } }],
    ['POST /alerts/{id}/arrive', { path: `/alerts/${id}/arrive` }],
    ['POST /alerts/{id}/feedback', { path: `/alerts/${id}/feedback`, body: { text: 'a barbecue' } }],
    ['POST /alerts/{id}/comment', { path: `/alerts/${id}/comment`, body: { text: 'seen' } }],
    ['POST /incidents', { body: { title: 'a fire', alerts: [id] } }],
    ['POST /alerts/{id}/close', { path: `/alerts/${id}/close`, body: { verdict: 'drill' } }],
  ];
}

/** A correct request for each route that edits, to what was made for it. */
// biome-ignore lint/suspicious/noExplicitAny: what was made, by name.
export function editsOf(made: Record<string, any>): Map<string, Edit> {
  const { hanging, user, leaver, person, token, oldToken, hook, subscription, ownerless, list, watchlist } = made;
  const { alert, letter, own, grants, order } = made;
  const photo = { body: tinyPicture(), headers: { 'content-type': 'image/png' } };
  const [opening, stepping] = ['6b1f1b3c-1c9b-4c7e-9d2f-00000000000a', '6b1f1b3c-1c9b-4c7e-9d2f-00000000000b'];
  const [ofOrder, alone] = ['6b1f1b3c-1c9b-4c7e-9d2f-00000000000c', '6b1f1b3c-1c9b-4c7e-9d2f-00000000000d'];
  const acceptance = { id: alone, photo: made.sign, purpose: 'recycling', despite: 'no network yet' };
  const first = { 'if-match': '"1"' };
  return new Map<string, Edit>([
    ...ONCE,
    ...hanging,
    ['POST /devices/{id}/life', { path: '/devices/kiosk-4/life', body: { from: 'in-service', to: 'accepted' } }],
    ['POST /devices/{id}/acceptance', { path: '/devices/kiosk-10/acceptance', body: acceptance }],
    ['POST /devices/{id}/maintenance', { path: '/devices/kiosk-5/maintenance', body: maintenance }],
    ['POST /devices/{id}/maintenance/end', { path: '/devices/kiosk-6/maintenance/end' }],
    ['PATCH /devices/{id}', { path: `/devices/${KIOSK}`, body: { name: 'renamed' }, headers: first }],
    ['POST /checks', { body: { jurisdiction: '330203' } }],
    ['POST /rotations', { body: { jurisdiction: '330203', kinds: ['camera'] } }],
    ['POST /devices/{id}/commands', { path: `/devices/${KIOSK}/commands`, body: { name: 'lock' } }],
    ['POST /devices/{id}/credentials/rotate', { path: `/devices/${KIOSK}/credentials/rotate` }],
    ['POST /devices/{id}/claim', { path: `/devices/${KIOSK}/claim`, body: { minutes: 5 } }],
    ['POST /devices/{id}/claim/close', { path: `/devices/${KIOSK}/claim/close` }],
    ['POST /claims', { body: { device: 'kiosk-10', code: made.code } }],
    ['POST /orders', { body: { id: opening, device: KIOSK, title: 'no picture' } }],
    ['POST /orders/{number}/steps', { path: `/orders/${order}/steps`, body: { id: stepping, note: 'seen' } }],
    ['POST /orders/{number}/photos', { path: `/orders/${order}/photos?id=${ofOrder}`, ...photo }],
    ['POST /devices/{id}/photos', { path: `/devices/${KIOSK}/photos?id=${alone}`, ...photo }],
    [
      'POST /devices/{id}/ptz/settings',
      { path: '/devices/camera-1/ptz/settings', body: { home: null, idleS: 60, maxSpeed: 0.5 } },
    ],
    ...OF_RECORDINGS,
    ['POST /dead-letters/replay', { body: { ids: [letter.id] } }],
    ...ofAlert(alert.id),
    ['POST /tokens', { body: token }],
    ['DELETE /tokens/{id}', { path: `/tokens/${oldToken}`, headers: first }],
    ['POST /displays', { body: SCREEN }],
    ['POST /session', { body: { username: 'li', password: person.password } }],
    ['DELETE /session/open/{id}', { path: `/session/open/${own.other}`, headers: own.headers }],
    ['POST /session/totp', { headers: own.headers }],
    ['POST /session/password', { body: { old: person.password, new: 'quite another phrase' }, headers: own.headers }],
    ['POST /grants', { body: grants.wish, headers: grants.headers }],
    ['POST /grants/{id}/approve', { path: `/grants/${grants.ids[0]}/approve`, headers: grants.second }],
    ['POST /grants/{id}/end', { path: `/grants/${grants.ids[1]}/end` }],
    ...OF_TREES,
    ['POST /users', { body: { username: 'wang', ...person } }],
    ['PATCH /users/{id}', { path: `/users/${user}`, body: { name: 'Li Wei' }, headers: first }],
    ['DELETE /users/{id}', { path: `/users/${leaver}`, headers: first }],
    ...editsOfSubscriptions({ hook, subscription, ownerless, device: KIOSK }),
    ['POST /duty/shifts', { body: shiftOf('li') }],
    ['POST /silences', { body: made.silence }],
    ['DELETE /silences/{id}', { path: `/silences/${made.silenceId}`, headers: first }],
    ['POST /watchlists', { body: list }],
    ['DELETE /watchlists/{id}', { path: `/watchlists/${watchlist}`, headers: first }],
    ['DELETE /devices/{id}', { path: '/devices/kiosk-9', headers: first }],
  ]);
}

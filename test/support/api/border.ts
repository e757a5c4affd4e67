import type { Test } from 'tap';
import { ROLES } from '../../../src/access/rights.ts';
import type { Answer, Gateway } from '../gateway/gateway.ts';
import { ofAlerts } from './alert-requests.ts';
import { QUESTIONS_OF_VIEWS } from './view-requests.ts';
import { questionsOfWatchlists } from './watchlist-requests.ts';

/** A county beside the one that all of a test stands in. */
export const NEIGHBOUR = '330205';

/** Jobs of others are refused as those that are not there: test/integration/devices shows it of each sort. */
const NOBODY = '00000000-0000-4000-8000-000000000000';
const COPIES = `/recording-exports/${NOBODY}/viewing-copies`;

/** What the questions ask for by name. */
export interface Wanted {
  kiosk: string;
  serial: string;
  command: string;
  image: string;
  alert: string;
  subscription: string;
  camera: string;
  check: string;
  order: string;
  photo: string;
  plan: string;
}

const SOME_TIME = 'from=2026-01-01T00:00:00Z&to=2100-01-01T00:00:00Z';

/** Those to reports. */
const REPORTS: Record<string, string> = {
  'GET /reports/certificates': '/reports/certificates?days=3650',
  'GET /reports/files': '/reports/files',
  'GET /reports/files/devices': '/reports/files/devices',
  'GET /reports/departments': '/reports/departments',
};

/** Those to what finds devices. */
const FINDING: Record<string, string> = {
  ...QUESTIONS_OF_VIEWS,
  'GET /devices': '/devices',
  'GET /device-facets': '/device-facets',
  'GET /devices.geojson': '/devices.geojson',
  'GET /devices/labels': '/devices/labels',
  'GET /audit/keys': '/audit/keys',
  'GET /audit/verification': '/audit/verification',
  'GET /rules/versions': '/rules/versions',
  'GET /rules/dry-runs': '/rules/dry-runs',
  'GET /rules/recordings': '/rules/recordings',
  'GET /rules/dry-runs/{id}': `/rules/dry-runs/${NOBODY}`,
};

/** What a question to a route begins with: another address would answer with less, and nobody would notice. */
export function addressOf(route: string): RegExp {
  const path = route.replace('GET ', '').replaceAll('.', '\\.');
  return new RegExp(`^${path.replace(/\{\w+\}/g, '[^/?]+')}(\\?|$)`);
}

/** A question to each route that reads; a new one has its line here. */
export function questionsFor(wanted: Wanted): Record<string, string> {
  const { kiosk, serial, command, image, camera, check } = wanted;
  const nowMs = Date.now();
  const range = `from=${new Date(nowMs - 200_000).toISOString()}&to=${new Date(nowMs + 300_000).toISOString()}`;
  const today = new Date(nowMs).toISOString().slice(0, 10);
  return {
    ...FINDING,
    ...REPORTS,
    'GET /devices/{id}': `/devices/${kiosk}`,
    'GET /devices/health': '/devices/health',
    'GET /devices/{id}/health': `/devices/${kiosk}/health`,
    'GET /devices/{id}/units': `/devices/${kiosk}/units`,
    'GET /devices/export': '/devices/export',
    'GET /imports': '/imports',
    'GET /imports/{id}': `/imports/${NOBODY}`,
    'GET /imports/{id}/rows': `/imports/${NOBODY}/rows`,
    ...questionsAboutCameras(camera),
    'GET /units': `/units?serial=${serial}`,
    ...ofLives(kiosk),
    ...ofWork(wanted),
    'GET /devices/{id}/commands': `/devices/${kiosk}/commands`,
    'GET /devices/{id}/commands/{command}': `/devices/${kiosk}/commands/${command}`,
    'GET /checks': '/checks',
    'GET /checks/{id}/report': `/checks/${check}/report`,
    'GET /jobs/{id}': `/jobs/${check}`,
    'GET /kinds': '/kinds',
    'GET /jurisdictions': '/jurisdictions',
    'GET /police/agencies': '/police/agencies',
    'GET /departments': '/departments',
    'GET /devices/{id}/latest': `/devices/${kiosk}/latest`,
    'GET /devices/{id}/history': `/devices/${kiosk}/history?fields=smoke&${range}`,
    'GET /devices/{id}/export': `/devices/${kiosk}/export?${range}`,
    'GET /devices/{id}/events': `/devices/${kiosk}/events?${range}`,
    'GET /images/{id}': `/images/${image}?purpose=maintenance`,
    'GET /devices/{id}/completeness': `/devices/${kiosk}/completeness?${range}`,
    'GET /completeness': `/completeness?day=${today}`,
    'GET /ledger': '/ledger',
    'GET /messages': `/messages?device=${kiosk}&${range}`,
    'GET /dead-letters': '/dead-letters',
    'GET /dead-letters/groups': '/dead-letters/groups',
    'GET /tokens': '/tokens',
    'GET /session': '/session',
    'GET /grants': '/grants',
    'GET /session/open': '/session/open',
    'GET /users': '/users',
    'GET /users/names': '/users/names',
    'GET /audit': '/audit?limit=500',
    'GET /access-register': '/access-register',
    ...ofAlerts(wanted),
    ...questionsOfWatchlists(wanted.alert),
    ...questionsOfVideo(camera),
    'GET /overview': '/overview',
  };
}

function questionsOfVideo(camera: string): Record<string, string> {
  return {
    'GET /live': '/live',
    'GET /streams': '/streams',
    'GET /streams/{id}': `/streams/${camera}`,
    'GET /streams/{id}/live.m3u8': `/streams/${camera}/live.m3u8`,
    'GET /streams/{id}/media.m3u8': `/streams/${camera}/media.m3u8`,
    'GET /streams/{id}/{part}': `/streams/${camera}/0123456789abcdef.mp4`,
    'GET /streams/{id}/snapshot.jpg': `/streams/${camera}/snapshot.jpg`,
    'GET /streams/{id}/recordings': `/streams/${camera}/recordings?${SOME_TIME}`,
    'GET /mosaics/live.m3u8': `/mosaics/live.m3u8?cameras=${camera}`,
    'GET /mosaics/media.m3u8': `/mosaics/media.m3u8?cameras=${camera}`,
    'GET /mosaics/{part}': `/mosaics/0123456789abcdef.mp4?cameras=${camera}`,
    'GET /stream-passes': '/stream-passes',
    'GET /stream-links': '/stream-links',
    'GET /recording-exports': '/recording-exports',
    'GET /recording-exports/key': '/recording-exports/key',
    'GET /recording-exports/{id}': `/recording-exports/${NOBODY}`,
    'GET /recording-exports/{id}/viewing-copies': COPIES,
    'GET /recording-exports/{id}/viewing-copies/{copy}/copy.tar': `${COPIES}/${NOBODY}/copy.tar`,
    'GET /recording-exports/{id}/export.tar': `/recording-exports/${NOBODY}/export.tar`,
    'GET /streams/{id}/approved-pictures': `/streams/${camera}/approved-pictures`,
    'GET /recordings/disks': '/recordings/disks',
    'GET /streams/{id}/pins': `/streams/${camera}/pins`,
    'GET /streams/{id}/clips': `/streams/${camera}/clips`,
    'GET /streams/{id}/clip.mp4': `/streams/${camera}/clip.mp4?${SOME_TIME}`,
    'GET /streams/{id}/clips/{clip}': `/streams/${camera}/clips/${NOBODY}`,
    'GET /streams/{id}/clips/{clip}/clip.mp4': `/streams/${camera}/clips/${NOBODY}/clip.mp4`,
    'GET /streams/{id}/playback.m3u8': `/streams/${camera}/playback.m3u8?${SOME_TIME}`,
    'GET /streams/{id}/playback-master.m3u8': `/streams/${camera}/playback-master.m3u8?${SOME_TIME}`,
    'GET /streams/{id}/playback-keys.m3u8': `/streams/${camera}/playback-keys.m3u8?${SOME_TIME}`,
    'GET /streams/{id}/recordings/thumbnails': `/streams/${camera}/recordings/thumbnails?${SOME_TIME}`,
    'GET /streams/{id}/recordings/thumbnail.jpg': `/streams/${camera}/recordings/thumbnail.jpg?at=2026-01-01T00:00:00Z`,
    'GET /streams/{id}/recordings/{file}': `/streams/${camera}/recordings/1-1.mp4`,
  };
}

function ofLives(kiosk: string): Record<string, string> {
  return {
    'GET /devices/{id}/acceptance': `/devices/${kiosk}/acceptance`,
    'GET /devices/{id}/claim': `/devices/${kiosk}/claim`,
    'GET /devices/{id}/photos': `/devices/${kiosk}/photos`,
    'GET /devices/{id}/life': `/devices/${kiosk}/life`,
    'GET /devices/{id}/maintenance': `/devices/${kiosk}/maintenance`,
  };
}

function ofWork({ order, photo, plan }: Wanted): Record<string, string> {
  return {
    'GET /orders': '/orders',
    'GET /work-orders': '/work-orders',
    'GET /orders/{number}': `/orders/${order}`,
    'GET /photos/{id}': `/photos/${photo}?purpose=maintenance`,
    'GET /plans': '/plans',
    'GET /reports/construction-sites': '/reports/construction-sites',
    'GET /reports/construction-sites/devices': '/reports/construction-sites/devices',
    'GET /reports/filing': '/reports/filing',
    'GET /reports/filing/devices': '/reports/filing/devices?format=csv',
    'GET /reports/pickups': '/reports/pickups?full=1',
    'GET /reports/recording': '/reports/recording',
    'GET /reports/traffic': '/reports/traffic',
    'GET /reports/alert-times': '/reports/alert-times?desk=all',
    'GET /reports/rule-precision': '/reports/rule-precision?desk=all',
    'GET /reports/online': '/reports/online',
    'GET /reports/repairs': '/reports/repairs',
    'GET /reports/coverage': `/reports/coverage?plan=${plan}`,
  };
}

/** To the routes that look for cameras, move them and change their logins. */
function questionsAboutCameras(camera: string): Record<string, string> {
  return {
    'GET /rotations': '/rotations',
    'GET /rotations/{id}/report': `/rotations/${NOBODY}/report`,
    'GET /devices/{id}/credentials': `/devices/${camera}/credentials`,
    'GET /devices/{id}/check': `/devices/${camera}/check`,
    'GET /devices/{id}/ptz': `/devices/${camera}/ptz`,
    'GET /devices/{id}/ptz/presets': `/devices/${camera}/ptz/presets`,
    'GET /devices/{id}/channels': `/devices/${camera}/channels`,
    'GET /devices/{id}/stream-plan': `/devices/${camera}/stream-plan`,
    'GET /devices/{id}/recording': `/devices/${camera}/recording`,
    'GET /devices/{id}/camera/picture': `/devices/${camera}/camera/picture`,
    'GET /devices/{id}/camera/time': `/devices/${camera}/camera/time`,
    'GET /devices/{id}/camera/network': `/devices/${camera}/camera/network`,
    'GET /discoveries': '/discoveries',
    'GET /discoveries/{id}': `/discoveries/${NOBODY}`,
    'GET /discoveries/{id}/found': `/discoveries/${NOBODY}/found`,
  };
}

/** A zone of the city to which the neighbouring county belongs, and nothing else. */
const ZONE = '3302z-bianjie';

/** A city agency of the police to which no device belongs. */
const AGENCY = { code: '330200990000', name: '分局', level: 'city', jurisdiction: '330200' };

/** Who sees the area of all that is asked for, and of it only what belongs to an agency that has nothing. */
export const OF_AN_AGENCY = 'administrator of an agency';

/** What shows that an answer tells of the county in which all stands; who knows the county, of what stands there. */
const MARKS = /330203|kiosk-\d|H-5|camera-1|stolen|"li"/;
const MARKS_WITHIN = /kiosk-\d|H-5|camera-1|stolen|"li"/;

export function marksFor(role: string): RegExp {
  return role === OF_AN_AGENCY ? MARKS_WITHIN : MARKS;
}

/** What such a one may edit in that area. */
export const EDITS_OF_AN_AGENCY = ['POST /subscriptions'];

/**
 * A token of each role, in an area; of who may do everything in a zone to which the area belongs; and of who may in
 * `home`, where all stands, and is limited to an agency of the police.
 */
export async function tokensIn(
  gateway: Gateway,
  { area, home }: { area: string; home: string },
): Promise<Map<string, string>> {
  const tokens = new Map<string, string>();
  const add = async (who: string, role: string, jurisdiction: string, police: string | null = null) => {
    const body = { name: `a ${who}`, role, jurisdiction, police, purpose: 'maintenance' };
    tokens.set(who, (await gateway.api('POST', '/tokens', { body })).body.token);
  };
  for (const role of ROLES) await add(role, role, area);
  await gateway.api('POST', '/jurisdictions', { body: { code: ZONE, name: { zh: '边界' }, members: [area] } });
  await add('administrator of a zone', 'administrator', ZONE);
  await gateway.api('POST', '/police/agencies', { body: AGENCY });
  await add(OF_AN_AGENCY, 'administrator', home, AGENCY.code);
  return tokens;
}

/**
 * Who of beyond tries a route: the administrators of the area and of the agency, who have the most rights, and one of
 * the others by chance. All of them
 * are tried on every route of an API in memory (test/integration/api/guards).
 */
export function triersOf(tokens: ReadonlyMap<string, string>, random: () => number): [role: string, token: string][] {
  const always = ['administrator', OF_AN_AGENCY];
  const others = [...tokens].filter(([role]) => !always.includes(role));
  const [first, second] = always.map((role): [string, string] => [role, tokens.get(role)!]);
  return [first!, second!, others[Math.floor(random() * others.length)]!];
}

/** Every operation of the running API that reads and comes to an end, as `GET /devices/{id}`. */
export async function readingRoutes(gateway: Gateway): Promise<string[]> {
  const { paths } = (await gateway.api('GET', '/../openapi.json')).body as { paths: Record<string, object> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    'get' in methods && path.startsWith('/api/v1/') && !path.endsWith('/stream')
      ? [`GET ${path.replace('/api/v1', '')}`]
      : [],
  );
}

export interface Border {
  gateway: Gateway;
  questions: Record<string, string>;
  /** By role. */
  tokens: ReadonlyMap<string, string>;
  random: () => number;
}

/**
 * Asks every route that reads, from beyond the border. What is named there does not exist, and no answer
 * tells anything of it. Resolves with the routes that showed the marks to somebody who may see them.
 */
export async function tryBorder(t: Test, { gateway, questions, tokens, random }: Border): Promise<string[]> {
  const shown: string[] = [];
  for (const [route, path] of Object.entries(questions)) {
    for (const [role, token] of triersOf(tokens, random)) {
      const answer = await gateway.api('GET', path, { token });
      t.ok(answer.status < 500, `${route} answers a ${role} from beyond with ${answer.status}`);
      t.notMatch(answer.text, marksFor(role), `${route} tells a ${role} from beyond nothing`);
      if (/\{/.test(route)) t.ok(isRefused(answer), `${route} refuses a ${role} from beyond: ${answer.status}`);
    }
    const own = await gateway.api('GET', path);
    if (own.status < 300 && marksFor('').test(own.text)) shown.push(route);
  }
  return shown;
}

function isRefused({ status }: Answer): boolean {
  return status === 403 || status === 404;
}

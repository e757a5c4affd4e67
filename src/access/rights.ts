import type { Role } from '../core/types.ts';

/**
 * What somebody may do, one by one. Code asks for a right and never for a role: which role has which right stands in
 * {@link RIGHTS_OF} alone, and docs/rights.md lists the same rows.
 */
export const RIGHTS = {
  'account.own': 'Know who one is, log out.',
  'registry.read': 'Devices, units, kinds and division codes.',
  'registry.diagnose': 'Why a camera is not reached, and what answers in its place.',
  'devices.check': 'Check a device step by step.',
  'registry.edit': 'Register, change, swap and retire devices; see where they are reached.',
  'plans.keep': 'Say how many positions an area is to have.',
  'registry.open-pictures': 'Make the access class of a device freer.',
  'orders.read': 'Work orders, and what was done with them.',
  'orders.look': 'Photos that people took at work.',
  'orders.work': 'Open work orders, take and do them, note something.',
  'orders.keep': 'Give work to others, verify and cancel it.',
  'credentials.use': 'See how the login of a device is, and what came of its last change.',
  'credentials.change': 'Give a device a new secret or login.',
  'credentials.reveal': 'Be shown the login of a device, for a work order or a case.',
  'credentials.recover': 'Have a login tried that a device had before.',
  'credentials.renew': 'Fetch a new secret, for itself alone.',
  'kinds.try': 'Try a changed kind on what came in.',
  'telemetry.read': 'Readings, events and the numbers of an area.',
  'telemetry.export': 'Take readings away as a file.',
  'telemetry.send': 'Send readings, events, pictures and replies, for itself alone.',
  'commands.read': 'What devices were told to do.',
  'commands.fetch': 'Fetch what there is to do, for itself alone.',
  'commands.maintain': 'Give commands that a kind leaves to technicians.',
  'commands.operate': 'Give commands that a kind leaves to operators.',
  'commands.administer': 'Give commands that a kind leaves to administrators.',
  'video.look': 'Live video and stills.',
  'pictures.look': 'Pictures that devices send.',
  'looks.any-purpose': 'Look for any purpose, and not for maintenance alone.',
  'cameras.tend': 'Read and set the picture, the time and the network of cameras.',
  'cameras.restart': 'Restart cameras.',
  'recordings.export': 'Take recordings, or all of an alert, away as a signed copy.',
  'recordings.approve': 'Approve that others take recordings, or all of an alert, away.',
  'ptz.move': 'Move cameras.',
  'ptz.ahead': 'Take a camera over from who may only move it.',
  'ptz.first': 'Take a camera over from everybody who lacks this.',
  'plates.search': 'Search passages of vehicles.',
  'alerts.read': 'Alerts, their log and their stream.',
  'faults.read': 'Faults of devices and of the gateway: the maintenance desk, its log and stream.',
  'alerts.look': 'Pictures of alerts.',
  'alerts.handle': 'Acknowledge, assign, dispatch, shelve, comment, close and reopen alerts.',
  'faults.handle': 'The same with what is on the maintenance desk, and with nothing else.',
  'alerts.silence': 'Leave alerts of an area unsaid for a time.',
  'duty.keep': 'Say who has duty when.',
  'alerts.plates': 'The plates of an alert, whole.',
  'rules.read': 'The rules in force.',
  'rules.try': 'Try a draft of a rule on what came in.',
  'rules.keep': 'Ask for rules, and for their end.',
  'rules.approve': 'Approve and reject rules that others ask for.',
  'subscriptions.keep': 'Say who is told of alerts.',
  'watchlists.keep': 'Ask for watchlists, their renewal and their end.',
  'watchlists.approve': 'Approve and reject what others ask for in watchlists.',
  'watchlists.confirm': 'See uncertain reads of wanted plates, and say whether they are what they seem.',
  'plates.permit': 'Let somebody else, or a subscription, see the plates of alerts whole for a time.',
  'explain.read': 'The ledger, what became of a message, dead letters.',
  'explain.replay': 'Judge dead letters again.',
  'completeness.read': 'What share of the expected readings came.',
  'metrics.read': 'The metrics of the gateway.',
  'people.keep': 'Let people log in, change and disable them.',
  'people.vouch': 'Give people the code with which they change a password that somebody else set.',
  'tokens.keep': 'Make and revoke tokens.',
  'rights.give': 'Give roles with rights that one lacks.',
  'grants.ask': 'Ask for leave to look beyond the own border.',
  'recordings.disks': 'Say which disks video is recorded on.',
  'trees.keep': 'Keep divisions, zones, police agencies and departments.',
  'grants.approve': 'Approve what others ask for in the own area, and end it.',
  'audit.read': 'Who changed what.',
  'register.read': 'Who looked at what.',
} as const;

export type Right = keyof typeof RIGHTS;

/** Who holds rights: a role of people and tokens, or a device that speaks for itself. */
export type Holder = Role | 'device';

const EVERYBODY: readonly Right[] = ['account.own', 'registry.read'];

const WATCHING: readonly Right[] = [
  ...EVERYBODY,
  'telemetry.read',
  'telemetry.export',
  'commands.read',
  'completeness.read',
  'rules.read',
];

const LOOKING: readonly Right[] = ['video.look', 'pictures.look', 'looks.any-purpose'];

const ALERTS: readonly Right[] = ['alerts.read', 'faults.read', 'alerts.look'];

const EXPLAINING: readonly Right[] = ['registry.diagnose', 'explain.read'];

const VIEWER: readonly Right[] = [...WATCHING, ...LOOKING, ...ALERTS];

const OPERATOR: readonly Right[] = [
  ...VIEWER,
  ...EXPLAINING,
  'explain.replay',
  'orders.read',
  'orders.look',
  'orders.work',
  'orders.keep',
  'devices.check',
  'credentials.use',
  'commands.maintain',
  'commands.operate',
  'recordings.export',
  'ptz.move',
  'ptz.ahead',
  'plates.search',
  'alerts.handle',
  'faults.handle',
  'alerts.silence',
  'duty.keep',
  'alerts.plates',
  'grants.ask',
  'subscriptions.keep',
  'watchlists.keep',
  'watchlists.confirm',
];

const DEVICE: readonly Right[] = ['telemetry.send', 'commands.fetch', 'credentials.renew'];

const ADMINISTRATOR: readonly Right[] = (Object.keys(RIGHTS) as Right[]).filter((right) => !DEVICE.includes(right));

/** Rights by role. `admin` is the name that `administrator` had before there were eight roles; it stays for good. */
export const RIGHTS_OF: Readonly<Record<Holder, ReadonlySet<Right>>> = {
  admin: new Set(ADMINISTRATOR),
  administrator: new Set(ADMINISTRATOR),
  operator: new Set(OPERATOR),
  commander: new Set<Right>([
    ...OPERATOR.filter((right) => right !== 'explain.replay' && right !== 'subscriptions.keep'),
    'ptz.first',
    'recordings.approve',
    'rules.try',
    'rules.approve',
    'watchlists.approve',
    'plates.permit',
  ]),
  technician: new Set([
    ...WATCHING,
    ...EXPLAINING,
    'orders.read',
    'orders.look',
    'orders.work',
    'devices.check',
    'registry.edit',
    'credentials.use',
    'credentials.change',
    'credentials.reveal',
    'commands.maintain',
    'cameras.tend',
    'cameras.restart',
    'ptz.move',
    'faults.read',
    'faults.handle',
    'video.look',
    'pictures.look',
  ]),
  integrator: new Set([...WATCHING, ...EXPLAINING, 'orders.read', 'alerts.read', 'faults.read', 'subscriptions.keep']),
  auditor: new Set([...EVERYBODY, 'audit.read', 'register.read']),
  approver: new Set([
    ...EVERYBODY,
    'grants.approve',
    'recordings.approve',
    'watchlists.approve',
    'rules.read',
    'rules.approve',
    'plates.permit',
  ]),
  security: new Set([...EVERYBODY, 'people.keep', 'tokens.keep', 'rights.give']),
  viewer: new Set(VIEWER),
  device: new Set(DEVICE),
};

/** What an administrator has who is one of three (三员分立): the system, and not its people, records or pictures. */
const OF_THE_SYSTEM: ReadonlySet<Right> = new Set<Right>([
  ...EVERYBODY,
  'registry.diagnose',
  'registry.edit',
  'plans.keep',
  'credentials.use',
  'credentials.change',
  'credentials.recover',
  'kinds.try',
  'rules.try',
  'rules.keep',
  'trees.keep',
  'people.vouch',
  'cameras.tend',
  'cameras.restart',
  'telemetry.read',
  'commands.read',
  'commands.maintain',
  'commands.operate',
  'commands.administer',
  'rules.read',
  'faults.read',
  'faults.handle',
  'subscriptions.keep',
  'explain.read',
  'explain.replay',
  'completeness.read',
  'metrics.read',
]);

/** Rights by role where system, security and audit administrator are three people. */
export const RIGHTS_OF_THREE: typeof RIGHTS_OF = {
  ...RIGHTS_OF,
  admin: OF_THE_SYSTEM,
  administrator: OF_THE_SYSTEM,
};

/** Rights to look at people, vehicles and what cameras see. */
export const LOOKS: readonly Right[] = [
  ...LOOKING,
  'recordings.export',
  'orders.look',
  'plates.search',
  'alerts.look',
  'alerts.plates',
];

/** Rights to see and to look, which a grant may open beyond the own border to a role that has them. */
export const GRANTABLE = [
  'registry.read',
  'telemetry.read',
  'telemetry.export',
  'completeness.read',
  'video.look',
  'pictures.look',
  'plates.search',
  'alerts.read',
  'alerts.look',
] as const satisfies readonly Right[];

export type GrantableRight = (typeof GRANTABLE)[number];

/**
 * What is left of a role to somebody who is limited to a police agency: what is done with single devices and their
 * alerts. Everything else is of an area as a whole, or changes the registry, where a device may come to belong to
 * another agency.
 */
export const OF_AN_AGENCY: ReadonlySet<Right> = new Set<Right>([
  ...EVERYBODY,
  ...LOOKING,
  ...ALERTS,
  'registry.diagnose',
  'devices.check',
  'orders.read',
  'orders.look',
  'orders.work',
  'orders.keep',
  'telemetry.read',
  'telemetry.export',
  'commands.read',
  'commands.maintain',
  'commands.operate',
  'commands.administer',
  'cameras.tend',
  'cameras.restart',
  'ptz.move',
  'ptz.ahead',
  'ptz.first',
  'plates.search',
  'alerts.handle',
  'faults.handle',
  'alerts.silence',
  'duty.keep',
  'alerts.plates',
  'watchlists.confirm',
  'rules.read',
  'subscriptions.keep',
  'grants.ask',
]);

/** The roles that a person or a token can be given. */
export const ROLES = Object.keys(RIGHTS_OF).filter((holder) => holder !== 'device') as [Role, ...Role[]];

/** Everybody who has this right. */
export function holdersOf(right: Right): Holder[] {
  return (Object.keys(RIGHTS_OF) as Holder[]).filter((holder) => RIGHTS_OF[holder].has(right));
}

import { DAY_MS, HOUR_MS, MINUTE_MS, toRfc3339 } from '../../core/clock.ts';
import type { CameraLabel } from '../onvif/identify.ts';
import type { LetIn } from '../onvif/one-login.ts';
import type { OnvifProfile } from '../onvif/profiles.ts';
import { compareUnits, isBlank, type UnitIdentity } from '../units/identity.ts';
import { AUTH_HINT, CLOCK_HINT } from './hints.ts';
import type { SnapshotAnswer } from './snapshot-page.ts';
import { bad, type Finding, ok } from './steps.ts';

/** Beyond this, many cameras refuse a right password. */
const SKEW_MAX_MS = 5_000;
/** Time zones are whole quarters of an hour; the camera is asked within some seconds. */
const ZONE_MS = 15 * MINUTE_MS;
const ZONE_SLACK_MS = 10_000;
/** No zone is further from UTC. */
const ZONE_MAX_MS = 14 * HOUR_MS;

const ZONE_HINT =
  'It seems to take its local time for UTC: set its time zone (in China CST-8, that is UTC+8), then its time.';

/** How far the camera's clock is off; `skewMs` is its clock minus ours. */
export function judgeClock(skewMs: number | null): Finding {
  if (skewMs === null) {
    const hint = 'Look at its time in its own page: a wrong one makes a right password look wrong.';
    return bad('warning', 'no-clock', hint, 'It does not tell its time.');
  }
  const ms = Math.abs(skewMs);
  const seen = `Its clock is ${span(ms)} ${skewMs < 0 ? 'behind' : 'ahead'}.`;
  if (ms <= SKEW_MAX_MS) return ok(seen);
  const fromZone = Math.abs(ms - Math.round(ms / ZONE_MS) * ZONE_MS);
  const isZone = ms > ZONE_SLACK_MS && ms <= ZONE_MAX_MS + ZONE_SLACK_MS && fromZone <= ZONE_SLACK_MS;
  return bad('warning', 'clock-skew', isZone ? ZONE_HINT : CLOCK_HINT, seen);
}

const SPANS: readonly [unit: string, ms: number][] = [
  ['days', DAY_MS],
  ['h', HOUR_MS],
  ['min', MINUTE_MS],
];

function span(ms: number): string {
  const [unit, length] = SPANS.find(([, one]) => ms >= 2 * one) ?? ['s', 1_000];
  return `${Math.round((ms / length) * 10) / 10} ${unit}`;
}

const WAYS: Readonly<Record<Exclude<LetIn, 'open'>, string>> = {
  digest: 'HTTP digest',
  token: 'WS-Security token',
};

export function judgeLogin(letIn: LetIn): Finding {
  if (letIn !== 'open') return ok(`User name and password are right (${WAYS[letIn]}).`);
  const hint = 'It tells everybody who it is: switch authentication for ONVIF on, or anybody in its network rules it.';
  return bad('warning', 'no-password', hint, 'It asks for no password.');
}

/** A certificate that ends sooner is to be renewed. */
const CERTIFICATE_LEFT_MIN_MS = 30 * DAY_MS;

/** Whether it is the registered unit; `known` is null before it is registered. */
export function judgeLabel(label: CameraLabel, known: UnitIdentity | null, nowMs: number): Finding {
  const finding = judgeUnit(label, known);
  const { certificate } = label;
  if (finding.grade !== 'ok' || !certificate || certificate.notAfterMs - nowMs > CERTIFICATE_LEFT_MIN_MS)
    return finding;
  const [ends, day] = [
    certificate.notAfterMs > nowMs ? 'ends' : 'ended',
    toRfc3339(certificate.notAfterMs).slice(0, 10),
  ];
  const hint = `Its certificate ${ends} on ${day}: renew it, and the fingerprint of the device where it has one.`;
  return bad('warning', 'certificate-ends', hint, finding.seen);
}

function judgeUnit(label: CameraLabel, known: UnitIdentity | null): Finding {
  const parts = Object.entries({
    serial: label.serial,
    firmware: label.firmware,
    MAC: label.mac,
  }).flatMap(([name, text]) => (text ? [`${name} ${text}`] : []));
  const seen = `${[`${label.maker ?? ''} ${label.model ?? ''}`.trim() || 'A camera', ...parts].join(', ')}.`;
  if (!known || isBlank(known)) return ok(seen);
  const { same, differs } = compareUnits(known, label);
  if (!same) {
    const what = `Another unit than the registered one hangs here (${differs.join(', ')}).`;
    const hint = `${what} If it was replaced, accept it as the new unit; else mend the address.`;
    return bad('failed', 'other-unit', hint, seen);
  }
  if (differs.length === 0) return ok(seen);
  const hint = `It is the registered unit, and tells another ${differs.join(', ')} than before: look at its label.`;
  return bad('warning', 'label-changed', hint, seen);
}

export function judgeProfiles(count: number, main: OnvifProfile, sub: OnvifProfile | null): Finding {
  const seen = `${count} with video; main ${nameOf(main)}, sub ${sub ? nameOf(sub) : 'none'}.`;
  if (/^(H\.?26[45]|HEVC)$/i.test(main.encoding)) return ok(seen);
  return bad('warning', 'codec-unsupported', 'Set the main stream to H.264 or H.265: others are not shown.', seen);
}

function nameOf({ encoding, width, height, fps }: OnvifProfile): string {
  return `${encoding} ${width}x${height}${fps === null ? '' : ` at ${fps} fps`}`;
}

const SNAPSHOT_HINTS: Readonly<Record<Extract<SnapshotAnswer, { refused: string }>['refused'], string>> = {
  auth: AUTH_HINT,
  'clear-password': 'Set its web authentication to digest.',
  status: 'Switch the snapshot page on, or leave it: stills are then made from the video.',
  'no-jpeg': 'Set its snapshots to JPEG, or leave it: stills are then made from the video.',
};

/** A snapshot page that gave no picture. The video does not need it, so only a refused password is a failure. */
export function judgeSnapshot({ refused, detail }: Extract<SnapshotAnswer, { refused: string }>): Finding {
  return bad(refused === 'auth' ? 'failed' : 'warning', refused, SNAPSHOT_HINTS[refused], detail);
}

export const NO_ADDRESS: Finding = {
  grade: 'failed',
  seen: null,
  problem: 'no-address',
  hint: 'Nothing is registered to reach it at: give its ONVIF address and login, or its stream address.',
};

export const SHOWN_TO_ALL: Finding = {
  grade: 'warning',
  seen: null,
  problem: 'no-password',
  hint: 'Its snapshot is shown to everybody without a password: switch authentication of the page on.',
};

import { randomUUID } from 'node:crypto';
import { toRfc3339 } from '../../core/clock.ts';
import type { Jurisdiction } from '../../core/jurisdiction.ts';
import { receiptId } from '../../core/receipt.ts';
import type { DeviceId, Lane } from '../../core/types.ts';
import { LEVELS } from '../ladder/levels.ts';
import { deviceIn, GATEWAY_SUBJECT, subjectOf } from '../rules/conditions/subject.ts';
import type { Severity } from '../rules/rules.ts';
import { decidedOf } from './life/decided.ts';
import { drillEndsAtMs } from './life/drill.ts';
import { audienceOf } from './log/audience.ts';
import type { AlertEvidence, AlertRow, FindingRow } from './tables.ts';

/** Where an alert happens. All of it is frozen when it is opened: a camera that moves later does not move the past. */
export interface AlertPlace {
  name: string;
  lat: number | null;
  lon: number | null;
  jurisdiction: string;
  /** Code of the police agency that the device belongs to. */
  police?: string | null;
  retired: boolean;
  /** Those that see it and that whoever may see what is in its district may be shown; absent where nobody asked. */
  cameras?: readonly Sight[];
}

/** A camera that sees a device, and why its picture may be shown. */
export interface Sight {
  camera: DeviceId;
  jurisdiction: Jurisdiction;
  /** The police agency it belongs to; absent or null for none. */
  police?: string | null;
  /** A person who sees the camera named it for the device. */
  granted: boolean;
}

/** Why an alert at such a place has no picture. */
export const NO_CAMERA = 'No camera sees this place.';

/** Says of an alert why it has no picture. */
export function noPicture(nowMs: number, reason: string, camera: DeviceId | null = null): AlertEvidence {
  return { id: randomUUID(), type: 'unavailable', camera, takenAtMs: nowMs, reason };
}

/** What an entry of the log of alerts may say. */
export const EVENT_TYPES = [
  'alert.opened',
  'alert.updated',
  'alert.cleared',
  'alert.stale',
  'alert.left',
  'alert.arrived',
  'alert.evidence',
  'alert.acked',
  'alert.unacked',
  'alert.escalated',
  'alert.assigned',
  'alert.dispatched',
  'alert.on_scene',
  'alert.feedback',
  'alert.commented',
  'alert.shelved',
  'alert.silenced',
  'alert.merged',
  'alert.split',
  'alert.closed',
  'alert.reopened',
  'alert.receipt',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** How it is told that an alert is as it is, to those who may not have heard it. */
export const TOLD_AS: Record<AlertRow['condition'], EventType> = {
  active: 'alert.updated',
  recovering: 'alert.updated',
  cleared: 'alert.cleared',
  stale: 'alert.stale',
};

/** Gravest first; a severity may rise at any time, and falls only with a new alert. */
const RANK: Record<string, number> = { extreme: 0, severe: 1, moderate: 2, minor: 3 };

function graver(a: string, b: string): string {
  return (RANK[a] ?? 9) <= (RANK[b] ?? 9) ? a : b;
}

/** Critical alerts reach the wire first (P3): extreme, severe, and watchlist hits, which are severe by rule. */
export function priorityOf(severity: string): number {
  return 1 + 2 * (RANK[severity] ?? 3);
}

/**
 * What one finding does to the alert of its key: opens one, counts up, clears it, or says that nobody knows any more.
 * `null` when nothing is to be said: a "cleared" without an open alert. Pure; the desk stores the result.
 */
export function applyFinding(
  alert: AlertRow | null,
  finding: FindingRow,
  context: { place: AlertPlace; title: { en: string; zh: string }; nowMs: number; previousId: string | null },
): { alert: AlertRow; event: EventType } | null {
  if (!alert) return finding.kind === 'fired' ? { alert: opened(finding, context), event: 'alert.opened' } : null;
  const next = { ...alert, last_at_ms: Math.max(alert.last_at_ms, finding.received_at_ms), version: alert.version + 1 };
  if (finding.kind === 'cleared') {
    if (alert.condition === 'cleared') return null;
    return { alert: { ...next, condition: 'cleared', condition_reason: null }, event: 'alert.cleared' };
  }
  if (finding.kind === 'stale') {
    if (alert.condition !== 'active' && alert.condition !== 'recovering') return null;
    const { reason } = finding.data;
    const condition_reason = typeof reason === 'string' ? reason : null;
    return { alert: { ...next, condition: 'stale', condition_reason }, event: 'alert.stale' };
  }
  return {
    alert: {
      ...next,
      condition: 'active',
      condition_reason: null,
      severity: graver(alert.severity, finding.severity),
      occurrences: alert.occurrences + 1,
      data: { ...finding.data, ...decidedOf(alert.data) },
      plates_sealed: finding.plates_sealed,
      fired_at_ms: context.nowMs,
    },
    event: 'alert.updated',
  };
}

function opened(finding: FindingRow, context: Parameters<typeof applyFinding>[2]): AlertRow {
  const { place, title, nowMs, previousId } = context;
  return {
    id: randomUUID(),
    dedup_key: finding.dedup_key,
    rule: finding.rule,
    rule_version: finding.rule_version,
    title,
    severity: finding.severity,
    class: finding.class,
    desk: finding.desk,
    condition: 'active',
    condition_reason: null,
    handling: 'new',
    visibility: finding.exercise ? 'test' : 'normal',
    verdict: null,
    device: finding.subject,
    device_name: place.name,
    jurisdiction: place.jurisdiction,
    lat: place.lat,
    lon: place.lon,
    police: place.police ?? null,
    departments: null,
    first_at_ms: finding.received_at_ms,
    last_at_ms: finding.received_at_ms,
    occurrences: 1,
    device_at_ms: finding.device_at_ms,
    received_at_ms: finding.received_at_ms,
    decided_at_ms: finding.decided_at_ms,
    committed_at_ms: nowMs,
    fired_at_ms: nowMs,
    data: finding.data,
    plates_sealed: finding.plates_sealed,
    seen_by: finding.seen_by,
    evidence: [],
    comments: [],
    acked_by: null,
    acked_by_id: null,
    acked_at_ms: null,
    ack_until_ms: null,
    assigned_to: null,
    unit: null,
    dispatched_at_ms: null,
    arrived_at_ms: null,
    hidden: null,
    incident: null,
    closed_by: null,
    closed_at_ms: null,
    previous_id: previousId,
    receipt: receiptOf(finding),
    storm: null,
    storm_count: 0,
    level: 0,
    climbs_at_ms: null,
    exercise: finding.exercise,
    cases: [],
    version: 1,
  };
}

function receiptOf({ lane, journal_offset: offset, incarnation }: FindingRow): string {
  return receiptId({ lane: lane as Lane, offset, incarnation });
}

/** What an alert is about, as shown: `device` and its name where it is one, or the gateway, which has an id too. */
export function showSubject(text: string, name: string) {
  const { type, id } = subjectOf(text);
  const device = text === GATEWAY_SUBJECT.id ? text : deviceIn(text);
  return { subject: { type, id, name }, device, deviceName: device === null ? null : name };
}

const time = (atMs: number | null): string | null => (atMs === null ? null : toRfc3339(atMs));

/** The alert as the contract shows it. */
export function showAlert(row: AlertRow) {
  return {
    id: row.id,
    dedupKey: row.dedup_key,
    rule: `${row.rule}@${row.rule_version}`,
    title: row.title,
    severity: row.severity as Severity,
    class: row.class,
    desk: row.desk,
    condition: row.condition,
    conditionReason: row.condition_reason,
    handling: row.handling,
    visibility: row.visibility,
    hidden: shownHidden(row.hidden),
    audience: audienceOf(row.seen_by),
    verdict: row.verdict,
    ...showSubject(row.device, row.device_name),
    jurisdiction: row.jurisdiction,
    location: row.lat === null || row.lon === null ? null : { lat: row.lat, lon: row.lon },
    police: row.police,
    departments: row.departments ?? [],
    firstAt: toRfc3339(row.first_at_ms),
    lastAt: toRfc3339(row.last_at_ms),
    occurrences: row.occurrences,
    data: row.data,
    evidence: row.evidence.map((one) => shownEvidence(row.id, one)),
    comments: row.comments.map(({ by, atMs, text }) => ({ by, at: toRfc3339(atMs), text })),
    ackedBy: row.acked_by,
    ackedById: row.acked_by_id,
    ackedAt: time(row.acked_at_ms),
    ackUntil: time(row.ack_until_ms),
    assignedTo: row.assigned_to,
    unit: row.unit,
    dispatchedAt: time(row.dispatched_at_ms),
    arrivedAt: time(row.arrived_at_ms),
    incident: row.incident,
    closedBy: row.closed_by,
    closedAt: time(row.closed_at_ms),
    previousId: row.previous_id,
    receipt: row.receipt,
    storm: row.storm,
    stormCount: row.storm_count,
    level: LEVELS[row.level]!,
    climbsAt: time(row.climbs_at_ms),
    exercise: row.exercise,
    exerciseEndsAt: time(drillEndsAtMs(row)),
    cases: row.cases.map(({ number, by, atMs }) => ({ number, by, at: toRfc3339(atMs) })),
    stamps: {
      deviceAt: time(row.device_at_ms),
      receivedAt: toRfc3339(row.received_at_ms),
      decidedAt: toRfc3339(row.decided_at_ms),
      committedAt: toRfc3339(row.committed_at_ms),
    },
    version: row.version,
  };
}

/** What views of versions that did not have these lack. */
export const ADDED_TO_VIEWS = {
  audience: 'everyone',
  departments: [],
  hidden: null,
  ackedById: null,
  ackUntil: null,
  unit: null,
  dispatchedAt: null,
  arrivedAt: null,
  incident: null,
  storm: null,
  stormCount: 0,
  level: 'station',
  climbsAt: null,
  exercise: false,
  exerciseEndsAt: null,
  cases: [],
} satisfies Partial<ReturnType<typeof showAlert>>;

function shownHidden(hidden: AlertRow['hidden']) {
  if (hidden === null) return null;
  if (hidden.is === 'silenced') return { by: `silence ${hidden.silence}`, until: null, reason: null };
  return { by: hidden.by, until: toRfc3339(hidden.untilMs), reason: hidden.reason };
}

export type AlertView = ReturnType<typeof showAlert>;

function shownEvidence(alert: string, { id, type, camera, takenAtMs, reason, ...more }: AlertEvidence) {
  const isThere = type === 'picture' || (type === 'clip' && typeof more.sha256 === 'string');
  return {
    id,
    type,
    camera,
    takenAt: toRfc3339(takenAtMs),
    ageMs: more.ageMs ?? null,
    endsAt: time(more.endsAtMs ?? null),
    sha256: more.sha256 ?? null,
    url: isThere ? `/api/v1/alerts/${alert}/evidence/${id}` : null,
    reason: reason ?? null,
  };
}

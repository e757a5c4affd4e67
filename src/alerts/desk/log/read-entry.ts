import { BEFORE_CLASSES } from '../../rules/classes.ts';
import { ADDED_TO_VIEWS, showSubject } from '../alert.ts';
import type { AlertEventBody } from '../tables.ts';
import type { LogEntry } from './entry.ts';

type EventRow = {
  seq: number;
  id: string;
  alert_id: string;
  type: string;
  at_ms: number;
  actor: string;
  jurisdiction: string;
  severity: string;
  seen_by: string[] | null;
  body: AlertEventBody;
};

/** An entry of the log as readers of today know it, whatever version wrote it. */
export function toEntry(row: EventRow): LogEntry {
  const { alert_id: alertId, at_ms: atMs, type, body, seen_by: seenBy, seq, id, actor, jurisdiction, severity } = row;
  const told = withClass(asNow(body));
  return { seq, id, alertId, atMs, actor, jurisdiction, severity, seenBy, type: type as LogEntry['type'], body: told };
}

/** Entries of versions without classes. */
function withClass(body: AlertEventBody): AlertEventBody {
  return body.alert.class === undefined ? { ...body, alert: { ...body.alert, ...BEFORE_CLASSES } } : body;
}

/** Entries of earlier versions lack what views have by now; the oldest know no subjects but devices. */
function asNow(body: AlertEventBody): AlertEventBody {
  if (Object.keys(ADDED_TO_VIEWS).every((name) => name in body.alert)) return body;
  const { device, deviceName, subject } = body.alert;
  const known = subject !== undefined || typeof device !== 'string';
  const named = known ? {} : showSubject(device, String(deviceName ?? device));
  return { ...body, alert: { ...ADDED_TO_VIEWS, ...body.alert, ...named } };
}

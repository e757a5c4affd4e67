import type { Jurisdiction, Place } from '../../../core/jurisdiction.ts';
import type { NamedStatement } from '../../../platform/database/ownership.ts';
import type { Classed } from '../../rules/classes.ts';
import type { EventType } from '../alert.ts';
import type { AlertEventBody } from '../tables.ts';
import type { SeenBy } from './audience.ts';

/** One entry of the alert log: what happened to which alert, with the alert as it stood then. */
export interface LogEntry {
  seq: number;
  id: string;
  alertId: string;
  type: EventType;
  atMs: number;
  actor: string;
  jurisdiction: Jurisdiction;
  severity: string;
  /** Who alone may see it; null for everybody of the area. */
  seenBy: SeenBy;
  body: AlertEventBody;
}

/** Whose the alert of an entry was then. */
export function placeOf({ jurisdiction, body }: Pick<LogEntry, 'jurisdiction' | 'body'>): Place {
  const { police } = body.alert;
  return { jurisdiction, police: typeof police === 'string' ? police : null };
}

/** What the alert of an entry is, and whose. */
export function classOf({ body: { alert } }: Pick<LogEntry, 'body'>): Classed {
  return alert as unknown as Classed;
}

/** With fewer or more rows nothing is written, and it may be tried again with what stands by then. */
export interface CountedStatement extends NamedStatement {
  rows: number;
}

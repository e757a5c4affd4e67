import { randomUUID } from 'node:crypto';

export interface FakeAlert {
  id: string;
  title: { en: string; zh: string };
  severity: string;
  handling: string;
  subject: { type: string; id: string; name: string };
  version: number;
  [field: string]: unknown;
}

/** An entry of the log of alerts. */
export interface LogEntry {
  cursor: number;
  type: string;
  at: string;
  actor: string;
  alert: FakeAlert;
}

/** Of an alert that nobody hid, sent anybody to, or put together with others. */
const UNTOUCHED = { unit: null, incident: null, hidden: null, previousId: null, conditionReason: null };

/** A fire that has just begun. */
export function alertLike(): FakeAlert {
  const now = new Date().toISOString();
  const ack = { ackedBy: null, ackedById: null, ackedAt: null };
  const nobody = { verdict: null, ...ack, assignedTo: null, closedBy: null, closedAt: null };
  return {
    id: randomUUID(),
    rule: 'kiosk-fire@1',
    title: { en: 'Fire in a recycling kiosk', zh: '回收箱起火' },
    severity: 'extreme',
    class: 'incident',
    desk: 'police',
    condition: 'active',
    handling: 'new',
    visibility: 'normal',
    audience: 'everyone',
    ...nobody,
    subject: { type: 'device', id: 'kiosk-017', name: '鼓楼街道 17 号回收箱' },
    device: 'kiosk-017',
    ...UNTOUCHED,
    jurisdiction: '330203',
    firstAt: now,
    lastAt: now,
    occurrences: 1,
    level: 'station',
    storm: null,
    stormCount: 0,
    data: { smoke: true, temp_c: 81.25 },
    evidence: [],
    comments: [],
    version: 1,
  };
}

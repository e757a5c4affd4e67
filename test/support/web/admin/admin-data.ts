import { HOUR_MS } from '../../../../src/core/clock.ts';

export const AT = new Date(Date.now() - 3 * HOUR_MS).toISOString();
export const LATER = new Date(Date.now() + 3 * HOUR_MS).toISOString();
export const AREA = { jurisdiction: '330203', police: null };
export const HOSTILE = '<img src=x onerror=alert(1)>\u202Egnp.exe';

const SIDE = { version: 1, alerts: 4, subjects: 2 };
const TRIED_ALERT = { subject: { type: 'device', id: 'kiosk-00001' }, jurisdiction: '330203', firedAt: AT };
export const TRIED = {
  id: 'd-1',
  rule: 'kiosk-fire',
  version: 2,
  state: 'done',
  from: AT,
  to: LATER,
  recording: null,
  progress: 1,
  createdAt: AT,
  endedAt: AT,
  answer: {
    from: AT,
    to: LATER,
    messages: 1_000,
    devices: 3,
    draft: { ...SIDE, alerts: 5 },
    inForce: SIDE,
    same: 3,
    onlyDraft: [{ ...TRIED_ALERT, clearedAt: null, times: 2 }],
    onlyInForce: [{ ...TRIED_ALERT, clearedAt: LATER, times: 1 }],
    clearedOtherwise: [],
    leftOut: 7,
    stopped: null,
    warnings: ['raises-a-flood'],
    recording: null,
  },
};

export const LETTER = {
  id: 'l-1',
  receipt: 'live-12345-3f9a0c1d',
  device: 'kiosk-00001',
  kind: 'recycling-kiosk',
  kindVersion: 1,
  firmware: null,
  ...AREA,
  index: 0,
  reason: 'out-of-range',
  path: 'values.fill_pct',
  value: '<b>930</b>',
  receivedAt: AT,
  replayedAt: null,
};
export const GROUP = {
  reason: 'out-of-range',
  kind: 'recycling-kiosk',
  firmware: null,
  devices: 2,
  firstAt: AT,
  lastAt: AT,
};
export const COUNTS = { total: 100, deadLettered: 1, waiting: 0 };
export const DISK = {
  name: 'recordings',
  directory: '/srv/video',
  use: 'active',
  problem: null,
  freeBytes: 5e11,
  queueBytes: 0,
};

export const SCREEN = {
  id: 'd-1',
  name: 'east wall',
  view: 'wall',
  ...AREA,
  address: '10.1.2.3',
  wall: null,
  createdBy: 'u-1',
  createdAt: AT,
  begunAt: AT,
  tokenUntil: null,
  revokedAt: null,
  version: 1,
};
export const SOURCE = {
  id: 'zabbix',
  name: '<b>Zabbix',
  jurisdiction: '330203',
  severityMax: 'severe',
  createdBy: 'administrator',
  createdAt: AT,
  version: 1,
};
export const SUBSCRIPTION = {
  id: 's-1',
  name: 'Command centre',
  type: 'webhook',
  target: {},
  url: 'https://command.example/hook',
  ...AREA,
  severities: ['extreme'],
  level: 'station',
  rules: null,
  classes: null,
  state: 'active',
  stateReason: null,
  owner: '李娜',
  ownerless: false,
  createdBy: 'u-1',
  createdAt: AT,
  previousSecretUntil: null,
  lastStatus: 500,
  lastError: 'status 500',
  counts: { waiting: 1, delivered: 1_200, dead: 2, withheld: 0 },
  version: 1,
};
export const DEAD = {
  id: 'w-1',
  webhookId: 'w-1',
  alert: 'a-1',
  attempts: 14,
  raisedAt: AT,
  lastStatus: 500,
  lastError: null,
};
export const SILENCE = {
  id: 'q-1',
  state: 'active',
  ...AREA,
  rule: 'kiosk-fire',
  kind: null,
  device: null,
  reason: 'works in the street',
  startsAt: AT,
  endsAt: LATER,
  repeats: [{ days: ['sat', 'sun'], from: '22:00', to: '06:00' }],
  turnsAt: LATER,
  endedAt: null,
  endedBy: null,
  createdBy: '李娜',
  createdAt: AT,
  holds: 3,
  version: 1,
};
export const AUDIT = {
  seq: 7,
  at: AT,
  caller: { type: 'person', id: 'u-1', name: '王伟' },
  action: 'device.update',
  subject: 'device/kiosk-7',
  jurisdiction: '330203',
  before: { name: 'old' },
  after: { name: HOSTILE },
  requestId: null,
};
export const LOOK = {
  seq: 8,
  at: AT,
  viewer: { type: 'person', id: 'u-1', name: '李娜' },
  act: 'view',
  device: 'cam-0',
  jurisdiction: '330203',
  purpose: 'routine',
  case: 'A-1',
};
export const STORY = {
  receipt: 'live-12345-3f9a0c1d',
  device: 'kiosk-00001',
  uplink: 'mqtt',
  channel: 'telemetry',
  receivedAt: AT,
  stages: [{ stage: 'received', outcome: 'durable', detail: 'live 12345' }],
};

const CHECKED = { prunedTo: null, unsealed: 2, head: 'ab'.repeat(32), vouched: { rows: 6, at: AT } };
const FAULT = { code: 'changed', row: 7, text: 'row 7 is not what was sealed. It now says: number 7, by <b>Wang</b>' };
/** What a check of registers finds that somebody changed a row of. */
export const BROKEN = {
  state: 'done',
  begunAt: AT,
  endedAt: AT,
  checked: 20,
  total: 27,
  holds: false,
  checkpoints: { read: 12, faults: [] },
  registers: [
    { register: 'audit', rows: 6, ...CHECKED, holds: false, faults: [FAULT] },
    { register: 'access', rows: 13, ...CHECKED, holds: true, faults: [] },
  ],
  reason: null,
};

export const RECORDED = {
  id: 'r-1',
  lines: 3,
  bytes: 400,
  from: AT,
  to: LATER,
  createdAt: AT,
  until: LATER,
  version: 1,
};

const HALF = { expectedS: 86_400, recordedS: 43_200, edgeS: 60, percent: 50 };
/** What was recorded of one camera on one day. */
export const RECORDED_DAYS = {
  from: '2026-11-29',
  to: '2026-11-30',
  sum: { cameras: 1, ...HALF },
  items: [
    {
      day: '2026-11-29',
      device: 'cam-0',
      name: HOSTILE,
      jurisdiction: '330203',
      ...HALF,
      holes: 2,
      longestHoleS: 3_661,
      cause: 'disk-slow',
      oldestDay: '2026-11-01',
      class: 'public',
      leastDays: 30,
      oldestUnpinnedDay: null,
      isRemovedEarly: true,
      pinnedS: 0,
    },
  ],
};

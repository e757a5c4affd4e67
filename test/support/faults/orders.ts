/** The labelled steps of a message's way in (docs/campaigns.md), in order. */
export const STEPS = ['receive', 'append', 'fsync', 'ack', 'decode', 'write', 'cursor'] as const;
export type Step = (typeof STEPS)[number];

/** Those of an alert's way out: finding stored, doorbell, alert written, sent, marked as sent. */
export const ALERT_STEPS = ['finding', 'doorbell', 'alert', 'send', 'mark'] as const;
export type AlertStep = (typeof ALERT_STEPS)[number];

/** The gateway ends by SIGKILL when it gets to `moment` of `step` for the `nth` time from now. */
export interface KillOrder {
  step: Step | AlertStep;
  moment: string;
  nth: number;
}

/** Calls on the journal's files that fail, from the `nth` from now on, `times` of them. */
export interface DiskOrder {
  call: 'create' | 'write' | 'sync';
  /** `short`: half of the bytes are written, which is no error. */
  error: 'EIO' | 'ENOSPC' | 'EROFS' | 'short';
  nth: number;
  times: number;
}

export interface Orders {
  kill?: KillOrder;
  disk?: DiskOrder[];
  /** How far the wall clock is off from now on. */
  clockMs?: number;
}

/** Where the gateway reads its orders: at its start and at SIGUSR2; what was read is gone. */
export const ORDERS_VARIABLE = 'TEST_FAULT_ORDERS';

/** Moments within each step, with how many times the gateway may get there before it is killed. */
export const MOMENTS: Record<Step, Record<string, number>> = {
  receive: { 'handed in': 300 },
  append: { queued: 300, 'before writing': 60, 'half written': 60, written: 60 },
  fsync: { before: 60, after: 60 },
  ack: { before: 300, after: 300, sent: 300 },
  decode: { 'of one message': 300, 'before marking': 8, marked: 8 },
  write: { before: 5, 'under way': 5, after: 5 },
  cursor: { before: 5, 'under way': 5, 'before its commit': 2, after: 5 },
};

/** The same of an alert's way out. */
export const ALERT_MOMENTS: Record<AlertStep, Record<string, number>> = {
  finding: { before: 3, 'under way': 3, stored: 3 },
  doorbell: { before: 8, after: 8 },
  alert: { before: 4, 'under way': 4, written: 4 },
  send: { before: 8, 'under way': 8, answered: 8 },
  mark: { before: 4, 'under way': 4, after: 4 },
};

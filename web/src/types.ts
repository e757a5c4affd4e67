/** Gravest first, as CAP names them. */
export const SEVERITIES = ['extreme', 'severe', 'moderate', 'minor'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const VERDICTS = ['confirmed', 'false_positive', 'misread_plate', 'duplicate', 'drill', 'no_action'] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Evidence {
  id: string;
  type: 'picture' | 'clip' | 'unavailable';
  camera: string | null;
  takenAt: string;
  url: string | null;
  reason: string | null;
}

/** An alert as the API answers it; the fields this page uses. */
export interface Alert {
  id: string;
  title: { en: string; zh: string };
  severity: Severity;
  class: 'incident' | 'fault' | 'system';
  desk: 'police' | 'maintenance';
  condition: 'active' | 'recovering' | 'cleared' | 'stale';
  handling: 'new' | 'acked' | 'assigned' | 'dispatched' | 'arrived' | 'in_progress' | 'closed';
  /** `silenced`: by somebody, or because its device is in maintenance. */
  visibility: 'normal' | 'silenced' | 'inhibited' | 'shelved' | 'test';
  verdict: string | null;
  subject: { type: string; id: string; name: string };
  firstAt: string;
  occurrences: number;
  data: Record<string, unknown>;
  evidence: Evidence[];
  comments: { by: string; at: string; text: string }[];
  ackedBy: string | null;
  ackedAt: string | null;
  assignedTo: string | null;
  /** Who was sent. */
  unit?: string | null;
  closedBy: string | null;
  closedAt: string | null;
  version: number;
}

/** One entry of the log of alerts, as the stream sends it. */
export interface AlertEvent {
  type: string;
  alert: Alert;
}

export interface DeviceCounts {
  kind: string;
  online: number;
  offline: number;
  stale: number;
  silent: number;
}

export interface Overview {
  devices: DeviceCounts[];
  messagesPerSecond: number;
  /** Open ones of the police desk. */
  alerts: Record<Severity, number>;
  /** And of the maintenance desk. */
  faults: Record<Severity, number>;
}

export interface Session {
  name: string;
  role: string;
  jurisdiction: string;
}

export interface Camera {
  id: string;
  name: string;
}

export interface Kind {
  kind: string;
  title: { en: string; zh: string };
}

export interface Page<Item> {
  items: Item[];
  next?: string;
}

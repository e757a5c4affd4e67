import type { Slot } from '../../core/slots.ts';
import type { ColumnType, Generated, Selectable } from '../../platform/database/database.ts';
import type { AlertClass, DeskName } from '../rules/classes.ts';
import type { Schedule } from '../rules/schedule/schedule.ts';

type Severity = 'extreme' | 'severe' | 'moderate' | 'minor';

/** jsonb: read as a value, written as text. */
type Json<T> = ColumnType<T, string, string>;

export interface FindingTable {
  id: string;
  dedup_key: string;
  rule: string;
  rule_version: number;
  severity: string;
  class: Generated<AlertClass>;
  desk: Generated<DeskName>;
  /** As `subjectText` writes it. */
  subject: string;
  jurisdiction: string;
  scope: string;
  /** Who alone may see the alert of it; see audience.ts. */
  seen_by: Generated<string[] | null>;
  /** The transition; the column is as old as the table. */
  kind: 'fired' | 'cleared' | 'stale';
  lane: string;
  journal_offset: number;
  /** Life of the journal; empty in rows of versions without it. */
  incarnation: Generated<string>;
  device_at_ms: number | null;
  received_at_ms: number;
  decided_at_ms: number;
  data: Json<Record<string, unknown>>;
  /** The plates that `data` has masked; null where it has none. */
  plates_sealed: Generated<Buffer | null>;
  /** Of the subject, and the epoch of the owner that judged; null and 0 in rows of versions without slots. */
  slot: Generated<Slot | null>;
  epoch: Generated<number>;
  /** Somebody made it for a drill. */
  exercise: Generated<boolean>;
  alert_id: string | null;
  handled_at_ms: number | null;
  seq: Generated<number>;
}

export type Conditional = 'active' | 'recovering' | 'cleared' | 'stale';
/** `in_progress` is of versions that knew no units; it reads as `arrived`. */
export const HANDLINGS = ['new', 'acked', 'assigned', 'dispatched', 'arrived', 'in_progress', 'closed'] as const;
export type Handling = (typeof HANDLINGS)[number];
export type Visibility = 'normal' | 'silenced' | 'inhibited' | 'shelved' | 'test';

/** Who hides an alert, and until when (Unix ms). `snoozed`: or until it fires again. */
export type Hidden =
  | { is: 'silenced'; silence: string }
  | { is: 'shelved' | 'snoozed'; by: string; atMs: number; untilMs: number; reason: string | null };

/** A picture or other proof that belongs to an alert. */
export interface AlertEvidence {
  id: string;
  /** A `clip` without `sha256` is one that could not be made; `reason` says why. */
  type: 'picture' | 'clip' | 'unavailable';
  camera: string | null;
  /** When the picture was taken, by its key frame, or the first one of a clip. */
  takenAtMs: number;
  /** Of a picture: how old it was when it was attached, ms; absent in rows of versions without it. */
  ageMs?: number;
  /** Of a clip. */
  endsAtMs?: number;
  /** Of the file; absent of pictures in rows of versions without it. */
  sha256?: string | null;
  /** Of a picture or clip: where its camera stood when it was taken. */
  jurisdiction?: string | null;
  /** The same: the police agency that its camera belonged to then. */
  police?: string | null;
  /** The same: a person who sees the camera named it for the device, so all who read the alert may see it. */
  granted?: boolean;
  /** Why there is no picture, or something of a clip is missing. */
  reason?: string;
}

/** How another system names the case that it made of an alert. */
export interface OutsideCase {
  number: string;
  /** Whose receiver told it. */
  subscription: string;
  /** What that subscription was called then. */
  by: string;
  atMs: number;
}

export interface Comment {
  by: string;
  atMs: number;
  text: string;
}

export interface AlertTable {
  id: string;
  dedup_key: string;
  rule: string;
  rule_version: number;
  title: Json<{ en: string; zh: string }>;
  severity: string;
  class: Generated<AlertClass>;
  desk: Generated<DeskName>;
  condition: Conditional;
  /** Why an alert went stale, such as `device-retired` or `input-lost`; null where its rule said how it is. */
  condition_reason: string | null;
  handling: Handling;
  visibility: Visibility;
  verdict: string | null;
  /** The subject as `subjectText` writes it; the column is older than subjects that are no devices. */
  device: string;
  /** What people call the subject. */
  device_name: string;
  jurisdiction: string;
  lat: number | null;
  lon: number | null;
  /** The police agency of the device when the alert was opened; null where it had none, or there is no device. */
  police: Generated<string | null>;
  /** Ids of the departments that it concerns; null until the stage of them has looked. */
  departments: Generated<string[] | null>;
  first_at_ms: number;
  last_at_ms: number;
  occurrences: number;
  device_at_ms: number | null;
  received_at_ms: number;
  decided_at_ms: number;
  committed_at_ms: number;
  /** When it was last written that it fires, or fires again; the stamps before are those of its opening. */
  fired_at_ms: number;
  data: Json<Record<string, unknown>>;
  /** The plates that `data` has masked, as its finding had them; null where it has none. */
  plates_sealed: Generated<Buffer | null>;
  /** Who alone may see it; see audience.ts. */
  seen_by: Generated<string[] | null>;
  evidence: Json<AlertEvidence[]>;
  comments: Json<Comment[]>;
  acked_by: string | null;
  acked_by_id: string | null;
  acked_at_ms: number | null;
  /** When it counts as not acknowledged any more, unless somebody moves it on; null where it waits for nobody. */
  ack_until_ms: Generated<number | null>;
  assigned_to: string | null;
  /** Who was sent, and when they left and were there. */
  unit: Generated<string | null>;
  dispatched_at_ms: Generated<number | null>;
  arrived_at_ms: Generated<number | null>;
  /** Null for what is not hidden, and for what a maintenance or an outage hides. */
  hidden: ColumnType<Hidden | null, string | null | undefined, string | null>;
  /** The incident that it is a part of. */
  incident: Generated<string | null>;
  closed_by: string | null;
  closed_at_ms: number | null;
  previous_id: string | null;
  receipt: string;
  /** The alert that stands for it in a storm. */
  storm: Generated<string | null>;
  /** How many it stands for, itself among them; 0 where it stands for none. */
  storm_count: Generated<number>;
  /** How far up it was told, see levels.ts. */
  level: Generated<number>;
  /** When the next level is told, unless somebody takes it before. */
  climbs_at_ms: Generated<number | null>;
  /** Raised for a drill: nothing of it is real. */
  exercise: Generated<boolean>;
  cases: Json<OutsideCase[]>;
  version: number;
}

export type AlertRow = Selectable<AlertTable>;
export type FindingRow = Selectable<FindingTable>;

export interface AlertEventTable {
  seq: number;
  id: string;
  alert_id: string;
  type: string;
  at_ms: number;
  actor: string;
  jurisdiction: string;
  severity: string;
  seen_by: Generated<string[] | null>;
  /** The plates that the alert in `body` has masked. */
  plates_sealed: Generated<Buffer | null>;
  body: Json<AlertEventBody>;
}

/** An entry of the log as readers and subscriptions are given it. */
export interface AlertEventBody {
  id: string;
  type: string;
  /** RFC 3339. */
  at: string;
  actor: string;
  alert: Record<string, unknown>;
}

export interface SubscriptionTable {
  id: string;
  name: string;
  /** Of its sink. */
  type: string;
  /** Where its entries go, by the schema of its sink, without what is secret. */
  target: Json<Record<string, unknown>>;
  jurisdiction: string;
  /** Limits it to what belongs to this police agency and to those below it. */
  police: Generated<string | null>;
  severities: string[];
  /** Null for what rings the police desk. */
  classes: Generated<AlertClass[] | null>;
  /** Of each secret field of the target the sealed values in use, newest first. */
  secrets: Json<Record<string, string[]>>;
  state: 'active' | 'disabled' | 'removed';
  state_reason: string | null;
  created_by: string;
  created_at_ms: number;
  /** Who stands behind it; null where that was never written down. */
  owner_type: string | null;
  owner_id: string | null;
  owner_name: string;
  /** Until then values of `secrets` that were replaced are used too; null where none was ever replaced. */
  previous_until_ms: Generated<number | null>;
  /** Told of uncertain reads of wanted plates as well. */
  confirms: Generated<boolean>;
  /** Names of the rules that it is told of; null for all. */
  rules: Generated<string[] | null>;
  /** Ids of the departments whose alerts it is told of; null for all alerts. */
  departments: Generated<string[] | null>;
  /** From which level on it is told, see levels.ts. */
  level: Generated<number>;
  version: Generated<number>;
}

export interface DeliveryTable {
  /** The same in every try: whoever takes it makes the effect of one id happen once. */
  id: string;
  subscription_id: string;
  alert_id: string;
  seq: number;
  state: 'waiting' | 'delivered' | 'dead' | 'withheld';
  attempts: Generated<number>;
  created_at_ms: number;
  settled_at_ms: number | null;
  last_status: number | null;
  last_error: string | null;
}

/** Who wants alerts left unsaid for a time, and which; see migration 0331. */
export interface SilenceTable {
  id: string;
  jurisdiction: string;
  police: string | null;
  rule: string | null;
  kind: string | null;
  /** With all that hangs on it. */
  device: string | null;
  reason: string;
  starts_at_ms: number;
  ends_at_ms: number;
  /** When it holds in between; null for all the time. */
  repeats: ColumnType<Schedule | null, string | null, string | null>;
  state: 'planned' | 'active' | 'ended';
  began_at_ms: number | null;
  ended_at_ms: number | null;
  ended_by: string | null;
  created_by: string;
  created_at_ms: number;
  version: Generated<number>;
}

interface EventSourceTable extends Pick<SilenceTable, 'id' | 'jurisdiction' | 'created_by' | 'created_at_ms'> {
  name: string;
  key_hash: Buffer;
  severity_max: Severity;
}

export interface AlertTables {
  finding: FindingTable;
  /** `device` is the subject as `subjectText` writes it. */
  rule_state: {
    device: string;
    kind: string;
    jurisdiction: string;
    states: Json<Record<string, unknown>>;
    /** As it was when the row was written: a device that got another parent has another one by now. */
    slot: Slot | null;
    epoch: number;
  };
  /** `node` and `epoch`: who moved it last; empty and 0 where a version without nodes did. */
  rule_cursor: { lane: string; journal_offset: number; incarnation: string | null; node: string; epoch: number };
  alert: AlertTable;
  alert_event: AlertEventTable;
  alert_log_head: { singleton: Generated<boolean>; epoch: Generated<string>; seq: number };
  subscription: SubscriptionTable;
  event_source: EventSourceTable;
  delivery: DeliveryTable;
  silence: SilenceTable;
}

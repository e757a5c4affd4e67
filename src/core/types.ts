import type { CodecName } from './codec-names.ts';
import type { AgencyCode, Area, Jurisdiction } from './jurisdiction.ts';
import type { PayloadSpec } from './registry/makers-payload.ts';
import type { AccessClass, PositionFile } from './registry/position-file.ts';
import type { DeviceUnit } from './registry/unit.ts';

/** The vocabulary that folders share (design §3, §6). Everything else is private to its folder. */

/** `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`: safe in a topic, a path, a file name and a tag without escaping. */
export type DeviceId = string;

export const DEVICE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Where a device stands. Stored as WGS-84; `datum` says in what the numbers were given. */
export interface Location {
  lat: number;
  lon: number;
  datum: 'wgs84' | 'gcj02';
}

/**
 * Where a position is in its life, as people say it (`devices/life`); whether it is alive is observed. `planned`:
 * nothing hangs there yet; `retired`: gone for good, and refused at every door. All others are what stands in the city.
 */
export const DEVICE_STATES = ['planned', 'installed', 'accepted', 'in-service', 'maintenance', 'retired'] as const;
export type DeviceState = (typeof DEVICE_STATES)[number];

/** A position of the registry: the place with its code, rights and history; units come and go. */
export interface Device {
  id: DeviceId;
  kind: string;
  name: string;
  jurisdiction: Jurisdiction;
  location: Location;
  parent: DeviceId | null;
  /** Cameras that see this device, nearest first. */
  cameras: DeviceId[];
  purpose: string | null;
  accessClass: AccessClass;
  /** Code of the police agency that it belongs to, by the bounds of stations or by hand. */
  police?: string | null;
  file: PositionFile;
  state: DeviceState;
  unit: DeviceUnit | null;
  version: number;
  createdAtMs: number;
  updatedAtMs: number;
}

/** What the hot path needs to know of a device that has proven who it is. */
export interface DeviceIdentity {
  id: DeviceId;
  kind: string;
  kindVersion: number;
  jurisdiction: Jurisdiction;
  /** The police agency it belongs to; absent or null for none. */
  police?: AgencyCode | null;
}

/** Where a value stands in a maker's own payload, and how it becomes ours. */
export interface FieldSource {
  /** Keys from the record inwards; null where the contract's payload has it. */
  path: readonly string[] | null;
  /** Ours = theirs × `scale` + `offset`. */
  scale: number;
  offset: number;
  /** Their codes as text, with what each means; a code that is not here is refused. Null: values are taken as sent. */
  map: ReadonlyMap<string, FieldValue> | null;
}

/** What people call something, where a kind says so. */
export interface Titled {
  title?: { en: string; zh: string };
}

/** One value of a kind: its type, unit and range. Numbers are stored as floating point for ever (InfluxDB 1.x). */
export type FieldSpec = (
  | { type: 'number' | 'integer'; unit: string | null; min: number; max: number; precision?: number }
  | { type: 'boolean' }
  /** `content`: what would be refused elsewhere and is right here, a hardware address or a long serial of equipment. */
  | { type: 'text'; maxLength: number; sensitive?: 'plate'; content?: 'mac' | 'digits' }
  | { type: 'enum'; values: string[] }
  | { type: 'list'; maxItems: number; maxLength: number }
) &
  Titled & {
    /** The one structural tag of the kind's measurement, such as a lane. */
    tag?: true;
    source?: FieldSource;
  };

export interface EventSpec extends Titled {
  fields: ReadonlyMap<string, FieldSpec>;
  required: readonly string[];
}

/** One thing devices of a kind can be told to do. */
/** In the place of the role of who may ask for a command: nobody may, it is told by the gateway itself. */
export const GATEWAY_ALONE = 'gateway';

export interface CommandSpec extends Titled {
  args: ReadonlyMap<string, FieldSpec>;
  required: readonly string[];
  /** From the request until the deadline, where no other deadline is asked for. */
  timeoutS: number;
  /** The furthest deadline that may be asked for: so long a command may wait for a device that is away. */
  expiresS: number;
  /** Who may ask for it: this role and those above. */
  role: 'technician' | 'operator' | 'admin' | typeof GATEWAY_ALONE;
}

/**
 * What a device of one kind sends, and can be told. A change of content is a new version; a stored message names the
 * one it fits.
 */
export interface DeviceKind {
  kind: string;
  version: number;
  title: { en: string; zh: string };
  /** Whether devices of this kind have a video stream. */
  stream: boolean;
  /** Kinds of the devices that may be its parent; any where it says nothing. */
  hangsOn?: string[];
  /** In what its devices write; JSON where it says nothing. */
  codec?: CodecName;
  /** How often a healthy device reports. */
  periodS: number;
  /** After this long without a message the device counts as stale. */
  staleAfterS: number;
  /**
   * How long something that its devices raised is believed: without a word of it (`staleAfterS` where it says nothing),
   * and where nothing ends it (a day).
   */
  raised?: { silenceS?: number; unendedS?: number };
  fields: ReadonlyMap<string, FieldSpec>;
  events: ReadonlyMap<string, EventSpec>;
  commands: ReadonlyMap<string, CommandSpec>;
  /** Only where the maker's payload is not the contract's. */
  payload?: PayloadSpec;
  /** Messages a second, where the kind has limits of its own. */
  rate?: { devicePerS?: number; totalPerS?: number };
  /** Series in the telemetry store, where the kind has limits of its own: of one device, and of all of the kind. */
  series?: { perDevice?: number; total?: number };
}

/** Live data and bulk backfill go through separate logs, so that neither waits for the other. */
export type Lane = 'live' | 'bulk';

export type Channel = 'telemetry' | 'event' | 'state' | 'reply';

/** A place in the journal: `offset` is a byte offset that only grows within its lane. */
export interface JournalPosition {
  lane: Lane;
  offset: number;
}

/** Inbound bytes as a device sent them, before anybody looked inside. */
export interface NewMessage {
  receivedAtMs: number;
  /** Name of the uplink that brought it; `internal` or `replay` where it comes from the gateway itself. */
  uplink: string;
  channel: Channel;
  /** The MQTT topic, or the route for other uplinks. */
  topic: string;
  device: DeviceIdentity;
  /** One session of one device: the same value for all messages of a connection. */
  connection: string;
  /**
   * Place of the packet in its session, 0 to 2^48 - 1; 0 where it has none. Over MQTT its packet id. One that comes
   * again in the same session counts as sent again.
   */
  packetId: number;
  dup: boolean;
  raw: Buffer;
}

/** A message that is durable in the journal. */
export interface Message extends NewMessage {
  lane: Lane;
  /** Which life of the journal it was written in (`ingest/lives`). */
  incarnation: string;
  offset: number;
  /** Offset of the byte after this record: a reader that is done with it stands here. */
  endOffset: number;
}

/** What the sender of a message is given once it is durable. */
export interface Receipt {
  /** Text of the journal position, `live-12345-3f9a0c1d` (`core/receipt.ts`): ask `GET /messages?id=` with it. */
  id: string;
  position: JournalPosition;
}

/** A single scalar that a device reported. */
export type FieldValue = number | boolean | string;

interface RecordBase {
  /** Place within its message, from 0. */
  index: number;
  /** The device's own id of the record, where it sent one. */
  id: string | null;
  /** Device time, or receipt time where the device sent none or one outside the clock window. */
  atMs: number;
  /** When it was received first: of a replay, when the message that is replayed was. */
  receivedAtMs: number;
  /** Whether `atMs` is the device's word, ours because it sent none, or ours because its clock is wrong. */
  clock: 'device' | 'receipt' | 'refused';
  /** Time of the point in InfluxDB: `atMs` and six digits of a hash, as text (design §2). */
  timeNs: string;
  /** Already decoded at an earlier journal position. */
  duplicate: boolean;
  /** Name of the field that is the structural tag of its point; absent where it has none. */
  tag?: string;
}

export interface Reading extends RecordBase {
  type: 'reading';
  values: ReadonlyMap<string, FieldValue>;
  /** Fields that the kind gives a plate; absent where it gives none. */
  plates?: readonly string[];
}

export interface DeviceEvent extends RecordBase {
  type: 'event';
  event: string;
  data: ReadonlyMap<string, FieldValue | string[]>;
  /** Fields that the kind gives a plate, whether they are in `data` or not; absent where it gives none: no passage. */
  plates?: readonly string[];
}

/** What a device says of itself: `{"online":true,"firmware":"2.10"}`; also its will. */
export interface DeviceReport extends RecordBase {
  type: 'state';
  online: boolean;
  firmware: string | null;
}

export type DecodedRecord = Reading | DeviceEvent | DeviceReport;

/** Why a message or one record of it was put aside: a code to group by, a path, and the value as short text. */
export interface Refusal {
  /** Index of the record within the message; null when the whole message is refused. */
  index: number | null;
  reason: string;
  path: string;
  /** The offending value, shortened and safe to print. */
  value: string;
}

/** One message after decoding. A refusal with index null means the whole message is refused. */
export interface DecodedMessage {
  message: Message;
  records: DecodedRecord[];
  refusals: Refusal[];
}

/** A run of messages of one lane, decoded once and shared by every reader. */
export interface DecodedBatch {
  lane: Lane;
  from: number;
  /** Where the next batch starts. */
  to: number;
  messages: DecodedMessage[];
}

/** What somebody works as; what each may do stands in one table (access/rights.ts). `admin` is `administrator`. */
export type Role =
  | 'technician'
  | 'operator'
  | 'commander'
  | 'integrator'
  | 'auditor'
  | 'administrator'
  | 'approver'
  | 'security'
  | 'viewer'
  | 'admin';

/** Who asks, and for what area: every read and write carries one. */
export interface Caller {
  type: 'token' | 'device' | 'person' | 'system';
  id: string; // stable, for audit rows: token id, device id, user id
  name: string; // two people may have one
  username?: string; // what a person signs in with; absent of everybody else
  role: Role | 'device';
  jurisdiction: Jurisdiction;
  /** What belongs to it as well, where it is a zone. */
  members?: readonly Jurisdiction[];
  /** Of that only what belongs to this police agency, or to one below it; absent or null where nothing limits it. */
  police?: AgencyCode | null;
  /** It and those below it, as they are now. */
  agencies?: readonly AgencyCode[];
  /** Areas beyond it that grants open for the right of this request; absent where there are none. */
  granted?: readonly Area[];
  confirms?: boolean; // uncertain reads of wanted plates are theirs to confirm
  /** Default purpose of looks at cameras and plates. */
  purpose: string | null;
}

import type { Clock } from '../core/clock.ts';
import type { CitywatchError } from '../core/errors.ts';
import type { Place, Scope } from '../core/jurisdiction.ts';
import type { Observer } from '../core/observe.ts';
import type { Caller, Device, DeviceIdentity, DeviceKind, Lane } from '../core/types.ts';
import type { SetupStatus } from '../devices/cameras/setup.ts';
import type { ForeignUnit } from '../devices/cameras/units.ts';
import type { RecorderEvents } from '../devices/recorders/channel-events.ts';
import type { ShownAddresses } from '../devices/registry/connections.ts';
import type { PlacedDevice } from '../devices/registry/directory.ts';
import type { DeviceInput, DevicePatch } from '../devices/registry/input.ts';
import type { Created } from '../devices/registry/registry.ts';
import type { Messages } from '../ingest/explain/messages.ts';
import type { DeadLetters } from '../ingest/ledger/dead-letters.ts';
import type { Ledger } from '../ingest/ledger/ledger.ts';
import type { HttpUplink } from '../ingest/uplinks/http/uplink.ts';
import type { AccessRegister } from '../platform/records/access-register.ts';
import type { KeptAnswer, KeyedRequest } from '../platform/records/idempotency.ts';
import type { StreamService } from '../streams/live/service.ts';
import type { DeviceRef, EventsQuery, HistoryAnswer, HistoryQuery } from '../telemetry/history/history.ts';
import type { StoredEvent } from '../telemetry/history/stored-events.ts';
import type { AlertParts } from './alert-parts.ts';
import type {
  AccountPort,
  AuthorityPort,
  GrantsPort,
  PeoplePort,
  SecondFactorPort,
  SessionsPort,
  TokensPort,
  VouchersPort,
} from './people-ports.ts';
import type {
  ApprovedPicturesPort,
  CheckJobsPort,
  ChecksPort,
  CommandsPort,
  CompletenessPort,
  DeviceExportPort,
  DeviceHealthPort,
  ExportsPort,
  FieldParts,
  FileReportPort,
  ImagesPort,
  LifePort,
  LoginParts,
  MaintenancesPort,
  OrderParts,
  PassagesPort,
  RecordingParts,
  SearchPort,
  StreamPlansPort,
  TwinPort,
  ViewerParts,
} from './ports.ts';
import type { AuditPort, ReportParts } from './report-ports.ts';
import type { PageFiles } from './server/console.ts';
import type { EditRoom } from './server/room.ts';
import type { TreePorts } from './tree-ports.ts';
import type { TrialPorts } from './trial-ports.ts';
import type { WorkParts } from './work-ports.ts';

/**
 * What the API needs of the other parts, and nothing more. Every method that reads or changes something of a city
 * takes the caller: the parts decide what that caller may see (promise P7), the API never filters.
 */
export interface ApiDeps extends OrderParts, FieldParts, LoginParts, TreePorts, TrialPorts, ViewerParts, WorkParts {
  registry: RegistryPort;
  search: SearchPort;
  kinds: KindsPort;
  authority: AuthorityPort;
  grants: GrantsPort;
  tokens: TokensPort;
  people: PeoplePort;
  sessions: SessionsPort;
  account: AccountPort;
  vouchers: VouchersPort;
  secondFactor: SecondFactorPort;
  /** Messages a second that an area sends. */
  messageRate: { perSecond(scope: Scope): number };
  /** How asking a camera went that was registered with an ONVIF address; null for one that was never asked. */
  cameraSetup(id: string): Promise<SetupStatus | null>;
  /** How the events of a recorder come; null for a device that is none. */
  recorderEvents(id: string): RecorderEvents | null;
  /**
   * What answers at a camera's address in the place of its unit; null while nothing is known to. The caller has checked
   * that the device may be seen.
   */
  otherUnit(id: string): ForeignUnit | null;
  life: LifePort;
  maintenances: MaintenancesPort;
  checks: ChecksPort;
  checkJobs: CheckJobsPort;
  /** As those of checks, of changes of logins. */
  rotationJobs: CheckJobsPort;
  fileReport: FileReportPort;
  reports: ReportParts;
  deviceHealth: DeviceHealthPort;
  directory: DirectoryPort;
  http: HttpPort;
  ledger: LedgerPort;
  deadLetters: DeadLettersPort;
  messages: MessagesPort;
  completeness: CompletenessPort;
  images: ImagesPort;
  deviceExport: DeviceExportPort;
  commands: CommandsPort;
  passages: PassagesPort;
  twin: TwinPort;
  history: HistoryPort;
  exports: ExportsPort;
  audit: AuditPort;
  alerts: AlertParts;
  streams: StreamsPort;
  streamPlans: StreamPlansPort;
  recordings: RecordingParts;
  approvedPictures: ApprovedPicturesPort;
  accessRegister: AccessRegisterPort;
  idempotency: IdempotencyPort;
  room: EditRoom;
  health: HealthSource;
  clock: Clock;
  observer: Observer;
  settings: ApiSettings;
  /** The built console; without it there is no page at `/`. */
  pages?: PageFiles;
}

export interface ApiSettings {
  /** Signs cursors and hashes bodies; at least 32 bytes, the same after a restart. */
  cursorKey: Buffer;
  /** What an MQTT broker proves itself by when it asks who a device is; without it such questions are refused. */
  brokerSecret?: string;
  /** What a collector of metrics shows; without it only administrators read them. */
  metricsToken?: string;
  /** Version of the program, shown in the OpenAPI document. */
  version: string;
  /** Serve HTTPS with this certificate; {@link reloadTls} changes it without a restart. */
  tls?: TlsFiles;
  limits: ApiLimits;
}

/** Contents of the PEM files, not their paths. */
export interface TlsFiles {
  cert: Buffer;
  key: Buffer;
}

/** Bounds of the whole API. Each of them fails closed; `API_LIMITS` are those of a gateway. */
export interface ApiLimits {
  /** Open sockets; further ones are closed at once. */
  connectionsMax: number;
  /** Open sockets on which nobody has shown yet who they are; above it the oldest is closed. */
  unprovenMax: number;
  /** The same of one address (IPv6: one /64). */
  unprovenPerAddressMax: number;
  /** Requests of one address (IPv6: one /64) a minute, answered or not. */
  addressPerMinute: number;
  /** Refused credentials of one address a minute. */
  failedAuthPerMinute: number;
  /** Requests of one token or device a minute. */
  callerPerMinute: number;
  /** Requests of one token or device that are being worked on at the same time, without its lasting answers. */
  callerAtOnce: number;
  /** Questions to the time series and the journal that run at the same time; one district has half at most. */
  heavyAtOnce: number;
  /** The same of one caller. */
  heavyPerCaller: number;
}

/** One page of a list; `next` is the part's own key of where to go on, null at the end. */
export interface Page<Item> {
  items: Item[];
  next: string | null;
}

/** Foreign and absent devices are refused alike, with `not-found`. */
export interface RegistryPort {
  create(caller: Caller, input: DeviceInput): Promise<Created>;
  /** An outcome of each, in their order. */
  createMany(caller: Caller, inputs: readonly DeviceInput[]): Promise<(Created | CitywatchError)[]>;
  get(caller: Caller, id: string): Promise<Device>;
  update(caller: Caller, id: string, expectedVersion: number, patch: DevicePatch): Promise<Device>;
  retire(caller: Caller, id: string, expectedVersion: number): Promise<void>;
  rotateSecret(caller: Caller, id: string, overlapMs?: number): Promise<string>;
  /** Where a device is reached, logins masked; asked only for a caller that may edit it. */
  shownAddresses(id: string): Promise<ShownAddresses>;
}

export interface KindsPort {
  all(): DeviceKind[];
  latest(kind: string): DeviceKind | undefined;
}

export interface DirectoryPort {
  /** A retryable rejection where nobody can tell now. */
  authenticate(id: string, secret: string): Promise<DeviceIdentity | null>;
  /** As `authenticate`, of a device that somebody else has let in. */
  find(id: string): Promise<DeviceIdentity | undefined>;
  identity(id: string): DeviceIdentity | undefined;
  /** The device where the caller may see it; from memory. */
  seenBy(caller: Caller, id: string): DeviceIdentity | undefined;
  /** As `seenBy`, also one that is retired, by the place where it stood last. */
  everSeenBy(caller: Caller, id: string): DeviceIdentity | undefined;
  /** Whether pictures of a device are shown for an incident only. */
  needsIncident(id: string): boolean;
  /** Every device within an area, from memory. */
  within(scope: Scope): Iterable<DeviceIdentity>;
  /** The same, with where each stands; `changes` is another number after every change of either. */
  placed(scope: Scope): Iterable<PlacedDevice>;
  changes(): number;
  /** How many of them there are of each code and police agency. */
  counts(scope: Scope): Iterable<Place & { count: number }>;
}

/** The uplink behind the routes of devices. */
export type HttpPort = Pick<HttpUplink, 'turn' | 'take'>;

export type LedgerPort = Pick<Ledger, 'balance'>;

export type DeadLettersPort = Pick<DeadLetters, 'list' | 'groups' | 'replay' | 'replayGroup'>;

export type MessagesPort = Pick<Messages, 'byReceipt' | 'byDevice'>;

/** Rights are decided by device before these are asked. */
export interface HistoryPort {
  history(device: DeviceRef, query: HistoryQuery, signal?: AbortSignal): Promise<HistoryAnswer>;
  events(device: DeviceRef, query: EventsQuery, signal?: AbortSignal): Promise<Page<StoredEvent>>;
}

/** The caller's right to see the device is checked before these are asked; the look is registered by them. */
export type StreamsPort = Pick<
  StreamService,
  'playlist' | 'mediaPlaylist' | 'part' | 'snapshot' | 'list' | 'status' | 'lease' | 'wall'
>;

export type AccessRegisterPort = Pick<AccessRegister, 'list'>;

/**
 * Remembers answers for 24 h. Errors of `begin`: `idempotency.mismatch` when the key was used for another request,
 * `idempotency.running` while the first is being worked on.
 */
export interface IdempotencyPort {
  /** Claims the key and answers null, or answers what was answered to the same request before. */
  begin(request: KeyedRequest): Promise<KeptAnswer | null>;
  finish(request: KeyedRequest, answer: KeptAnswer): Promise<void>;
  /** Gives the key free again, because the request did nothing. */
  abandon(request: KeyedRequest): Promise<void>;
}

/** How one part is; `needed` parts that are not ok make the gateway not ready. */
export interface PartHealth {
  ok: boolean;
  needed: boolean;
  /** One short sentence for people: why it is not ok, or what it lacks although it is; never with a password in it. */
  reason?: string;
}

/** Parts that every gateway has. */
export type PartName =
  | 'postgres'
  | 'redis'
  | 'influx'
  | 'ffmpeg'
  | 'journal'
  | 'disk'
  | 'pictures'
  | 'rules'
  | 'readers';

/** Every part by its name, and every open uplink by its own. */
export type Parts = Record<PartName, PartHealth> & Record<string, PartHealth>;

/** How far one reader of the journal is. */
export interface ReaderStanding {
  name: string;
  lane: Lane;
  /** Offset up to which it is done. */
  position: number;
  /** Bytes that it has still to read. */
  behind: number;
  /** For how long it has had something to read and not moved; null for less than 30 s. */
  stuckMs: number | null;
}

export interface HealthSource {
  check(): Promise<Parts>;
  readers(): ReaderStanding[];
}

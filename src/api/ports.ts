import type { Caller } from '../core/types.ts';
import type { DeviceChanges } from '../devices/bulk/changes.ts';
import type { Checks } from '../devices/checks/checks.ts';
import type { CheckJobs } from '../devices/checks/district/jobs.ts';
import type { Claims } from '../devices/claims/claims.ts';
import type { Discoveries } from '../devices/discovery/discoveries.ts';
import type { SecretChanges } from '../devices/doors/secret-changes.ts';
import type { FileReport } from '../devices/file/file-report.ts';
import type { HealthFeed } from '../devices/health/feed.ts';
import type { HealthList, ShownHealth } from '../devices/health/list.ts';
import type { HealthStore } from '../devices/health/store.ts';
import type { Imports } from '../devices/import-export/jobs/imports.ts';
import type { DeviceExport } from '../devices/import-export/writing/device-export.ts';
import type { Labels } from '../devices/labels/labels.ts';
import type { Acceptances } from '../devices/life/acceptances.ts';
import type { SiteClosing } from '../devices/life/closing.ts';
import type { LifeSteps } from '../devices/life/life-steps.ts';
import type { Maintenances } from '../devices/life/maintenances.ts';
import type { KeptLogins } from '../devices/logins/kept.ts';
import type { LoginReveal } from '../devices/logins/reveal.ts';
import type { LoginRotations } from '../devices/logins/rotations.ts';
import type { CheckOrders } from '../devices/orders/check-orders.ts';
import type { OrderList } from '../devices/orders/order-list.ts';
import type { Orders } from '../devices/orders/orders.ts';
import type { Photos } from '../devices/photos/photos.ts';
import type { Ptz } from '../devices/ptz/ptz.ts';
import type { Recorders } from '../devices/recorders/recorders.ts';
import type { DeviceSearch } from '../devices/search/search.ts';
import type { UnitCertificates } from '../devices/units/certificates.ts';
import type { UnitHistory } from '../devices/units/history.ts';
import type { Units } from '../devices/units/units.ts';
import type { Upkeep } from '../devices/upkeep/upkeep.ts';
import type { ShownImages } from '../images/shown-images.ts';
import type { CommandInput } from '../ingest/commands/commands.ts';
import type { Command, CommandPayload } from '../ingest/commands/rows.ts';
import type { Completeness } from '../ingest/completeness/completeness.ts';
import type { PassageSearch } from '../passages/search.ts';
import type { Clips } from '../streams/clips/clips.ts';
import type { ViewingCopies } from '../streams/copies/copies.ts';
import type { RecordingExports } from '../streams/exports/exports.ts';
import type { StreamLinks } from '../streams/passes/links.ts';
import type { StreamPasses } from '../streams/passes/passes.ts';
import type { Approval } from '../streams/picture-health/approval.ts';
import type { ApprovedPictures } from '../streams/picture-health/approved.ts';
import type { Thumbnails } from '../streams/playback/thumbnails.ts';
import type { StreamPlans } from '../streams/pool/stream-plans.ts';
import type { DiskRegister } from '../streams/recorder/disk/disk-register.ts';
import type { RecordingPlans } from '../streams/recorder/plan/plans.ts';
import type { Pins } from '../streams/recordings/pins.ts';
import type { Playback } from '../streams/recordings/playback.ts';
import type { RecordingReport } from '../streams/recordings/report.ts';
import type { Walls } from '../streams/walls/walls.ts';
import type { Exports } from '../telemetry/history/export.ts';
import type { Latest, Presence, PresenceCounts } from '../telemetry/twin/twin.ts';
import type { BaseMap } from './base-map/base-map.ts';
import type { DisplaysPort } from './people-ports.ts';

/** Rights are decided by device. Errors: `not-found`, alike for what is foreign and what is absent. */
export interface CommandsPort {
  create(caller: Caller, device: string, input: CommandInput): Promise<Command>;
  list(
    caller: Caller,
    device: string,
    filter: { openOnly: boolean; limit: number; after?: string },
  ): Promise<{ items: Command[]; next: string | null }>;
  get(caller: Caller, device: string, id: string): Promise<Command>;
  /** The open commands of a device that has proven who it is. */
  handOver(device: string): Promise<CommandPayload[]>;
}

/** Finds and counts what a caller may see. */
export type SearchPort = Pick<DeviceSearch, 'list' | 'facets' | 'pages' | 'owners'>;

/** Rights to the one device are decided before `device` is asked. */
export type CompletenessPort = Pick<Completeness, 'device' | 'list'>;

/** Rights are decided by device before it is asked; a look at plates is registered by it. */
export type ExportsPort = Pick<Exports, 'open'>;

/** What the image routes need of the rest. */
export type ImagesPort = Pick<ShownImages, 'keep' | 'find' | 'read' | 'registerLook'>;

/** Rights and the entry in the access register are the part's own: nothing is looked up before both. */
export type PassagesPort = Pick<PassageSearch, 'search'>;

/** Steps of units. Foreign and absent devices are refused alike, with `not-found`. */
type UnitsPort = Pick<Units, 'assign' | 'swap' | 'takeDown' | 'undo' | 'accept'>;

/** Foreign and absent devices are refused alike, with `not-found`; rights to `history` are decided before. */
export type LifePort = Pick<LifeSteps, 'step' | 'history'>;

/** Foreign and absent devices are refused alike; rights to `get` are decided before. `take` is for anybody. */
type ClaimsPort = Pick<Claims, 'open' | 'close' | 'get' | 'take'>;

/** As {@link LifePort}; rights to `list` and to see the device are decided before. */
type AcceptancesPort = Pick<Acceptances, 'accept' | 'list'>;

/** As {@link LifePort}; rights to `list` are decided before. */
export type MaintenancesPort = Pick<Maintenances, 'begin' | 'end' | 'list'>;

/** Counts and shows nothing of positions beyond the caller's jurisdiction. */
export type FileReportPort = Pick<FileReport, 'sum' | 'byJurisdiction' | 'incomplete'>;
/** `list` is limited to what the caller may see; rights to the one device are decided before the others are asked. */
export type DeviceHealthPort = Pick<HealthList, 'list' | 'of' | 'told' | 'lies'> &
  Pick<HealthStore, 'downtimeOf' | 'stretchesOf'> & { changes: Pick<HealthFeed, 'epoch' | 'head' | 'next'> };

/** Shows nothing of positions beyond the caller's jurisdiction. */
type UnitHistoryPort = Pick<UnitHistory, 'ofPosition' | 'ofUnit'>;

/** The right to see the device is checked before `device` is asked; a look at a picture is registered by it. */
export type ChecksPort = Pick<Checks, 'device' | 'address' | 'progress'>;

/** Work orders. Foreign and absent ones are refused alike, with `not-found`. */
type OrdersPort = Pick<Orders, 'open' | 'step'>;

/** Shows nothing of devices beyond the caller's jurisdiction. */
type OrderListPort = Pick<OrderList, 'list' | 'get'>;

/** Photos of devices. Foreign and absent ones are refused alike; rights are decided before the lists are asked. */
type PhotosPort = Pick<Photos, 'keep' | 'find' | 'ofOrder' | 'ofDevice' | 'look'>;

/** Work on devices, and what hangs where. */
export interface OrderParts {
  units: UnitsPort;
  unitHistory: UnitHistoryPort;
  certificates: Pick<UnitCertificates, 'ending'>;
  orders: OrdersPort;
  orderList: OrderListPort;
  /** For a caller who may open orders. */
  checkOrders: Pick<CheckOrders, 'open'>;
  photos: PhotosPort;
  acceptances: AcceptancesPort;
  claims: ClaimsPort;
  /** Foreign and absent sites are refused alike. */
  siteClosing: Pick<SiteClosing, 'close'>;
  /** Rights to the devices are decided before. */
  labels: Pick<Labels, 'page' | 'pdf'>;
}

/** Devices from spreadsheets. Rights to each device are decided by the registry. */
export type ImportsPort = Pick<Imports, 'dryRun' | 'start' | 'takeSecrets' | 'undo'> & {
  list: Pick<Imports['list'], 'get' | 'newest' | 'rows'>;
};

/** What it lists is found by others, within the caller's jurisdiction; it leaves an audit row. */
export type DeviceExportPort = Pick<DeviceExport, 'open'>;

/** Checks of districts. Foreign and absent ones are refused alike, with `not-found`. */
export type CheckJobsPort = Pick<CheckJobs, 'create' | 'get' | 'list' | 'report' | 'cancel'>;

export interface TwinPort {
  /** `health` is null for a device that does not stand; it names no other device. */
  presence(deviceId: string): { presence: Presence; lastSeenAtMs: number | null; health: ShownHealth | null };
  latest(deviceId: string): Latest | null;
  counts(devices: Iterable<{ id: string; kind: string }>): Map<string, PresenceCounts>;
}
/** Looking for cameras on the network. Each is shown to those who may see all that whoever began it may see. */
export type DiscoveriesPort = Pick<Discoveries, 'start' | 'cancel'> & {
  list: Pick<Discoveries['list'], 'get' | 'newest' | 'found'>;
};

/** Rights to the recorder are decided before it is asked. */
export type RecordersPort = Pick<Recorders, 'channels' | 'register'>;

/** Rights to the device are decided before it is asked. */
export type UpkeepPort = Pick<
  Upkeep,
  'picture' | 'setPicture' | 'time' | 'setTime' | 'setServers' | 'network' | 'restart'
>;

/** What is recorded, and what was. Rights to the camera are decided before; looks are registered by it. */
export interface RecordingParts {
  plans: Pick<RecordingPlans, 'of' | 'set'>;
  playback: Pick<
    Playback,
    'timeline' | 'playlist' | 'codedPlaylist' | 'codedPart' | 'keysPlaylist' | 'master' | 'keys' | 'file'
  >;
  thumbnails: Pick<Thumbnails, 'of' | 'one'>;
  /** Shows nothing beyond the caller's jurisdiction. */
  report: Pick<RecordingReport, 'report'>;
  pins: Pick<Pins, 'of' | 'add' | 'remove'>;
  /** The caller's right to each camera is checked before; looks are registered by `archive`. */
  copies: Pick<ViewingCopies, 'ask' | 'of' | 'remove' | 'archive'>;
  exports: Pick<
    RecordingExports,
    'ask' | 'approve' | 'remove' | 'one' | 'list' | 'progress' | 'looked' | 'archive' | 'publicKey'
  >;
  /** The caller's right to the camera is checked before; the look is registered by `file`. */
  clips: Pick<Clips, 'clip' | 'of' | 'one' | 'file' | 'cut'>;
  /** Leaves a row in the audit trail itself. */
  disks: Pick<DiskRegister, 'list' | 'add' | 'use' | 'retire' | 'check'>;
}

/** How the streams of cameras are kept. Rights to a device are decided before. */
export type StreamPlansPort = Pick<StreamPlans, 'of' | 'set'>;

/** Viewer tokens. The caller's right to each camera is checked before one is made. */
export type StreamPassesPort = Pick<StreamPasses, 'create' | 'list' | 'revoke'> & {
  /** Where players come to; `host` is null where it is not known by what name they reach it. Null while RTSP is off. */
  address(): { host: string | null; port: number } | null;
};

/** Links to live video. The caller's right to each camera is checked before one is made. */
export type StreamLinksPort = Pick<StreamLinks, 'create' | 'list' | 'revoke' | 'look'> & {
  /** Where the gateway is reached; null where nobody said so. */
  origin(): string | null;
};

/** What is shown beside data: live video to players that cannot log in, and what lies below a map. */
export interface ViewerParts {
  streamPasses: StreamPassesPort;
  streamLinks: StreamLinksPort;
  /** Walls that people keep. That cameras are the caller's to see is checked before they are put on one. */
  walls: Pick<Walls, 'list' | 'get' | 'create' | 'change' | 'remove'>;
  displays: DisplaysPort;
  /** The ground of the map. */
  baseMap: Pick<BaseMap, 'parts' | 'tile' | 'city' | 'outlines'>;
}

/** Pictures that were approved. The caller's right to the camera is checked before; the look is registered by it. */
export type ApprovedPicturesPort = Pick<ApprovedPictures, 'of' | 'remove'> & Pick<Approval, 'approve' | 'approveFirst'>;

/** Moving cameras. Rights are decided by device before; the look is registered by it. */
export type PtzPort = Pick<Ptz, 'status' | 'move' | 'stop' | 'release' | 'goto' | 'presets' | 'keepPreset' | 'set'>;

/** Logins of devices. Rights to a device are decided before `last` and `list`; the others see to it. */
export interface LoginParts {
  logins: Pick<LoginRotations, 'begin' | 'last'>;
  secretChanges: Pick<SecretChanges, 'begin' | 'last'>;
  keptLogins: Pick<KeptLogins, 'list' | 'recover'>;
  loginReveal: Pick<LoginReveal, 'reveal'>;
}

/** How devices come in, are found, and are moved. */
export interface FieldParts {
  imports: ImportsPort;
  /** Rights to each device are decided by the registry. */
  deviceChanges: Pick<DeviceChanges, 'plan' | 'start'>;
  discoveries: DiscoveriesPort;
  ptz: PtzPort;
  upkeep: UpkeepPort;
  recorders: RecordersPort;
}

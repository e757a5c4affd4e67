import type { components, paths } from './ground/openapi.d.ts';

type Schemas = components['schemas'];
type Answer<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Body } } } };
}
  ? Body
  : never;

/** Gravest first, as CAP names them. */
export const SEVERITIES = ['extreme', 'severe', 'moderate', 'minor'] as const satisfies Severity[];
export type Severity = Schemas['Alert']['severity'];
export type Handling = Schemas['Alert']['handling'];

export const VERDICTS = [
  'confirmed',
  'false_positive',
  'misread_plate',
  'duplicate',
  'drill',
  'no_action',
] as const satisfies Verdict[];
export type Verdict =
  paths['/api/v1/alerts/{id}/close']['post']['requestBody']['content']['application/json']['verdict'];

/** An alert as the API answers it; the fields this page uses. */
export type Alert = Pick<
  Schemas['Alert'],
  | 'id'
  | 'rule'
  | 'title'
  | 'severity'
  | 'class'
  | 'desk'
  | 'condition'
  | 'handling'
  | 'visibility'
  | 'verdict'
  | 'subject'
  | 'device'
  | 'jurisdiction'
  | 'audience'
  | 'firstAt'
  | 'occurrences'
  | 'exercise'
  | 'data'
  | 'evidence'
  | 'comments'
  | 'ackedBy'
  | 'ackedById'
  | 'ackedAt'
  | 'assignedTo'
  | 'unit'
  | 'closedBy'
  | 'closedAt'
  | 'level'
  | 'storm'
  | 'stormCount'
  | 'version'
>;

/** An alert with all that the API says of it. */
export type CaseAlert = Schemas['Alert'];
export type Evidence = CaseAlert['evidence'][number];
export type HistoryLine = Answer<'/api/v1/alerts/{id}/history'>['items'][number];
export type NearAlert = Answer<'/api/v1/alerts/{id}/near'>['items'][number];
export type RuleOfAlert = Answer<'/api/v1/alerts/{id}/rule'>;
export type Device = Pick<Schemas['Device'], 'id' | 'name' | 'kind' | 'cameras' | 'accessClass'>;
/** A device in a list. */
export type ListedDevice = Pick<
  Schemas['Device'],
  'id' | 'name' | 'kind' | 'jurisdiction' | 'state' | 'health' | 'lastSeenAt' | 'unit'
>;
export type FacetCounts = Answer<'/api/v1/device-facets'>;
/** A device with all that the API says of it to this reader. */
export type WholeDevice = Answer<'/api/v1/devices/{id}'>;
export type HealthOfDevice = Answer<'/api/v1/devices/{id}/health'>;
export type CheckReport = paths['/api/v1/devices/{id}/check']['post']['responses'][200]['content']['application/json'];
export type LatestValues = Answer<'/api/v1/devices/{id}/latest'>;
export type DeviceEvent = Answer<'/api/v1/devices/{id}/events'>['items'][number];
export type DeviceCommand = Schemas['Command'];
export type UnitStay = Answer<'/api/v1/devices/{id}/units'>['items'][number];
export type Upkeep = Answer<'/api/v1/devices/{id}/maintenance'>['items'][number];
export type Completeness = Answer<'/api/v1/devices/{id}/completeness'>;
export type DeadLetter = Answer<'/api/v1/dead-letters'>['items'][number];
export type Order = Schemas['WorkOrder'];
export type OrderDetail = Answer<'/api/v1/orders/{number}'>;
export type AuditLine = Answer<'/api/v1/audit'>['items'][number];
export type LoginState = Answer<'/api/v1/devices/{id}/credentials'>;
export type Discovery = Schemas['Discovery'];
export type Found = Schemas['FoundDevice'];
export type DryRun = paths['/api/v1/devices/import']['post']['responses'][200]['content']['application/json'];
export type ImportStatus = Schemas['Import'];
export type CheckStep = Schemas['CheckStep'];
export type MappedDevice = Pick<Schemas['Device'], 'id' | 'name' | 'health'>;
/** What a map is drawn from. */
export type DeviceColumns = Answer<'/api/v1/map/devices'>;
export type MovingColumns = Answer<'/api/v1/map/moving'>;
export type MapParts = Answer<'/api/v1/map/base'>;
export type Readings = Answer<'/api/v1/devices/{id}/history'>;
/** A bundle of an alert that somebody takes away. */
export type Bundle = Pick<
  Schemas['RecordingExport'],
  'id' | 'alert' | 'state' | 'detail' | 'bytes' | 'url' | 'askedBy'
>;
export type Incident = Pick<Schemas['Incident'], 'id' | 'title' | 'version'>;

/** One entry of the log of alerts, as the stream sends it. */
export interface AlertEvent {
  type: string;
  alert: Alert;
}

export type Overview = Answer<'/api/v1/overview'>;
export type DeviceCounts = Overview['devices'][number];
/** What the list of alerts may be asked for. */
export type AlertQuery = NonNullable<paths['/api/v1/alerts']['get']['parameters']['query']>;
export type Session = Pick<
  Answer<'/api/v1/session'>,
  'id' | 'name' | 'username' | 'role' | 'jurisdiction' | 'rights' | 'display'
>;
export type Camera = Pick<Schemas['Device'], 'id' | 'name'>;
/** A camera of a wall. */
export type WallCamera = Pick<Schemas['Device'], 'id' | 'name' | 'accessClass' | 'jurisdiction' | 'health'>;
/** A wall of cameras that somebody keeps. */
export type CameraWall = Schemas['CameraWall'];
export type RecordingTimeline = Schemas['RecordingTimeline'];
export type PtzStatus = Answer<'/api/v1/devices/{id}/ptz'>;
export type Preset = Answer<'/api/v1/devices/{id}/ptz/presets'>['items'][number];
export type Facets = Answer<'/api/v1/device-facets'>;
export type Kind = Pick<Schemas['DeviceKind'], 'kind' | 'title' | 'stream' | 'fields' | 'events'>;
export type Rule = Answer<'/api/v1/rules'>['items'][number];
export type District = Pick<Schemas['Jurisdiction'], 'code' | 'name'>;
export type Area = Pick<Schemas['Jurisdiction'], 'code' | 'name' | 'parent' | 'positions'>;

/** A vehicle that passed. */
export type Passage =
  paths['/api/v1/passages/search']['post']['responses'][200]['content']['application/json']['items'][number];
/** A control order. */
export type Watchlist = Schemas['Watchlist'];
export type WatchlistEntry = Answer<'/api/v1/watchlists/{id}/entries'>['items'][number];
export type Hit = Schemas['Hit'];
export type ListedHit = Schemas['ListedHit'];
/** Somebody who can be given something to do. */
export type Colleague = Answer<'/api/v1/duty/people'>['items'][number];
/** What somebody is called whom others name by their user name, or in registers by their id. */
export type PersonName = Answer<'/api/v1/users/names'>['items'][number];
/** A shift of the roster, and how a desk stands now. */
export type DutyShift = Schemas['DutyShift'];
export type DeskNow = Answer<'/api/v1/duty'>['items'][number];
/** What one shift hands to the next, in a list and with what was open. */
export type HandOverLine = Answer<'/api/v1/duty/hand-overs'>['items'][number];
export type HandOver = Schemas['HandOver'];
export type AlertCounts = Answer<'/api/v1/alerts/counts'>;
export type DistrictTimes = Answer<'/api/v1/reports/alert-times'>['items'][number];
export type RulePrecision = Answer<'/api/v1/reports/rule-precision'>['items'][number];
/** What reads plates. */
export type Checkpoint = Pick<Schemas['Device'], 'id' | 'name' | 'jurisdiction' | 'location'>;

export interface Page<Item> {
  items: Item[];
  next?: string;
}

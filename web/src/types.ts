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
  | 'jurisdiction'
  | 'firstAt'
  | 'occurrences'
  | 'exercise'
  | 'data'
  | 'evidence'
  | 'comments'
  | 'ackedBy'
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
export type Session = Pick<Answer<'/api/v1/session'>, 'name' | 'username' | 'role' | 'jurisdiction' | 'rights'>;
export type Camera = Pick<Schemas['Device'], 'id' | 'name'>;
export type Kind = Pick<Schemas['DeviceKind'], 'kind' | 'title' | 'stream' | 'fields' | 'events'>;
export type Rule = Answer<'/api/v1/rules'>['items'][number];
export type District = Pick<Schemas['Jurisdiction'], 'code' | 'name'>;

export interface Page<Item> {
  items: Item[];
  next?: string;
}

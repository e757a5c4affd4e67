import type { components, paths } from '../ground/openapi.d.ts';

type Schemas = components['schemas'];
type Answer<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Body } } } };
}
  ? Body
  : never;
type Item<Path extends keyof paths> = Answer<Path> extends { items: (infer One)[] } ? One : never;
type Made<Path extends keyof paths, Status extends 200 | 201 | 202> = paths[Path] extends {
  post: { responses: Record<Status, { content: { 'application/json': infer Body } }> };
}
  ? Body
  : never;

export type User = Schemas['User'];
export type Voucher = Made<'/api/v1/users/codes', 201>;
export type Token = Item<'/api/v1/tokens'>;
export type MadeToken = Made<'/api/v1/tokens', 201>;
export type Subscription = Item<'/api/v1/subscriptions'>;
export type MadeSubscription = Made<'/api/v1/subscriptions', 201>;
export type EventSource = Item<'/api/v1/event-sources'>;
export type MadeEventSource = Made<'/api/v1/event-sources', 201>;
export type TestResult = Made<'/api/v1/subscriptions/{id}/test', 200>;
export type NewSecret = Made<'/api/v1/subscriptions/{id}/secret', 200>;
export type DeadDelivery = Item<'/api/v1/subscriptions/{id}/dead-letters'>;
export type Silence = Schemas['Silence'];
export type SilencePreview = Made<'/api/v1/silences/preview', 200>;
export type RuleVersion = Schemas['RuleVersion'];
export type DryRun = Schemas['RuleDryRun'];
export type RuleRecording = Schemas['RuleRecording'];
export type RecordingDay = Item<'/api/v1/reports/recording'>;
export type RecordingReport = Answer<'/api/v1/reports/recording'>;
export type DutyShift = Schemas['DutyShift'];
export type DeskNow = Item<'/api/v1/duty'>;
export type LetterGroup = Item<'/api/v1/dead-letters/groups'>;
export type Letter = Item<'/api/v1/dead-letters'>;
export type Replayed = Made<'/api/v1/dead-letters/replay', 200>;
export type KindTrial = Made<'/api/v1/kinds/dry-run', 200>;
export type AuditLine = Item<'/api/v1/audit'>;
export type Verification = Schemas['RegisterVerification'];
export type CheckedRegister = Verification['registers'][number];
export type Look = Item<'/api/v1/access-register'>;
export type Ledger = Answer<'/api/v1/ledger'>;
export type Story = Item<'/api/v1/messages'>;
export type Disk = Schemas['RecordingDisk'];
export type DiskCheck = Made<'/api/v1/recordings/disks/{name}/check', 200>;
export type DeviceKind = Schemas['DeviceKind'];
export type RuleText = Answer<'/api/v1/rules/text'>;
export type Screen = Schemas['Display'];
export type MadeScreen = Made<'/api/v1/displays', 201>;

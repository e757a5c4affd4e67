import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import type { Quality } from '../pool/types.ts';
import type { RecordingSource } from '../recordings/recording.ts';

/** `asked`: it waits for another person; `removed`: its copy is gone. */
export type ExportState = 'asked' | 'copying' | 'ready' | 'failed' | 'removed';

/** Who did something to an export. */
export type ExportActor = Pick<Caller, 'type' | 'id' | 'name'>;

export interface ExportCamera {
  id: DeviceId;
  name: string;
  jurisdiction: Jurisdiction;
}

/** What somebody wants to take away. Times are Unix ms. */
export interface ExportAsked {
  cameras: ExportCamera[];
  quality: Quality;
  fromMs: number;
  toMs: number;
  purpose: string;
  case: string | null;
}

export interface RecordingExport extends ExportAsked {
  id: string;
  by: ExportActor;
  askedAtMs: number;
  approved: (ExportActor & { atMs: number }) | null;
  state: ExportState;
  detail: string | null;
  /** Of its recordings. */
  bytes: number;
  manifestSha256: string | null;
  expiresAtMs: number | null;
}

/** A recording of an export. */
export interface ExportFile {
  number: number;
  /** Below the folder of the export. */
  path: string;
  device: DeviceId;
  quality: Quality;
  startsAtMs: number;
  endsAtMs: number;
  leaseEpoch: number;
  bytes: number;
  /** As its row of the recordings says, and as the copy has it. */
  sha256: string;
  continuity: string;
  source: RecordingSource;
  state: 'waiting' | 'copied' | 'missing' | 'damaged';
  sm3: string | null;
}

import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import type { Quality } from '../pool/types.ts';
import type { RecordingSource } from '../recordings/recording.ts';

/** `asked`: it waits for another person; `copying`: it is being made; `removed`: its copy is gone. */
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

/** What an export holds in the place of recordings: all that belongs to one alert. */
export interface ExportBundle {
  alert: string;
  /** Where the alert was when it was asked for. */
  jurisdiction: Jurisdiction;
  /** Whether plates stand whole in it, and pictures that show one are in it. */
  plates: 'masked' | 'whole';
  /** Of the making that came to its end, below the folder of the export; empty before. */
  folder: string;
  files: { path: string; bytes: number }[];
  /** What its pictures and clips were taken by, and where that stood then. */
  sights: BundleSight[];
}

/** As of evidence: `granted` where a person who sees the camera named it, so that place and agency do not matter. */
export interface BundleSight {
  camera: DeviceId;
  jurisdiction: Jurisdiction;
  police: string | null;
  granted: boolean;
}

export interface RecordingExport extends ExportAsked {
  id: string;
  /** Null of recordings. */
  bundle: ExportBundle | null;
  by: ExportActor;
  askedAtMs: number;
  approved: (ExportActor & { atMs: number }) | null;
  state: ExportState;
  detail: string | null;
  /** Of its recordings, or of the files of its bundle. */
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

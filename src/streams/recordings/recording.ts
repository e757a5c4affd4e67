import type { DeviceId } from '../../core/types.ts';
import type { Quality } from '../pool/types.ts';
import type { RecordingClass } from './classes.ts';

/** `edge`: fetched later from the camera's own storage; `gateway`: recorded as it came. */
export type RecordingSource = 'gateway' | 'edge';

/** No file is longer, ms; so one that reaches into a time began at most this long before it. */
export const FILE_MAX_MS = 120_000;

/** A file as it is found again. Times are Unix ms. */
export interface Recording {
  device: DeviceId;
  quality: Quality;
  startsAtMs: number;
  endsAtMs: number;
  leaseEpoch: number;
  /** Name of the disk it lies on. */
  disk: string;
  bytes: number;
  leadBytes: number;
  sha256: string;
  continuity: string;
  previousEndsAtMs: number | null;
  class: RecordingClass;
  source: RecordingSource;
  /** Its file was missed: it is shown to nobody. */
  isLost: boolean;
}

/** What a file is called, and the folder of its day: both follow from its row. */
export function placeOf({
  device,
  quality,
  startsAtMs,
  leaseEpoch,
}: Pick<Recording, 'device' | 'quality' | 'startsAtMs' | 'leaseEpoch'>): { name: string; path: string } {
  const atMs = Math.round(startsAtMs);
  const [day, hour] = new Date(atMs).toISOString().split(/[T:]/);
  const name = `${atMs}-${quality}-${leaseEpoch}-${Buffer.from(device).toString('base64url')}.mp4`;
  return { name, path: `${day!.replaceAll('-', '')}/${hour}/${name}` };
}

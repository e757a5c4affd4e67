import type { DeviceId } from '../../../core/types.ts';
import type { Quality } from '../../pool/types.ts';

/** A camera that is to be recorded now. */
export interface Wanted {
  device: DeviceId;
  quality: Quality;
  /** What is in memory since then is recorded, too, Unix ms; without it from now on. */
  fromMs?: number;
}

/** By what one is known in memory, and its rows. */
export function keyOf({ device, quality }: Pick<Wanted, 'device' | 'quality'>): string {
  return `${device} ${quality}`;
}

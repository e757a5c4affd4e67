import type { DeviceId } from '../../../core/types.ts';
import type { Quality } from '../../pool/types.ts';

/** A camera that is to be recorded now. */
export interface Wanted {
  device: DeviceId;
  quality: Quality;
}

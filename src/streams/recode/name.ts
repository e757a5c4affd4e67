import type { DeviceId } from '../../core/types.ts';

/** No device has a colon in its id, so none is taken for a camera. */
const PREFIX = 'h264:';

/** What the pool calls the video of a camera as H.264. */
export function recodedOf(camera: DeviceId): string {
  return PREFIX + camera;
}

/** The camera whose video it is, by its name in the pool; null for what is no such name. */
export function originalOf(name: string): DeviceId | null {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : null;
}

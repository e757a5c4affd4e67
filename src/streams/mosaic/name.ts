import type { DeviceId } from '../../core/types.ts';

/** Cameras in one picture: more are too small to be looked at. */
export const MEMBERS_MAX = 16;

/** No device has a colon in its id, so no mosaic is taken for one. */
const PREFIX = 'mosaic:';

/** What the pool calls a mosaic: the same cameras in the same order are one, whoever looks. */
export function mosaicOf(members: readonly DeviceId[]): string {
  return PREFIX + members.join(',');
}

/** The cameras of a mosaic by its name in the pool; null for a camera. */
export function membersOf(name: string): DeviceId[] | null {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length).split(',') : null;
}

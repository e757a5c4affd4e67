import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';

/** Numbers of pictures that a wall shows at the same time. */
export const WALL_LAYOUTS = [1, 4, 9, 16] as const;
export type WallLayout = (typeof WALL_LAYOUTS)[number];
/** As many as one connection for live video carries. */
export const WALL_CAMERAS_MAX = 64;

/** What somebody says of a wall. */
export interface WallInput {
  name: string;
  layout: WallLayout;
  /** In the order of their tiles, each once. */
  cameras: DeviceId[];
  /** Whether others of the area see it. */
  shared: boolean;
}

/** A wall that is kept. */
export interface Wall extends WallInput {
  id: string;
  jurisdiction: Jurisdiction;
  owner: Pick<Caller, 'type' | 'id' | 'name'>;
  updatedAtMs: number;
  version: number;
}

/** Who pays for and runs a point: 一类 the police, 二类 another authority, 三类 shops, housing and everybody else. */
export const TIERS = ['police', 'government', 'social'] as const;

/** What a unit hangs on. */
export const MOUNTINGS = ['pole', 'gantry', 'wall', 'roof', 'tower', 'ceiling', 'ground', 'vehicle', 'other'] as const;

/** Which network it is on: 公安信息网, 视频专网, 政务外网, the internet, or one that joins no other. */
export const NETWORKS = ['police', 'video', 'government', 'internet', 'local'] as const;

/** What carries its data to that network. */
export const LINKS = ['fibre', 'copper', 'wifi', 'cellular', 'microwave'] as const;

/** What feeds it. */
export const POWERS = ['mains', 'poe', 'solar', 'battery', 'vehicle'] as const;

/**
 * How freely the pictures of a position may be looked at, the freest first. `key-site`: a site that must be guarded and
 * keeps its video longer. `minors`: shows children, so nobody looks without the number of an incident.
 */
export const ACCESS_CLASSES = ['public', 'key-site', 'minors'] as const;

export type AccessClass = (typeof ACCESS_CLASSES)[number];

/**
 * The point's file (一机一档): what is known of a position besides where it is and what hangs there. A key that is
 * missing is not known. All numbers that name something are text: "007" is not 7.
 */
export interface PositionFile {
  /** Its GB/T 28181 id, 20 digits. An alias: it can change with the region, so nothing is kept under it. */
  gbId?: string;
  tier?: (typeof TIERS)[number];
  /** A code of `devices/file/place-types.ts`. */
  placeType?: string;
  address?: string;
  /** The department that answers for it. */
  owner?: string;
  /** Where it looks: degrees clockwise from north, from 0 to below 360. */
  heading?: number;
  mounting?: (typeof MOUNTINGS)[number];
  /** Metres above the ground; below 0 in tunnels and cellars. */
  heightM?: number;
  /** Gives usable pictures at night without a lamp (低照度). */
  lowLight?: boolean;
  /** Suppresses strong light such as headlamps (强光抑制). */
  hlc?: boolean;
  /** Wide dynamic range (宽动态). */
  wdr?: boolean;
  /** Width and height of its picture in pixels, `2560x1440`. */
  resolution?: string;
  network?: (typeof NETWORKS)[number];
  link?: (typeof LINKS)[number];
  /** How long its video is kept. */
  storageDays?: number;
  /** The firm that repairs it. */
  maintainer?: string;
  /** The last day of its warranty, `2027-03-31`. */
  warrantyEnd?: string;
  power?: (typeof POWERS)[number];
  /** Numbers as they are painted on the box and the pole. */
  circuit?: string;
  pole?: string;
  /** Whether somebody else uses its login as well: a recorder, a platform. */
  loginShared?: boolean;
  tags?: string[];
}

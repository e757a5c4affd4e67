import type { Jurisdiction, Place } from '../../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../../core/types.ts';
import type { AlertRow } from '../../desk/tables.ts';

/** Of which alert somebody wants a bundle, and how. Times are Unix ms. */
export interface BundleWish {
  alert: string;
  jurisdiction: Jurisdiction;
  plates: 'masked' | 'whole';
  /** Of readings. */
  fromMs: number;
  toMs: number;
  purpose: string;
  case: string | null;
}

/** What writes, signs and keeps bundles. */
export interface BundleExportsPort<Made> {
  /** Errors: `conflict.state`, `store.full`. */
  ask(caller: Caller, wish: BundleWish): Promise<Made>;
}

/** Who asked for a bundle. */
export type BundleAsker = Pick<Caller, 'type' | 'id' | 'name'>;

/** By what a picture or clip was taken, and who may be shown it; as of evidence. */
export interface BundledSight {
  camera: DeviceId;
  jurisdiction: Jurisdiction;
  police: string | null;
  granted: boolean;
}

/** One thing that belongs to an alert. */
export interface BundledPart {
  is: 'part';
  /** A folder and a name. */
  path: string;
  what: BundledWhat;
  startsAtMs: number;
  endsAtMs: number;
  ageMs: number | null;
  source: string;
  sight: BundledSight | null;
  data: Buffer | AsyncIterable<string>;
}

export type BundledWhat = 'alert' | 'log' | 'findings' | 'hit' | 'readings' | 'picture' | 'clip';

/** What a bundle lacks. */
export interface BundledHole {
  is: 'hole';
  what: BundledWhat;
  camera: DeviceId | null;
  fromMs: number;
  toMs: number;
  cause: HoleCause;
  detail: string | null;
  /** It may be there soon: whoever makes the bundle may ask for everything again. */
  isPassing: boolean;
}

export type HoleCause =
  /** It is not there yet. */
  | 'to-come'
  /** There is none, and none will come. */
  | 'none'
  /** It was there and is not kept any more, or its file is gone. */
  | 'gone'
  /** It is not what was attached. */
  | 'damaged'
  /** There is more than a bundle holds. */
  | 'too-much'
  /** A picture that shows a plate, in a bundle with masked plates. */
  | 'plate'
  /** Taken by a camera of another district or agency, or of a device there. */
  | 'elsewhere'
  /** Pictures of this camera are shown for an incident only, and no case was named. */
  | 'incident-missing'
  /** A part of the gateway is away. */
  | 'away';

/** Rights, as the one authorisation function has them. */
export interface BundleRights {
  /** Who asked, with the role, area and agency of this moment; null where they take no exports away any more. */
  now(by: BundleAsker): Promise<Caller | null>;
  /** Whether the desk of the alert is one of the caller's. */
  mayRead(caller: Caller, alert: Pick<AlertRow, 'desk'>): boolean;
  mayLook(caller: Caller): boolean;
  /** By their role, or by a permit. */
  maySeePlates(caller: Caller, place: Place): boolean;
  /** Whether pictures of a camera are shown for an incident only. */
  needsIncident(camera: DeviceId): boolean;
}

/** What was stored of devices. */
export interface BundleReadings {
  /**
   * Readings, states and events of a time as CSV, plates masked; null where the device is not the caller's to see.
   * Errors: `store.unavailable`, `store.refused`.
   */
  of(
    caller: Caller,
    device: DeviceId,
    asked: { fromMs: number; toMs: number; purpose: string; case: string | null },
  ): Promise<AsyncIterable<string> | null>;
}

/** What people did with hits on watchlists. */
export interface BundleHits {
  /** As it is shown. Errors: `not-found` for an alert that is no hit. */
  get(caller: Caller, alert: string): Promise<{ raisedAt: string }>;
}

import type { DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import type { BundleSight, ExportActor } from './export.ts';

/** One thing that belongs to an alert. */
export interface BundlePart {
  is: 'part';
  /** A folder and a name, as `PATH` of the manifest has them; no other part has it. */
  path: string;
  what: string;
  startsAtMs: number;
  endsAtMs: number;
  /** Of a picture: how old it was when it was attached. */
  ageMs: number | null;
  /** Where it comes from. */
  source: string;
  /** Of a picture or clip. */
  sight: BundleSight | null;
  /** Read once, to its end, before the next thing is asked for. */
  data: Buffer | AsyncIterable<string>;
}

/** What belongs to the alert and is not in the bundle, or not whole. */
export interface BundleHole {
  is: 'hole';
  what: string;
  camera: DeviceId | null;
  fromMs: number;
  toMs: number;
  cause: string;
  detail: string | null;
  /** A part of the gateway is away: it may be there soon. */
  isPassing: boolean;
}

/** Of which alert a bundle is wanted, by whom, and how. Times are Unix ms. */
export interface BundleAsked {
  alert: string;
  jurisdiction: string;
  plates: 'masked' | 'whole';
  /** Of readings. */
  fromMs: number;
  toMs: number;
  purpose: string;
  case: string | null;
}

/** Knows alerts, and what of them each may have. */
export interface BundleSource {
  /**
   * Everything that belongs to an alert, as `by` may have it at this moment. Errors: `not-found` where it is gone or
   * not theirs to see any more, `auth.forbidden` where they may not take it away any more.
   */
  things(asked: BundleAsked, by: ExportActor): AsyncIterable<BundlePart | BundleHole>;
  /** Keeps the alert, and all that belongs to it, until then at least. */
  pin(tx: Tables, alert: string, pin: { bundle: string; untilMs: number }): Promise<void>;
}

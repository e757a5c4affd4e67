import type { Caller, DeviceId } from '../../core/types.ts';
import type { Quality, View } from '../pool/types.ts';

/** A viewer token as it is listed: never its secret. */
export interface StreamPass {
  /** What a player shows as user name. */
  id: string;
  viewer: View['viewer'];
  /** One, or those of a mosaic in the order of their tiles. */
  cameras: DeviceId[];
  isMosaic: boolean;
  quality: Quality;
  use: PassUse;
  purpose: string;
  case: string | null;
  createdAtMs: number;
  expiresAtMs: number;
  revokedAtMs: number | null;
}

/** What the holder of a token may pull a camera for: an alert is looked at by people who are logged in. */
export const PASS_USES = ['live', 'wall'] as const;
export type PassUse = (typeof PASS_USES)[number];

/** What a token is to be for. The right to look at each camera is checked before it is made. */
export type PassInput = Pick<StreamPass, 'cameras' | 'isMosaic' | 'quality' | 'use' | 'purpose' | 'case'> & {
  /** Unix ms; null for the usual time. */
  expiresAtMs: number | null;
};

/** Who looks with a token, and whether they still may. */
export interface PassRights {
  /** The viewer as they are at this moment; null where they may not look any more. Rejects where none can say. */
  callerOf(viewer: View['viewer']): Promise<Caller | null>;
  /** The look of a token for this caller. Errors: those of looks. */
  lookOf(caller: Caller, pass: StreamPass): View;
}

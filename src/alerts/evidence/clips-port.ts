import type { DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';

/** A clip of a camera, as far as alerts know it. Times are Unix ms. */
export interface AlertClip {
  state: 'waiting' | 'ready' | 'failed';
  startsAtMs: number;
  endsAtMs: number;
  sha256: string | null;
  /** Why something of it is missing, in one sentence; null where nothing is. */
  missing: string | null;
  /** Where its pictures come from, such as `recording` or `edge+memory`; null before it is ready. */
  source: string | null;
}

/** What cuts and keeps clips. */
export interface ClipsPort {
  /** Asks for a clip and enters the look into the access register; the same id again is the same clip. */
  ask(id: string, of: { camera: DeviceId; fromMs: number; toMs: number; alert: string }): Promise<void>;
  find(id: string): Promise<AlertClip | null>;
  /** The file of a clip; null where it is no longer kept. The look is registered by whoever shows it. */
  bytes(id: string): Promise<Buffer | null>;
  /** Keeps the clips of an alert until then (Unix ms) at least. */
  keep(tx: Tables, alert: string, untilMs: number): Promise<void>;
}

import type { DeviceId } from '../../core/types.ts';

/** The way to devices that are connected to us, or to a broker. */
export interface CommandPort {
  /** Names the connection that a command would be sent on; null when nothing can be sent to this device now. */
  session(device: DeviceId): string | null;
  /** Sends one command; true once it is acknowledged. A copy that still waits after `expiresInMs` is of no use. */
  send(device: DeviceId, payload: Buffer, expiresInMs: number): Promise<boolean>;
  /** Who acknowledges. A broker cannot say whether a device is there: then the device's own state does. */
  readonly acknowledgedBy: 'device' | 'broker';
}

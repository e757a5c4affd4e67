import type { Clock } from '../../../core/clock.ts';
import type { TokenBucket } from '../../../core/mechanisms/bounded.ts';
import type { DeviceIdentity } from '../../../core/types.ts';
import type { AckQueueDeps } from '../common/ack-queue.ts';
import type { Waiting } from '../common/byte-budget.ts';
import type { KindRates } from '../common/rate-budget.ts';
import type { Will } from '../common/topics.ts';
import type { PeerLimits, Version } from './codec.ts';
import type { MqttOptions } from './options.ts';
import type { CloseReason, MqttStats } from './stats.ts';

/** The socket below a session. */
export interface SessionConnection extends Waiting {
  readonly version: Version;
  /** `ended`: nothing is read any more. */
  readonly phase: 'new' | 'waiting' | 'open' | 'ended';
  /** `reason` is one of {@link PAUSE}; reading goes on when none is left. */
  pause(reason: number): void;
  resume(reason: number): void;
  send(packet: Buffer): void;
  ack(packetId: number): void;
  end(reason: CloseReason): void;
}

/** What a session needs of the listener. */
export interface SessionHost {
  readonly clock: Clock;
  readonly options: MqttOptions;
  readonly stats: MqttStats;
  /** The device has subscribed to its commands. */
  listening(deviceId: string): void;
  /** Says once a minute per device what a peer does wrong. */
  complain(connection: SessionConnection, text: string, error?: unknown): void;
}

export interface SessionStart {
  connection: SessionConnection;
  host: SessionHost;
  acks: AckQueueDeps;
  identity: DeviceIdentity;
  will: Will | null;
  /** Shared by all sessions of the device, so that a reconnect brings no fresh allowance. */
  rate: TokenBucket;
  /** What all devices of the kind may send together. */
  kinds: KindRates;
  peer: PeerLimits;
}

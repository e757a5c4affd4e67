import { DAY_S } from '../../../core/clock.ts';

export interface ExternalMqttOptions {
  /** mqtt:// or mqtts://, with user and password where the broker wants them. */
  url: string;
  /** The same at every start: the broker keeps what we have not acknowledged under this name. */
  clientId: string;
  /** PEM of who may have issued the broker's certificate; null believes those that Node.js believes. */
  ca: Buffer | null;
  /** Unacknowledged messages the broker may have with us; reading stops at four times as many. */
  receiveMaximum: number;
  /** Payload bytes (and overhead) of unacknowledged messages at which reading stops. */
  unackedBytesMax: number;
  /** Largest payload of one message (contract: 256 KiB). */
  payloadBytesMax: number;
  /** How long the broker keeps our session while we are away. */
  sessionExpiryS: number;
  /** A dead connection is noticed after one and a half times this. */
  keepaliveS: number;
  reconnectMs: number;
}

/** The limits of a gateway. */
export const EXTERNAL_MQTT_DEFAULTS: Omit<ExternalMqttOptions, 'url' | 'clientId'> = {
  ca: null,
  receiveMaximum: 512,
  unackedBytesMax: 160 * 1024 * 1024,
  payloadBytesMax: 256 * 1024,
  sessionExpiryS: 7 * DAY_S,
  keepaliveS: 10,
  reconnectMs: 1_000,
};

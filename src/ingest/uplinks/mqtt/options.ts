import type { SecureVersion } from 'node:tls';
import { DEVICE_RATE } from '../common/admission.ts';

/** Key material of the TLS port, as PEM. With `ca`, a device must also show a certificate whose CN is its id. */
export interface MqttTlsMaterial {
  cert: string | Buffer;
  key: string | Buffer;
  ca?: string | Buffer;
  /** Revoked client certificates, as PEM. */
  crl?: string | Buffer;
}

export interface MqttTlsOptions extends MqttTlsMaterial {
  port: number;
  minVersion?: SecureVersion;
}

/** Everything that can be set; each limit has a default in {@link MQTT_DEFAULTS}. */
export interface MqttOptions {
  host: string;
  /** 0 = any free port; `start()` tells which. */
  port: number;
  /** A second port with TLS; sessions are shared with the plain one. */
  tls?: MqttTlsOptions;
  /** Largest payload of one PUBLISH (contract: 256 KiB). */
  maxPacketBytes: number;
  connectionsMax: number;
  connectionsPerAddressMax: number;
  /** Connections that have not shown who they are, also those in a TLS handshake; above it the oldest is closed. */
  silentMax: number;
  /** The same of one address (IPv6: one /64), behind which a whole district may come back at once. */
  silentPerAddressMax: number;
  /** From TCP (or TLS) connect to a complete CONNECT; checked once a second. */
  connectDeadlineMs: number;
  /** What keepalive 0 means, and the longest one MQTT 5 clients are told to use. */
  keepaliveMaxS: number;
  /** Pace at which authenticated CONNECTs are admitted, so that a district coming back does not starve the others. */
  admitPerS: number;
  admitQueueMax: number;
  /** Takeovers of one device id that are admitted without a pause. */
  takeoversPerMinute: number;
  /** Wrong credentials per id, and ten times as many per address, that are answered without a pause. */
  failuresPerMinute: number;
  /** How long the answer to wrong credentials waits above that pace. */
  failurePauseMs: number;
  /** Packets a second of one device; a packet counts one more for every full 16 KiB. */
  messagesPerS: number;
  messagesBurst: number;
  /** Messages of one connection that wait for the journal before its socket is no longer read. */
  inflightMax: number;
  inflightBytesMax: number;
  /** The same over all connections, in bytes. */
  totalInflightBytesMax: number;
  /** Bytes of packets that have not arrived completely, over all connections. */
  partialBytesMax: number;
  /** Bytes a device has not yet taken from us before we stop reading from it. */
  unreadBytesMax: number;
  commandsPerDeviceMax: number;
  commandDeadlineMs: number;
  willBytesMax: number;
  /** Wills on their way into the journal: all devices behind one switch may vanish in the same second. */
  willsWaitingMax: number;
}

/** The limits of a gateway. The largest city of the plans has 12,904 devices that stay connected (Ningbo). */
export const MQTT_DEFAULTS: Omit<MqttOptions, 'host' | 'port' | 'tls'> = {
  maxPacketBytes: 256 * 1024,
  connectionsMax: 16_000,
  connectionsPerAddressMax: 16_000,
  silentMax: 5_000,
  silentPerAddressMax: 2_500,
  connectDeadlineMs: 8_000,
  keepaliveMaxS: 300,
  admitPerS: 1_000,
  admitQueueMax: 10_000,
  takeoversPerMinute: 10,
  failuresPerMinute: 10,
  failurePauseMs: 3_000,
  messagesPerS: DEVICE_RATE.perS,
  messagesBurst: DEVICE_RATE.burst,
  inflightMax: 200,
  inflightBytesMax: 1024 * 1024,
  totalInflightBytesMax: 64 * 1024 * 1024,
  partialBytesMax: 64 * 1024 * 1024,
  unreadBytesMax: 64 * 1024,
  commandsPerDeviceMax: 16,
  commandDeadlineMs: 10_000,
  willBytesMax: 4_096,
  willsWaitingMax: 16_000,
};

/** Why a socket is not read at the moment: bits, because several reasons can hold at once. */
export const PAUSE = { admission: 1, inflight: 2, budget: 4, rate: 8, unread: 16, stop: 32, kind: 64 } as const;

/** Topic, packet id and MQTT 5 properties around a payload, and the fixed header. */
const PUBLISH_OVERHEAD_MAX = 2 * 1024;

/** The largest PUBLISH that is read, as a whole: what MQTT 5 calls Maximum Packet Size, and a device is told. */
export function publishBytesMax({ maxPacketBytes }: Pick<MqttOptions, 'maxPacketBytes'>): number {
  return maxPacketBytes + PUBLISH_OVERHEAD_MAX;
}

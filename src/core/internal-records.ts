import type { Channel, DeviceIdentity, Message, NewMessage } from './types.ts';

/**
 * What the gateway itself writes into the journal, by name: the topic by which it is known there, its channel, and the
 * name that stands in place of a connection. Topics never change, since records of all versions are read.
 */
export const INTERNAL_RECORDS = {
  /** The gateway started; nobody could be heard before. */
  start: { topic: 'internal/start', channel: 'event', connection: 'internal' },
  /** The wall clock was set. */
  clock: { topic: 'internal/clock', channel: 'telemetry', connection: 'internal' },
  /** How the gateway is. */
  self: { topic: 'internal/self', channel: 'telemetry', connection: 'internal' },
  /** A device became known. */
  registered: { topic: 'internal/registered', channel: 'state', connection: 'internal' },
  /** A device is gone for good. */
  retired: { topic: 'internal/retired', channel: 'state', connection: 'internal' },
  /** From here on messages of a kind are read by its new version. */
  kindChanged: { topic: 'internal/kind-changed', channel: 'event', connection: 'internal' },
  /** By how much the ledger does not balance. */
  ledger: { topic: 'internal/ledger', channel: 'telemetry', connection: 'internal' },
  /** What the ledger cannot account for, of one kind in one district. */
  ledgerDifference: { topic: 'internal/ledger', channel: 'event', connection: 'internal' },
  /** A camera was asked and answered, or did not. */
  cameraWatch: { topic: 'internal/camera-watch', channel: 'state', connection: 'camera-watch' },
  /** Whether a camera is the one that is registered. */
  cameraUnits: { topic: 'internal/camera-units', channel: 'telemetry', connection: 'camera-units' },
  /** How far the clock of a camera is off. */
  cameraClock: { topic: 'internal/camera-clock', channel: 'telemetry', connection: 'camera-clock' },
  /** How the video of a camera comes, and what is wrong with its pictures. */
  pictureHealth: { topic: 'internal/picture-health', channel: 'telemetry', connection: 'picture-health' },
} as const satisfies Record<string, { topic: string; channel: Channel; connection: string }>;

export type InternalRecord = keyof typeof INTERNAL_RECORDS;

interface Values<Field extends string> {
  values: Record<Field, number>;
}

interface EventOf<Type extends string, Data> {
  /** Known again by it when it is written twice. */
  id: string;
  type: Type;
  data: Data;
}

interface Presence {
  online: boolean;
}

/** Fields of the kind `camera` that tell of its video; what is absent did not change. */
export type PictureValues = Readonly<Record<string, string | number | boolean>>;

/** What each holds, as the decoder reads it. */
export interface InternalPayloads {
  start: EventOf<'start', { version: string }>;
  clock: Values<'uptime_s' | 'rss_mb'>;
  self: Values<'uptime_s' | 'rss_mb'>;
  registered: Presence;
  retired: Presence;
  kindChanged: EventOf<'kind_changed', object>;
  ledger: { values: Record<string, string | number> };
  ledgerDifference: EventOf<'ledger_difference', object>;
  cameraWatch: Presence;
  cameraUnits: Values<'other_unit'>;
  cameraClock: Values<'clock_skew_s'>;
  pictureHealth: { values: PictureValues };
}

/** A word of the gateway about a device, or about itself, for the journal. */
export function internalMessage<Name extends InternalRecord>(
  name: Name,
  payload: InternalPayloads[Name],
  { device, receivedAtMs }: { device: DeviceIdentity; receivedAtMs: number },
): NewMessage {
  const raw = Buffer.from(JSON.stringify(payload));
  return { ...INTERNAL_RECORDS[name], uplink: 'internal', device, receivedAtMs, packetId: 0, dup: false, raw };
}

/** Whether the gateway wrote it, and no device. */
export function isInternal({ uplink }: Pick<Message, 'uplink'>): boolean {
  return uplink === 'internal';
}

/** Whether it is this record of the gateway's own. */
export function isRecord(message: Pick<Message, 'uplink' | 'topic'>, name: InternalRecord): boolean {
  return isInternal(message) && message.topic === INTERNAL_RECORDS[name].topic;
}

/**
 * Whose word a message is that its device is there: `own` the device's; `asked` ours, after we asked it and it answered
 * or did not, which is as good; `nobody`: what else we write ourselves, or replay, says nothing of the device now.
 */
export function wordOf(message: Pick<Message, 'uplink' | 'topic'>): 'own' | 'asked' | 'nobody' {
  if (isRecord(message, 'cameraWatch')) return 'asked';
  return isInternal(message) || message.uplink === 'replay' ? 'nobody' : 'own';
}

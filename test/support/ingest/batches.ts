import type {
  DecodedBatch,
  DecodedMessage,
  DecodedRecord,
  DeviceEvent,
  DeviceReport,
  FieldValue,
  Lane,
  Message,
  Reading,
} from '../../../src/core/types.ts';

/** An ordinary moment, 2026-01-05T00:00:00Z; the same as where a `ManualClock` starts. */
export const AT_MS = 1_767_571_200_000;

const MESSAGE_BYTES = 100;

export function reading(values: Record<string, FieldValue>, over: Partial<Reading> = {}): Reading {
  return { type: 'reading', ...base(over), values: new Map(Object.entries(values)), ...over };
}

export function event(type: string, data: Record<string, FieldValue | string[]>, over: Partial<DeviceEvent> = {}) {
  const record: DeviceEvent = {
    type: 'event',
    ...base(over),
    event: type,
    data: new Map(Object.entries(data)),
    ...over,
  };
  return record;
}

export function report(online: boolean, firmware: string | null = null, over: Partial<DeviceReport> = {}) {
  const record: DeviceReport = { type: 'state', ...base(over), online, firmware, ...over };
  return record;
}

function base({ atMs = AT_MS }: { atMs?: number }) {
  const receivedAtMs = atMs;
  const clock: DecodedRecord['clock'] = 'device';
  return { index: 0, id: null, atMs, receivedAtMs, clock, timeNs: `${atMs}000001`, duplicate: false };
}

/** A message of the kiosk `k-1` with these records, decoded; of a replay they keep their own first receipt. */
export function decoded(records: DecodedRecord[], over: Partial<Message> & { id?: string } = {}): DecodedMessage {
  const { id = 'k-1', ...rest } = over;
  const offset = rest.offset ?? 0;
  const message: Message = {
    receivedAtMs: AT_MS,
    uplink: 'mqtt',
    channel: 'telemetry',
    topic: `cw/v1/${id}/telemetry`,
    device: { id, kind: 'kiosk', kindVersion: 1, jurisdiction: '330200' },
    connection: 'c1',
    packetId: 1,
    dup: false,
    raw: Buffer.from('{}'),
    lane: 'live',
    incarnation: '',
    offset,
    endOffset: offset + MESSAGE_BYTES,
    ...rest,
  };
  const { receivedAtMs } = message;
  const told = message.uplink === 'replay' ? records : records.map((record) => ({ ...record, receivedAtMs }));
  return { message, records: told, refusals: [] };
}

export function batch(messages: DecodedMessage[], lane: Lane = 'live'): DecodedBatch {
  const from = messages[0]?.message.offset ?? 0;
  return { lane, from, to: messages.at(-1)?.message.endOffset ?? from, messages };
}

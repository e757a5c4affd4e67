import { createHmac } from 'node:crypto';
import { hashPlate, maskPlate, normalizePlate, platesIn } from '../core/plates.ts';
import type { DecodedBatch, DeviceEvent, Message } from '../core/types.ts';
import type { PlateSeal } from './seal.ts';

export interface PassageRow {
  device: string;
  at_ms: number;
  identity: string;
  event: string;
  kind: string;
  jurisdiction: string;
  received_at_ms: number;
  clock: string;
  event_id: string | null;
  lane: string;
  journal_offset: number;
  /** Life of the journal; empty in rows of versions without it. */
  incarnation: string;
  record_index: number;
  plate_hash: Buffer | null;
  plate_masked: string | null;
  plate_sealed: Buffer | null;
  /** 0 for the row that stands for the passage, then one for each further plate of the same vehicle. */
  ordinal: number;
  /** JSON text on its way in, parsed on its way out. */
  data: unknown;
}

export interface PassageTables {
  passage: PassageRow;
  passage_device: { device: string };
}

/** A record of a batch, as its reader names it. */
export interface RecordPlace {
  offset: number;
  index: number;
}

/** What stands between the plates and whoever reads the table. */
export interface PlateKeys {
  /** Key of the hashes, 32 bytes. */
  hash: Buffer;
  seal: PlateSeal;
}

const HASH_BYTES = 16;

/** What a plate is found by. */
export function plateHash(key: Buffer, plate: string): Buffer {
  return Buffer.from(hashPlate(key, plate), 'hex').subarray(0, HASH_BYTES);
}

/** What the sealed plate of a row is bound to. */
export function ownerOf({ device, identity }: Pick<PassageRow, 'device' | 'identity'>): string {
  return `passage/${device}/${identity.replaceAll('-', '')}`;
}

/**
 * The rows of a batch. Which event is a passage is said by its kind: one with a field that holds a plate. What came
 * before, or stands in the dead letters because no store takes it, has none.
 */
export function rowsOf(batch: DecodedBatch, rejected: readonly RecordPlace[], keys: PlateKeys): PassageRow[] {
  const rows: PassageRow[] = [];
  const refused = new Set(rejected.map(({ offset, index }) => `${offset}:${index}`));
  for (const { message, records } of batch.messages) {
    if (message.channel !== 'event') continue;
    for (const record of records) {
      if (record.type !== 'event' || record.plates === undefined || record.duplicate) continue;
      if (refused.size > 0 && refused.has(`${message.offset}:${record.index}`)) continue;
      rows.push(...rowsOfEvent(message, record, keys));
    }
  }
  return rows;
}

function rowsOfEvent(message: Message, record: DeviceEvent, keys: PlateKeys): PassageRow[] {
  const fields = record.plates ?? [];
  const read = fields.filter((field) => platesOf(record, field).length > 0);
  const rest = [...record.data].filter(([field]) => !fields.includes(field));
  const data = JSON.stringify(Object.fromEntries(rest));
  // A vehicle whose plate was not read still passed.
  return (read.length > 0 ? read : [null]).flatMap((field) => {
    const row: PassageRow = {
      device: message.device.id,
      at_ms: record.atMs,
      identity: identityOf(record, field, keys.hash),
      event: record.event,
      kind: message.device.kind,
      jurisdiction: message.device.jurisdiction,
      received_at_ms: message.receivedAtMs,
      clock: record.clock,
      event_id: record.id,
      lane: message.lane,
      journal_offset: message.offset,
      incarnation: message.incarnation,
      record_index: record.index,
      data,
      plate_hash: null,
      plate_masked: null,
      plate_sealed: null,
      ordinal: 0,
    };
    if (field === null) return row;
    const plates = platesOf(record, field);
    // Each is found by its own hash and tells all of them, so that whoever finds one knows the vehicle.
    return plates.map((plate, ordinal) => {
      const identity = ordinal === 0 ? row.identity : identityOf(record, `${field}#${ordinal}`, keys.hash);
      return {
        ...row,
        identity,
        ordinal,
        plate_hash: plateHash(keys.hash, plate),
        plate_masked: plates.map((each) => maskPlate(normalizePlate(each))).join('|'),
        plate_sealed: keys.seal.seal(plates.join('|'), ownerOf({ device: row.device, identity })),
      };
    });
  });
}

/** The plates in a field; none where none was read. */
function platesOf({ data }: DeviceEvent, field: string): string[] {
  const text = data.get(field);
  return typeof text === 'string' ? platesIn(text) : [];
}

/**
 * As the duplicate index tells records apart, but for ever and over both lanes: by the device's own id, else by content
 * and the time of its point (which has the journal position in it where there is no other identity). Keyed, because a
 * hash of all but a few characters tells those few.
 */
function identityOf(record: DeviceEvent, field: string | null, key: Buffer): string {
  const content =
    record.id === null
      ? JSON.stringify(['content', record.timeNs, record.event, field, [...record.data]])
      : JSON.stringify(['id', record.id, field]);
  return createHmac('sha256', key).update('identity').update(content).digest('hex').slice(0, 32);
}

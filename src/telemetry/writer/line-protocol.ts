import { maskPlates } from '../../core/plates.ts';
import type { DecodedRecord, DeviceEvent, DeviceIdentity, FieldValue } from '../../core/types.ts';

/**
 * InfluxDB line protocol, built as strings without an object per point. Measurement = kind, tags `dev`, `jur` and at
 * most one that the kind names (a lane, a channel), everything else a field; all numbers are floats for ever, because
 * 1.x refuses a second type of one field.
 */

/** Fields that a device's kind never names: they carry events, state reports and our own marks. */
export const EVENT_FIELD = 'event';
export const EVENT_ID_FIELD = 'event_id';
export const EVENT_DATA_FIELD = 'event_data';
export const ONLINE_FIELD = 'online';
export const FIRMWARE_FIELD = 'firmware';
export const RECEIVED_FIELD = 'recv_ms';
export const CLOCK_FIELD = 'clk';

/** Names that InfluxDB drops without a word (`time`), or that would be field and tag at once. */
const OWN_FIELDS = [EVENT_FIELD, EVENT_ID_FIELD, EVENT_DATA_FIELD, RECEIVED_FIELD, CLOCK_FIELD];
const UNUSABLE_FIELDS = new Set(['time', 'dev', 'jur', ...OWN_FIELDS]);

/** Why a record cannot be written as a line; the codes are those of dead letters. */
export interface LineRefusal {
  reason: 'line.name' | 'line.not-finite' | 'line.not-unicode';
  detail: string;
}

/**
 * Names and tags have no way to write a control character, and a backslash there swallows the separator after it, so
 * both are refused; a leading `#` would make the whole line a comment.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const UNWRITABLE_NAME = /[\u0000-\u001f\u007f\\]|^#|^$/;
const PLAIN_NAME = /^[A-Za-z0-9_.-]+$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Measurement, tag value, tag key or field key; null when it cannot be written. */
export function name(text: string): string | null {
  if (PLAIN_NAME.test(text)) return text;
  if (UNWRITABLE_NAME.test(text) || LONE_SURROGATE.test(text)) return null;
  return text.replace(/[,= ]/g, '\\$&');
}

/** A measurement takes `=` as it is; escaped, the backslash would become part of its name. */
export function measurement(text: string): string | null {
  if (PLAIN_NAME.test(text)) return text;
  if (UNWRITABLE_NAME.test(text) || LONE_SURROGATE.test(text)) return null;
  return text.replace(/[, ]/g, '\\$&');
}

/** A quoted string field; line breaks and other control characters are kept exactly. Null for a lone surrogate. */
export function quoted(text: string): string | null {
  if (LONE_SURROGATE.test(text)) return null;
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Measurement and tags of a device, the part all of its lines share. */
export function seriesOf(device: DeviceIdentity): string | LineRefusal {
  const parts = [measurement(device.kind), name(device.id), name(device.jurisdiction)];
  if (parts.includes(null)) return refuse('line.name', `${device.kind}, ${device.id}, ${device.jurisdiction}`);
  return `${parts[0]},dev=${parts[1]},jur=${parts[2]} `;
}

/**
 * The line of one record.
 * @param series what {@link seriesOf} gave for the record's device
 * @param receivedAtMs receipt time of the record's message, kept as the field `recv_ms` of events and reports of state:
 * the export tells when these came, and nothing else asks. A reading has it only where it has no other field.
 */
export function lineOf(series: string, receivedAtMs: number, record: DecodedRecord): string | LineRefusal {
  const fields = fieldsOf(record);
  if (typeof fields !== 'string') return fields;
  const mark = record.clock === 'refused' ? `${CLOCK_FIELD}=1,` : '';
  const head = record.tag === undefined ? series : taggedSeries(series, record.tag, record);
  if (typeof head !== 'string') return head;
  const received = record.type === 'reading' && fields !== '' ? '' : `${RECEIVED_FIELD}=${receivedAtMs},`;
  return `${head}${(fields + received + mark).slice(0, -1)} ${record.timeNs}`;
}

/** The series with the structural tag: the kind lets only short enums and small whole numbers be one. */
function taggedSeries(series: string, tag: string, record: DecodedRecord): string | LineRefusal {
  const values = record.type === 'reading' ? record.values : record.type === 'event' ? record.data : null;
  const key = UNUSABLE_FIELDS.has(tag) ? null : name(tag);
  const value = name(String(values?.get(tag) ?? ''));
  return key === null || value === null ? refuse('line.name', tag) : `${series.slice(0, -1)},${key}=${value} `;
}

/** `a=1,b=true,`: every field with a comma behind it. */
function fieldsOf(record: DecodedRecord): string | LineRefusal {
  if (record.type === 'reading') return readingFields(record.values, record.tag);
  if (record.type === 'state') {
    const firmware = record.firmware === null ? '' : quoted(record.firmware);
    if (firmware === null) return refuse('line.not-unicode', FIRMWARE_FIELD);
    return `${ONLINE_FIELD}=${record.online},${firmware && `${FIRMWARE_FIELD}=${firmware},`}`;
  }
  const type = quoted(record.event);
  const id = record.id === null ? '' : quoted(record.id);
  // JSON text escapes lone surrogates itself, so it can always be quoted.
  const data = quoted(JSON.stringify(Object.fromEntries(record.plates ? withoutPlates(record) : record.data)));
  if (type === null || id === null) return refuse('line.not-unicode', EVENT_FIELD);
  return `${EVENT_FIELD}=${type},${id && `${EVENT_ID_FIELD}=${id},`}${EVENT_DATA_FIELD}=${data},`;
}

/** Who reads the time series leaves no row in the access register, so a plate is not told whole there. */
function withoutPlates({ data, plates = [] }: DeviceEvent): DeviceEvent['data'] {
  const masked = new Map(data);
  for (const field of plates) {
    const plate = data.get(field);
    if (typeof plate === 'string') masked.set(field, maskPlates(plate));
  }
  return masked;
}

/**
 * Joined from parts: a string grown by `+=` is kept by V8 as a tree of its pieces until the request is put together,
 * and collecting those trees costs more than building the lines.
 */
function readingFields(values: ReadonlyMap<string, FieldValue>, tag: string | undefined): string | LineRefusal {
  const parts: string[] = [];
  for (const [field, value] of values) {
    if (field === tag) continue;
    const key = UNUSABLE_FIELDS.has(field) ? null : name(field);
    if (key === null) return refuse('line.name', field);
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) return refuse('line.not-finite', field);
      // String(-0) is "0"; InfluxDB keeps the sign.
      parts.push(Object.is(value, -0) ? `${key}=-0` : `${key}=${value}`);
    } else if (typeof value === 'boolean') {
      parts.push(`${key}=${value}`);
    } else {
      const text = quoted(value);
      if (text === null) return refuse('line.not-unicode', field);
      parts.push(`${key}=${text}`);
    }
  }
  parts.push('');
  return parts.join(',');
}

function refuse(reason: LineRefusal['reason'], detail: string): LineRefusal {
  return { reason, detail: printable(detail) };
}

const DETAIL_LENGTH_MAX = 200;

/** Foreign text made short and safe to print. */
export function printable(text: string): string {
  const cut = text.length > DETAIL_LENGTH_MAX ? `${text.slice(0, DETAIL_LENGTH_MAX)}…` : text;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Surrogate}\u2028\u2029]/gu, '?');
}

import { isBelieved } from '../../core/device-time.ts';
import type { Declared } from '../../core/forbidden/find.ts';
import { holdsGrownIdentity, holdsIssuedCard, holdsMac } from '../../core/forbidden/values.ts';
import { isInternal } from '../../core/internal-records.ts';
import type { DecodedRecord, DeviceEvent, FieldValue, Message, Reading, Refusal } from '../../core/types.ts';
import { type Codec, PAYLOAD_LIMITS } from './codecs/codec.ts';
import { hasUnderflow } from './codecs/json.ts';
import type { CompiledEvent } from './compiled-field.ts';
import type { CompiledKind } from './compiled-kind.ts';
import { codecOf } from './content.ts';
import { hideForbidden } from './forbidden.ts';
import { endHash, hashNumber, hashText, hashWord, hexOf, startHash, timeNsOf } from './hash.ts';
import { HIDDEN, type RefusalReason, refusal } from './refusals.ts';
import { type ReplayOrigin, replayOrigin } from './replay-origin.ts';
import type { Scratch, Values } from './scratch.ts';
import { readShape, type Shapes, tsOf, typeOf } from './shape.ts';
import { isPlainText, readGeneric, readText, readValues } from './values.ts';

/** Records of one message at most; a longer backfill is sent in parts. */
const RECORDS_MAX = 1000;
const ID_LENGTH_MAX = 128;
const FIRMWARE_LENGTH_MAX = 64;

/**
 * By what a repetition of a record is recognised: its `id`, or its time, where that is believed, and its content. Null
 * where nothing need be remembered: a reading with a time of its own overwrites itself in the store, and a record
 * without a believed `ts` and without `id` has no identity.
 */
export type Identity = string | null;

export interface Decoded {
  records: DecodedRecord[];
  /** For each record, in step with `records`. */
  identities: Identity[];
  refusals: Refusal[];
}

interface Scope {
  message: Message;
  kind: CompiledKind | null;
  /** From a replay: when the message was really received and where it stood. */
  origin: ReplayOrigin | null;
  receivedAtMs: number;
  digits: string;
  scratch: Scratch;
  /** Whether `digits` have a number that became 0; null until a record asks. */
  underflow: boolean | null;
}

/**
 * Decodes a message by its kind, null for one that is not known. A pure function of the two, so every reader and every
 * replay gets the same records with the same point times. Never throws; never keeps a reference to more than the texts
 * it returns. {@link Decoder} is what calls it.
 */
export function decodeMessage(message: Message, kind: CompiledKind | null, scratch: Scratch): Decoded {
  const codec = codecOf(message, kind);
  const decoded = decode(message, kind, codec, scratch);
  const hasUnread = kind?.ignores || message.channel === 'reply';
  if (decoded.refusals.length === 0 && !hasUnread) return decoded;
  const hidden = hideForbidden(decoded.refusals, message.raw, { codec, declared: kind?.declared ?? NOTHING });
  const whole = hidden && decoded.refusals.some(({ index }) => index === null);
  return whole ? { records: [], identities: [], refusals: decoded.refusals.slice(0, 1) } : decoded;
}

const NOTHING: Declared = new Map();

function decode(message: Message, kind: CompiledKind | null, codec: Codec, scratch: Scratch): Decoded {
  if (!kind && !isInternal(message))
    return refused('unknown-kind', `${message.device.kind}@${message.device.kindVersion}`);
  const parsed = codec.parse(message.raw, PAYLOAD_LIMITS);
  if ('reason' in parsed) return refused(parsed.reason, `${message.raw.length} bytes`);
  const origin = replayOrigin(message);
  const receivedAtMs = origin?.receivedAtMs ?? message.receivedAtMs;
  const scope = { message, kind, origin, receivedAtMs, digits: parsed.digits, scratch, underflow: null };
  const decoded: Decoded = { records: [], identities: [], refusals: [] };
  const { value } = parsed;
  if (!Array.isArray(value)) readRecord(value, 0, scope, decoded);
  else if (value.length === 0) return refused('empty', '[]');
  else if (value.length > RECORDS_MAX) return refused('too-many-records', `array of ${value.length}`);
  else {
    const only = origin?.index ?? null;
    for (let index = 0; index < value.length; index += 1) {
      if (only === null || only === index) readRecord(value[index], index, scope, decoded);
    }
  }
  return decoded;
}

function refused(reason: RefusalReason, value: string): Decoded {
  return { records: [], identities: [], refusals: [{ ...refusal(null, reason, '', ''), value }] };
}

type Given = Record<string, unknown>;

function readRecord(value: unknown, index: number, scope: Scope, decoded: Decoded): void {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  const outcome = isRecord ? readChannel(value as Given, index, scope) : scope.scratch.fail('not-an-object', '', value);
  if (outcome === 'none') return;
  if (outcome) {
    decoded.records.push(outcome);
    decoded.identities.push(scope.scratch.identity);
    return;
  }
  const { problem } = scope.scratch;
  decoded.refusals.push({ ...refusal(index, problem.reason, problem.path, ''), value: problem.value });
}

function readChannel(given: Given, index: number, scope: Scope): DecodedRecord | 'none' | null {
  switch (scope.message.channel) {
    case 'telemetry':
      return readReading(given, index, scope);
    case 'event':
      return readEvent(given, index, scope);
    case 'state':
      return readState(given, index, scope);
    case 'reply':
      return checkReply(given, scope.scratch) ? 'none' : null;
  }
}

function readReading(given: Given, index: number, scope: Scope): DecodedRecord | null {
  const kind = scope.kind!;
  if (kind.shapes) return readShapedReading(given, index, scope, kind.shapes);
  for (const key in given)
    if (key !== 'values' && key !== 'ts' && key !== 'id') return scope.scratch.fail('unknown-key', key, given[key]);
  const { values } = given;
  if (!isObject(values))
    return scope.scratch.fail(values === undefined ? 'missing-key' : 'wrong-type', 'values', values);
  const read = readValues(values, kind.fields, 'values', scope.scratch);
  return read && reading(read, given, index, scope);
}

function readShapedReading(given: Given, index: number, scope: Scope, shapes: Shapes): DecodedRecord | null {
  const { scratch } = scope;
  if (!readShape(given, shapes.telemetry, scratch)) return null;
  return reading(scratch.values, { ts: tsOf(scratch.ts, shapes), id: scratch.id }, index, scope);
}

function reading(values: Values, given: Given, index: number, scope: Scope): DecodedRecord | null {
  const { tag, plates } = scope.kind!;
  const tagged = tag !== undefined && values.has(tag);
  if (values.size === (tagged ? 1 : 0)) return scope.scratch.fail('no-values', 'values', given.values);
  if (scope.scratch.content.zeros && lostNumber(scope)) return scope.scratch.fail('not-exact', 'values', given.values);
  const base = readBase(given, index, scope);
  if (!base) return null;
  const record: Reading = { type: 'reading', ...base, values: values as Map<string, FieldValue> };
  if (tagged) record.tag = tag;
  if (plates) record.plates = plates;
  return record;
}

/** Looked for once, however many records of the message hold a 0. */
function lostNumber(scope: Scope): boolean {
  scope.underflow ??= hasUnderflow(scope.digits);
  return scope.underflow;
}

function readEvent(given: Given, index: number, scope: Scope): DecodedRecord | null {
  const shapes = scope.kind?.shapes;
  if (shapes && !isInternal(scope.message)) return readShapedEvent(given, index, scope, shapes);
  for (const key in given) {
    if (key !== 'type' && key !== 'data' && key !== 'ts' && key !== 'id')
      return scope.scratch.fail('unknown-key', key, given[key]);
  }
  const { type, data } = given;
  if (typeof type !== 'string')
    return scope.scratch.fail(type === undefined ? 'missing-key' : 'wrong-type', 'type', type);
  const spec = scope.kind?.events.get(type);
  const ours = !spec && isInternal(scope.message) && type.length <= ID_LENGTH_MAX && isPlainText(type);
  if (!spec && !ours) return scope.scratch.fail('unknown-event', 'type', type);
  if (data !== undefined && !isObject(data)) return scope.scratch.fail('wrong-type', 'data', data);
  const read = spec
    ? readValues(data ?? {}, spec.fields, 'data', scope.scratch)
    : readGeneric(data ?? {}, 'data', scope.scratch);
  return read && eventOf({ type, spec, data: read }, given, index, scope);
}

function readShapedEvent(given: Given, index: number, scope: Scope, shapes: Shapes): DecodedRecord | null {
  const { scratch } = scope;
  const type = typeOf(given, shapes, scratch);
  if (type === null) return null;
  const tree = shapes.events.get(type);
  if (!tree) return scratch.fail('unknown-event', shapes.type.join('.'), type);
  if (!readShape(given, tree, scratch)) return null;
  const found = { type, spec: scope.kind?.events.get(type), data: scratch.values };
  return eventOf(found, { type, ts: tsOf(scratch.ts, shapes), id: scratch.id }, index, scope);
}

interface FoundEvent {
  type: string;
  spec: CompiledEvent | undefined;
  data: Values;
}

function eventOf({ type, spec, data }: FoundEvent, given: Given, index: number, scope: Scope): DecodedRecord | null {
  for (const name of spec?.required ?? [])
    if (!data.has(name)) return scope.scratch.fail('missing-key', `data.${name}`, undefined);
  if (scope.scratch.content.zeros && lostNumber(scope)) return scope.scratch.fail('not-exact', 'data', given.data);
  const base = readBase(given, index, scope);
  if (!base) return null;
  const record: DeviceEvent = { type: 'event', ...base, event: type, data };
  if (spec?.tag !== undefined && data.has(spec.tag)) record.tag = spec.tag;
  if (spec?.plates) record.plates = spec.plates;
  return record;
}

function readState(given: Given, index: number, scope: Scope): DecodedRecord | null {
  for (const key in given)
    if (key !== 'online' && key !== 'firmware') return scope.scratch.fail('unknown-key', key, given[key]);
  const { online, firmware } = given;
  if (typeof online !== 'boolean')
    return scope.scratch.fail(online === undefined ? 'missing-key' : 'wrong-type', 'online', online);
  let version: string | null = null;
  if (firmware !== undefined && firmware !== null) {
    version = readText(firmware, FIRMWARE_LENGTH_MAX, scope.scratch);
    if (version === null) {
      scope.scratch.problem.path = 'firmware';
      return null;
    }
  }
  const base = readBase(given, index, scope);
  return base && { type: 'state', ...base, online, firmware: version };
}

/** A reply goes to whoever sent the command; here only its form is judged. */
function checkReply(given: Given, scratch: Scratch): boolean {
  for (const key in given) {
    if (key !== 'id' && key !== 'ok' && key !== 'result') return scratch.fail('unknown-key', key, given[key]) !== null;
  }
  const { id, ok } = given;
  if (typeof ok !== 'boolean') return scratch.fail(ok === undefined ? 'missing-key' : 'wrong-type', 'ok', ok) !== null;
  if (id === undefined) return scratch.fail('missing-key', 'id', id) !== null;
  return readId(id, scratch) !== null;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readId(id: unknown, scratch: Scratch): string | null {
  if (typeof id !== 'string') return scratch.fail('wrong-type', 'id', id);
  if (id.length === 0) return scratch.fail('missing-key', 'id', id);
  if (id.length > ID_LENGTH_MAX) return scratch.fail('too-long', 'id', id);
  if (holdsGrownIdentity(id)) return scratch.fail('forbidden-identity', 'id', HIDDEN);
  if (holdsIssuedCard(id)) return scratch.fail('forbidden-card', 'id', HIDDEN);
  if (holdsMac(id)) return scratch.fail('forbidden-mac', 'id', HIDDEN);
  return isPlainText(id) ? id : scratch.fail('not-text', 'id', id);
}

/** Channels differ in the seed, so an event never has the point time of a reading with the same id. */
const SEEDS = { telemetry: 1, event: 2, state: 3, reply: 4 };

type Base = Pick<DecodedRecord, 'index' | 'id' | 'atMs' | 'receivedAtMs' | 'clock' | 'timeNs' | 'duplicate'>;

/**
 * Time and identity. `scratch.content` must be that of this record. A time that is not believed is no part of an
 * identity: a
 * clock that stands at 0 would make all equal readings one, and the second fire a repetition of the first.
 */
function readBase(given: Given, index: number, { message, origin, receivedAtMs, scratch }: Scope): Base | null {
  const { hash, content } = scratch;
  const { ts } = given;
  const id = given.id === undefined ? null : readId(given.id, scratch);
  if (given.id !== undefined && id === null) return null;
  if (ts !== undefined && typeof ts !== 'number') return scratch.fail('wrong-type', 'ts', ts);
  if (ts !== undefined && !Number.isInteger(ts)) {
    return scratch.fail(Number.isFinite(ts) ? 'not-whole' : 'not-finite', 'ts', ts);
  }
  const clock = ts === undefined ? 'receipt' : isBelieved(ts, receivedAtMs) ? 'device' : 'refused';
  if (clock !== 'device' && message.lane === 'bulk') return scratch.fail('no-time', 'ts', ts);
  const atMs = clock === 'device' ? (ts as number) : receivedAtMs;
  const { channel } = message;
  startHash(hash, SEEDS[channel]);
  const remembered = channel === 'event' || clock !== 'device';
  scratch.identity = null;
  if (id !== null) {
    hashText(hash, id);
    if (remembered) scratch.identity = `i${id}`;
  } else if (clock === 'device') {
    if (channel === 'event') hashText(hash, given.type as string);
    hashNumber(hash, atMs, scratch.bits);
    hashWord(hash, content.a);
    hashWord(hash, content.b);
  } else {
    hashNumber(hash, origin?.offset ?? message.offset, scratch.bits);
    hashWord(hash, index);
  }
  endHash(hash);
  if (remembered && id === null && clock === 'device') scratch.identity = `t${atMs}.${hexOf(hash)}`;
  return { index, id, atMs, receivedAtMs, clock, timeNs: timeNsOf(atMs, hash), duplicate: false };
}

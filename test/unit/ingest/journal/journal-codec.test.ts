import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import t from 'tap';
import type { NewMessage } from '../../../../src/core/types.ts';
import {
  checkEncodable,
  decodeRecord,
  encodeRecord,
  isRecord,
  PACKET_ID_MAX,
  plausibleLength,
  RAW_BYTES_MAX,
  RECORD_BYTES_MAX,
  roomFor,
} from '../../../../src/ingest/journal/codec.ts';
import { decodeHeader, encodeHeader, HEADER_BYTES } from '../../../../src/ingest/journal/segments/header.ts';
import { UplinkNumbers } from '../../../../src/ingest/journal/uplink-numbers.ts';
import { anyCharacter } from '../../../support/any-text.ts';
import { kioskMessage } from '../../../support/ingest/journal.ts';

const uplinks = new UplinkNumbers([{ name: 'lines', diskNumber: 201 }]);
const text = (maxLength: number) => fc.string({ unit: anyCharacter, maxLength });
const message: fc.Arbitrary<NewMessage> = fc.record({
  receivedAtMs: fc.integer({ min: 0, max: 0xffffffffffff }),
  uplink: fc.constantFrom('mqtt', 'http', 'onvif', 'internal', 'replay', 'lines', 'uplink-7'),
  channel: fc.constantFrom('telemetry', 'event', 'state', 'reply'),
  topic: text(200),
  device: fc.record({
    id: text(60),
    kind: text(60),
    kindVersion: fc.integer({ min: 0, max: 0xffffffff }),
    jurisdiction: text(12),
  }),
  connection: text(60),
  packetId: fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0, max: PACKET_ID_MAX })),
  dup: fc.boolean(),
  raw: fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
});
const offset = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1e6 });
const salt = fc.integer({ min: 0, max: 0xffffffff });

t.test('a record comes back as it was written, wherever it stands', async (t) => {
  const property = fc.property(message, offset, salt, fc.nat(50), (given, at, secret, before) => {
    const place = { lane: 'bulk' as const, offset: at, salt: secret, incarnation: '0a0b0c0d' };
    const bytes = Buffer.alloc(before + roomFor(given));
    const end = encodeRecord({ message: given, place, uplinks }, bytes, before);
    if (!isRecord(bytes, before, place)) return false;
    const { lane, incarnation, offset: from, endOffset, ...rest } = decodeRecord(bytes, before, place, uplinks);
    t.same(rest, given);
    t.same({ lane, from, length: endOffset - from }, { lane: 'bulk', from: at, length: end - before });
    t.equal(incarnation, '0a0b0c0d');
    return true;
  });
  fc.assert(property, { numRuns: 500 });
});

t.test('a changed bit, another place or another file makes it no record', async (t) => {
  const property = fc.property(message, offset, salt, fc.nat(), (given, at, secret, pick) => {
    const place = { lane: 'live' as const, offset: at, salt: secret };
    const room = Buffer.alloc(roomFor(given));
    const bytes = room.subarray(0, encodeRecord({ message: given, place, uplinks }, room, 0));
    t.notOk(isRecord(bytes, 0, { ...place, offset: at + 1 }));
    t.notOk(isRecord(bytes, 0, { ...place, salt: secret ^ 1 }));
    t.notOk(isRecord(bytes, 0, { ...place, lane: 'bulk' }));
    const bit = pick % (bytes.length * 8);
    bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7));
    t.notOk(isRecord(bytes, 0, place), `bit ${bit}`);
  });
  fc.assert(property, { numRuns: 300 });
});

t.test('what does not fit is refused by name before anything is written', async (t) => {
  const device = kioskMessage().device;
  t.throws(() => checkEncodable(kioskMessage({ raw: Buffer.alloc(RAW_BYTES_MAX + 1) }), uplinks), /raw: 1048577 bytes/);
  t.throws(() => checkEncodable(kioskMessage({ topic: 'x'.repeat(65536) }), uplinks), /topic: 65536 bytes/);
  t.throws(
    () => checkEncodable(kioskMessage({ device: { ...device, kind: '字'.repeat(86) } }), uplinks),
    /kind: 258 bytes/,
  );
  t.throws(() => checkEncodable(kioskMessage({ connection: 'x'.repeat(256) }), uplinks), /connection/);
  t.doesNotThrow(() =>
    checkEncodable(kioskMessage({ connection: 'x'.repeat(255), topic: 'x'.repeat(65535) }), uplinks),
  );
});

t.test('a number that no record holds is answered, not tried again for ever', async (t) => {
  const device = kioskMessage().device;
  const wrong: [string, Partial<NewMessage>][] = [
    ['packetId', { packetId: PACKET_ID_MAX + 1 }],
    ['packetId', { packetId: -1 }],
    ['packetId', { packetId: 1.5 }],
    ['receivedAtMs', { receivedAtMs: -1 }],
    ['receivedAtMs', { receivedAtMs: 2 ** 48 }],
    ['device.kindVersion', { device: { ...device, kindVersion: 2 ** 32 } }],
    ['uplink', { uplink: 'pigeon' }],
    ['uplink', { uplink: 'uplink-256' }],
  ];
  for (const [path, change] of wrong) {
    t.throws(() => checkEncodable(kioskMessage(change), uplinks), {
      code: 'request.invalid',
      retryable: false,
      issues: [{ path }],
    });
  }
  t.doesNotThrow(() => checkEncodable(kioskMessage({ packetId: PACKET_ID_MAX }), uplinks));
});

t.test('only a place that needs more than 16 bits makes a record longer', async (t) => {
  const place = { lane: 'live' as const, offset: 4096, salt: 7 };
  const written = (packetId: number): Buffer => {
    const given = kioskMessage({ packetId });
    const room = Buffer.alloc(roomFor(given));
    return room.subarray(0, encodeRecord({ message: given, place, uplinks }, room, 0));
  };
  const [short, long] = [written(0xffff), written(0x10000)];
  t.same([short[8], long[8]], [1, 2], 'version');
  t.equal(long.length - short.length, 6);
  const cut = Buffer.from(long);
  const withoutPayload = long.length - kioskMessage().raw.length;
  cut.writeUInt32LE(withoutPayload, 0);
  t.equal(plausibleLength(cut, 0), withoutPayload);
  cut.writeUInt32LE(withoutPayload - 1, 0);
  t.equal(plausibleLength(cut, 0), 0, 'no room for the place');
});

t.test('the longest message of all is still plausible', async (t) => {
  const text = 'x'.repeat(255);
  const device = { id: text, kind: text, kindVersion: 1, jurisdiction: text };
  const topic = 'x'.repeat(65_535);
  const given = kioskMessage({
    device,
    topic,
    connection: text,
    packetId: PACKET_ID_MAX,
    raw: Buffer.alloc(RAW_BYTES_MAX),
  });
  checkEncodable(given, uplinks);
  const room = Buffer.alloc(roomFor(given));
  const end = encodeRecord({ message: given, place: { lane: 'live', offset: 0, salt: 1 }, uplinks }, room, 0);
  t.equal(end, RECORD_BYTES_MAX);
  t.equal(plausibleLength(room, 0), end);
});

t.test('no number and no name of an uplink has two meanings', async (t) => {
  const taken = [
    { name: 'pigeon', diskNumber: 0 },
    { name: 'mqtt', diskNumber: 9 },
    { name: 'internal', diskNumber: 9 },
    { name: 'uplink-9', diskNumber: 10 },
    { name: 'pigeon', diskNumber: 256 },
  ];
  for (const uplink of taken) t.throws(() => new UplinkNumbers([uplink]), RangeError, `${uplink.name}`);
  const mqtt = { name: 'mqtt', diskNumber: 0 };
  t.equal(new UplinkNumbers([mqtt, mqtt]).numberOf('mqtt'), 0, 'two ways of one protocol share both');
  t.equal(uplinks.numberOf('uplink-201'), undefined, 'it has a name now');
});

t.test('a record of an uplink that this version does not know is read', async (t) => {
  const given = kioskMessage({ uplink: 'uplink-200' });
  checkEncodable(given, uplinks);
  const place = { lane: 'live' as const, offset: 0, salt: 1, incarnation: '0a0b0c0d' };
  const room = Buffer.alloc(roomFor(given));
  encodeRecord({ message: given, place, uplinks }, room, 0);
  t.equal(room[10], 200);
  t.ok(isRecord(room, 0, place));
  t.equal(decodeRecord(room, 0, place, uplinks).uplink, 'uplink-200');
});

t.test('a segment header comes back, and a damaged one is not believed', async (t) => {
  const header = {
    lane: 'live' as const,
    base: 2 ** 40,
    previousEnd: 2 ** 40 - 5,
    createdAtMs: 1_767_571_200_000,
    previousFirstAtMs: 1,
    previousLastAtMs: 2,
    salt: 0xdeadbeef,
    incarnation: '0a0b0c0d',
  };
  const bytes = encodeHeader(header);
  t.equal(bytes.length, HEADER_BYTES);
  t.same(decodeHeader(bytes), header);
  for (let at = 0; at < HEADER_BYTES; at += 1) {
    const broken = Buffer.from(bytes);
    broken[at] = broken[at]! ^ 0x10;
    t.equal(decodeHeader(broken), null, `byte ${at}`);
  }
  t.equal(decodeHeader(bytes.subarray(0, 63)), null);
  const nameless = { ...header, incarnation: '' };
  t.same(decodeHeader(encodeHeader(nameless)), nameless, 'of a version that knew no lives');
});

t.test('the example in docs/journal-format.md is what is written', async (t) => {
  const text = await readFile(new URL('../../../../docs/journal-format.md', import.meta.url), 'utf8');
  const hex = /```\n([0-9a-f \n]+)\n```/.exec(text)?.[1] ?? '';
  const documented = Buffer.from(hex.replace(/\s/g, ''), 'hex');
  const given = kioskMessage({ dup: true, packetId: 7 });
  const place = { lane: 'live' as const, offset: 4096, salt: 0x01020304 };
  const room = Buffer.alloc(roomFor(given));
  t.same(room.subarray(0, encodeRecord({ message: given, place, uplinks }, room, 0)), documented);
  t.ok(isRecord(documented, 0, place));
});

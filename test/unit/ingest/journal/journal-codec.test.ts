import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import t from 'tap';
import type { NewMessage } from '../../../../src/core/types.ts';
import {
  checkEncodable,
  decodeRecord,
  encodeRecord,
  isRecord,
  RAW_BYTES_MAX,
  roomFor,
} from '../../../../src/ingest/journal/codec.ts';
import { decodeHeader, encodeHeader, HEADER_BYTES } from '../../../../src/ingest/journal/segments/header.ts';
import { kioskMessage } from '../../../support/journal.ts';

const text = (maxLength: number) => fc.string({ unit: 'binary', maxLength });
const message: fc.Arbitrary<NewMessage> = fc.record({
  receivedAtMs: fc.integer({ min: 0, max: 0xffffffffffff }),
  uplink: fc.constantFrom('mqtt', 'http', 'onvif', 'internal', 'replay'),
  channel: fc.constantFrom('telemetry', 'event', 'state', 'reply'),
  topic: text(200),
  device: fc.record({
    id: text(60),
    kind: text(60),
    kindVersion: fc.integer({ min: 0, max: 0xffffffff }),
    jurisdiction: text(12),
  }),
  connection: text(60),
  packetId: fc.integer({ min: 0, max: 0xffff }),
  dup: fc.boolean(),
  raw: fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
});
const offset = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1e6 });
const salt = fc.integer({ min: 0, max: 0xffffffff });

t.test('a record comes back as it was written, wherever it stands', async (t) => {
  const property = fc.property(message, offset, salt, fc.nat(50), (given, at, secret, before) => {
    const place = { lane: 'bulk' as const, offset: at, salt: secret, incarnation: '0a0b0c0d' };
    const bytes = Buffer.alloc(before + roomFor(given));
    const end = encodeRecord(given, place, bytes, before);
    if (!isRecord(bytes, before, place)) return false;
    const { lane, incarnation, offset: from, endOffset, ...rest } = decodeRecord(bytes, before, place);
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
    const bytes = room.subarray(0, encodeRecord(given, place, room, 0));
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
  t.throws(() => checkEncodable(kioskMessage({ raw: Buffer.alloc(RAW_BYTES_MAX + 1) })), /raw: 1048577 bytes/);
  t.throws(() => checkEncodable(kioskMessage({ topic: 'x'.repeat(65536) })), /topic: 65536 bytes/);
  t.throws(() => checkEncodable(kioskMessage({ device: { ...device, kind: '字'.repeat(86) } })), /kind: 258 bytes/);
  t.throws(() => checkEncodable(kioskMessage({ connection: 'x'.repeat(256) })), /connection/);
  t.throws(() => checkEncodable(kioskMessage({ packetId: 65536 })), /packetId/);
  t.throws(() => checkEncodable(kioskMessage({ receivedAtMs: -1 })), /receivedAtMs/);
  t.doesNotThrow(() => checkEncodable(kioskMessage({ connection: 'x'.repeat(255), topic: 'x'.repeat(65535) })));
});

t.test('a segment header comes back, and a damaged one is not believed', async (t) => {
  const header = {
    ...{ lane: 'live' as const, base: 2 ** 40, previousEnd: 2 ** 40 - 5, createdAtMs: 1_767_571_200_000 },
    ...{ previousFirstAtMs: 1, previousLastAtMs: 2, salt: 0xdeadbeef, incarnation: '0a0b0c0d' },
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
  t.same(room.subarray(0, encodeRecord(given, place, room, 0)), documented);
  t.ok(isRecord(documented, 0, place));
});

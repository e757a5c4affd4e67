import { encode } from 'cborg';
import type { CodecName } from '../../../src/core/codec-names.ts';

/** What a codec is tried with, written in its format by somebody else. */
export interface CodecWorld {
  write(value: unknown): Buffer;
  /** `depth` lists within each other. */
  nested(depth: number): Buffer;
  /** An object of `count` keys. */
  keys(count: number): Buffer;
  /** Objects with a key twice. */
  repeated: Buffer[];
  /** Texts that are not UTF-8, in a payload that else is right. */
  notUtf8: Buffer[];
  /** What is not of the format at all. */
  broken: Buffer[];
  /** `{"__proto__":{"admin":true},"constructor":1}`. */
  prototypes: Buffer;
  /** `{"a":n}` with an n that is no finite number. */
  notFinite: Buffer[];
  /** `{"a":n}` with an n beyond 2^53, and all its digits. */
  wide: [Buffer, string][];
}

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex');
const manyKeys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, key) => [`k${key}`, 1]));

export const CODEC_WORLDS: Readonly<Record<CodecName, CodecWorld>> = {
  json: {
    write: (value) => Buffer.from(JSON.stringify(value)),
    nested: (depth) => Buffer.from('['.repeat(depth) + ']'.repeat(depth)),
    keys: (count) => Buffer.from(JSON.stringify(manyKeys(count))),
    repeated: [Buffer.from('{"a":1,"a":1}'), Buffer.from('{"x":{"a":1,"\\u0061":2}}')],
    notUtf8: [hex('22 ff 22'), hex('7b22 c3 223a317d')],
    broken: ['{"a":1', '{"a":1}}', 'NaN', '{"a":Infinity}', "{'a':1}", '[1,]', '\ufeff\ufeff1'].map((text) =>
      Buffer.from(text),
    ),
    prototypes: Buffer.from('{"__proto__":{"admin":true},"constructor":1}'),
    notFinite: [Buffer.from('{"a":1e999}'), Buffer.from('{"a":-1e999}')],
    wide: [
      [Buffer.from('{"a":6222021234567890123}'), '6222021234567890123'],
      [Buffer.from('{"a":-18446744073709551616}'), '-18446744073709551616'],
    ],
  },
  cbor: {
    write: (value) => Buffer.from(encode(value)),
    nested: (depth) => Buffer.concat([Buffer.alloc(depth - 1, 0x81), hex('80')]),
    keys: (count) => Buffer.from(encode(manyKeys(count))),
    repeated: [hex('a2 6161 01 6161 01'), hex('a1 6178 bf 6161 01 6161 02 ff'), hex('a2 01 01 6131 02')],
    notUtf8: [hex('61 ff'), hex('a1 62 c328 01'), hex('7f 61c3 61a9 ff'), hex('63 eda080')],
    broken: [
      ...['18', '19 00', '1b 00000000000000', '61', '42 00', '7f 6161', '5f 41', '9f 01', 'bf 6161', '81', 'a1 6161'],
      ...['9b ffffffffffffffff', 'bb 7fffffffffffffff 01', '7b ffffffffffffffff 61', '5b 0000000100000000'],
      ...['1c', '1d', '1e', '1f', '3f', 'df', 'fc', 'ff', '81 ff', 'a1 ff', 'bf 01 ff', '7f 01 ff', '7f 7f 6161 ff ff'],
      ...['01 01', 'f0', 'f8 20', 'e0', 'c1', 'a1 f5 01', 'a1 4161 01', 'a1 80 01', 'a1 f93c00 01', 'a1 c1 01 01'],
    ].map(hex),
    prototypes: hex('a2 69 5f5f70726f746f5f5f a1 65 61646d696e f5 6b 636f6e7374727563746f72 01'),
    notFinite: ['f97e00', 'f97c00', 'f9fc00', 'fa7fc00000', 'fb7ff0000000000000'].map((bits) => hex(`a1 6161 ${bits}`)),
    wide: [
      [hex('a1 6161 1b 5658e54a35a7d0cb'), String(0x5658e54a35a7d0cbn)],
      [hex('a1 6161 3b ffffffffffffffff'), '-18446744073709551616'],
    ],
  },
};

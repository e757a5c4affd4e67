import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { CODEC_NAMES } from '../../../../src/core/codec-names.ts';
import { type Codec, PAYLOAD_LIMITS, type PayloadLimits } from '../../../../src/ingest/decode/codecs/codec.ts';
import { CODECS } from '../../../../src/ingest/decode/codecs/codecs.ts';
import { REFUSALS } from '../../../../src/ingest/decode/refusals.ts';
import { CODEC_WORLDS } from '../../../support/ingest/codec-worlds.ts';
import { countProcessorTime } from '../../../support/time/processor-time.ts';

/** Reads twice, and again from a copy: a pure function says the same each time and leaves the bytes as they were. */
function parse({ parse: run }: Codec, bytes: Buffer, limits: PayloadLimits = PAYLOAD_LIMITS) {
  const copy = Buffer.from(bytes);
  const [first, again] = [run(bytes, limits), run(copy, limits)];
  if (!bytes.equals(copy)) throw new Error('the bytes were changed');
  if (!sameAs(first, again)) throw new Error('read again, they say something else');
  return first;
}

const sameAs = (a: unknown, b: unknown): boolean => shown(a) === shown(b);
const shown = (value: unknown): string =>
  JSON.stringify(value, (_, inner) => (typeof inner === 'number' ? `#${Object.is(inner, -0) ? '-0' : inner}` : inner));

const reasonOf = (codec: Codec, bytes: Buffer, limits?: PayloadLimits): string | null => {
  const parsed = parse(codec, bytes, limits);
  return 'reason' in parsed ? parsed.reason : null;
};

/** Whether there is nothing in it that JSON does not know, but for numbers that are not finite. */
function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  if (typeof value !== 'object' || value === null)
    return ['string', 'number', 'boolean', 'object'].includes(typeof value);
  const isOwn = Object.getPrototypeOf(value) === Object.prototype;
  return isOwn && Reflect.ownKeys(value).every((key) => typeof key === 'string' && isPlain(Reflect.get(value, key)));
}

const content = fc.json({ maxDepth: 6 }).map((text) => JSON.parse(text) as unknown);
const random = fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes));

/** A payload with one byte changed. */
const damaged = (write: (value: unknown) => Buffer) =>
  fc.tuple(content, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([value, place, by]) => {
    const bytes = write(value);
    bytes[place % bytes.length]! ^= by;
    return bytes;
  });

for (const name of CODEC_NAMES) {
  const codec = CODECS[name];
  const world = CODEC_WORLDS[name];

  t.test(`${name}: what was written is read, and told as JSON`, async (t) => {
    t.equal(codec.name, name);
    const property = fc.property(content, (value) => {
      const written = world.write(value);
      const parsed = parse(codec, written);
      if ('reason' in parsed || !isPlain(parsed.value)) return false;
      return isDeepStrictEqual(parsed.value, value) && isDeepStrictEqual(JSON.parse(codec.text(written)), value);
    });
    fc.assert(property, { numRuns: 300 });
  });

  t.test(
    `${name}: what is cut off, damaged or not of the format is refused for a reason of dead letters`,
    async (t) => {
      for (const bytes of world.broken) t.equal(reasonOf(codec, bytes), `not-${name}`, bytes.toString('hex'));
      const whole = world.write({
        id: 'a-1',
        ts: 1_767_571_200_000,
        values: { fill_pct: 82.5, name: '回收', list: [1] },
      });
      for (let end = 1; end < whole.length; end += 1) {
        t.ok(['not-utf8', `not-${name}`].includes(reasonOf(codec, whole.subarray(0, end)) ?? ''), `${end} bytes of it`);
      }
      const property = fc.property(fc.oneof(random, damaged(world.write)), (bytes) => {
        const parsed = parse(codec, bytes);
        if (typeof codec.text(bytes) !== 'string') return false;
        return 'reason' in parsed ? Object.hasOwn(REFUSALS, parsed.reason) : isPlain(parsed.value);
      });
      fc.assert(property, { numRuns: 2000 });
    },
  );

  t.test(`${name}: no more bytes, depth and keys are taken than allowed`, async (t) => {
    t.equal(reasonOf(codec, Buffer.alloc(0)), 'empty');
    t.equal(reasonOf(codec, Buffer.alloc(PAYLOAD_LIMITS.bytes + 1, 0x20)), 'too-large');
    t.equal(reasonOf(codec, world.nested(PAYLOAD_LIMITS.depth)), null);
    for (const depth of [5_000, 100_000]) t.equal(reasonOf(codec, world.nested(depth)), 'too-deep', `${depth} deep`);
    t.equal(reasonOf(codec, world.keys(PAYLOAD_LIMITS.keys)), null);
    t.equal(reasonOf(codec, world.keys(PAYLOAD_LIMITS.keys + 1)), 'too-many-keys');
    const tight = { bytes: PAYLOAD_LIMITS.bytes, depth: 2, keys: 1_000 };
    t.equal(reasonOf(codec, world.nested(5_000), tight), 'too-deep');
    t.equal(reasonOf(codec, world.keys(1_001), tight), 'too-many-keys');
    t.equal(reasonOf(codec, world.keys(10), { ...tight, bytes: 20 }), 'too-large');
  });

  t.test(`${name}: a key comes once, and a text is UTF-8`, async (t) => {
    for (const bytes of world.repeated) t.equal(reasonOf(codec, bytes), 'repeated-key', bytes.toString('hex'));
    for (const bytes of world.notUtf8) t.equal(reasonOf(codec, bytes), 'not-utf8', bytes.toString('hex'));
  });

  t.test(`${name}: a key is a key whatever its name`, async (t) => {
    const parsed = parse(codec, world.prototypes);
    if ('reason' in parsed) return t.fail(parsed.reason);
    const value = parsed.value as Record<string, unknown>;
    t.strictSame(Object.keys(value), ['__proto__', 'constructor']);
    t.equal(Object.getPrototypeOf(value), Object.prototype);
    t.equal(Reflect.get({}, 'admin'), undefined);
  });

  t.test(`${name}: numbers that cannot be kept reach their place, and every digit is told`, async (t) => {
    const numberIn = (bytes: Buffer) => {
      const parsed = parse(codec, bytes);
      return 'reason' in parsed ? parsed.reason : (parsed.value as { a: number }).a;
    };
    for (const bytes of world.notFinite) {
      const number = numberIn(bytes);
      t.ok(typeof number === 'number' && !Number.isFinite(number), bytes.toString('hex'));
    }
    for (const [bytes, digits] of world.wide) {
      t.equal(numberIn(bytes), Number(digits));
      t.match(codec.text(bytes), digits);
    }
  });

  t.test(`${name}: a payload however hostile takes one short turn`, async (t) => {
    const whole = [world.nested(PAYLOAD_LIMITS.bytes / 4), world.write(['x'.repeat(100_000)]), world.keys(20_000)];
    for (const byte of [0x00, 0x22, 0x5b, 0x5f, 0x60, 0x7b, 0x7f, 0x81, 0x9f, 0xa1, 0xbf, 0xc1, 0xd9, 0xfb, 0xff]) {
      whole.push(Buffer.alloc(PAYLOAD_LIMITS.bytes, byte));
    }
    for (const bytes of whole) {
      const spentMs = countProcessorTime();
      codec.parse(bytes, PAYLOAD_LIMITS);
      codec.text(bytes);
      t.ok(spentMs() < 500, `${bytes.length} bytes beginning ${bytes.subarray(0, 4).toString('hex')}`);
    }
  });
}

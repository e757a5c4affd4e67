import fc from 'fast-check';

/** Code points below those of UTF-16's own. */
const BEFORE_SURROGATES = 0xd800;
const SURROGATES = 0x800;

/**
 * Any code point, for `fc.string({ unit })`: as its `binary`, which makes a list of all 1.1 million of them first, at a
 * second of the processor in each file.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10ffff - SURROGATES })
  .map((number) => String.fromCodePoint(number < BEFORE_SURROGATES ? number : number + SURROGATES));

/** Writing of ISO base media boxes (ISO/IEC 14496-12 §4.2). */

export const BOX_HEADER_BYTES = 8;

/** The matrix of a picture that is shown as it is. */
export const UNITY = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];
/** Language "und" in three letters of five bits. */
export const NO_LANGUAGE = 0x55c4;

/** What a track says of its samples where all of them come in fragments: their description, and no place (§8.7). */
export function samplesElsewhere(entry: Buffer): Buffer[] {
  const dinf = box('dinf', fullBox('dref', 0, u32(1), fullBox('url ', 1)));
  const empty = ['stts', 'stsc', 'stco'].map((type) => fullBox(type, 0, u32(0)));
  return [dinf, box('stbl', fullBox('stsd', 0, u32(1), entry), ...empty, fullBox('stsz', 0, u32(0, 0)))];
}

/** A box of `type` around `parts`. */
export function box(type: string, ...parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(BOX_HEADER_BYTES);
  const bytes = parts.reduce((sum, part) => sum + part.length, BOX_HEADER_BYTES);
  head.writeUInt32BE(bytes, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...parts], bytes);
}

/** As {@link box}, with version and flags before `parts`. */
export function fullBox(type: string, versionAndFlags: number, ...parts: readonly Buffer[]): Buffer {
  return box(type, u32(versionAndFlags), ...parts);
}

/** Numbers of four bytes each. */
export function u32(...values: readonly number[]): Buffer {
  const data = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) data.writeUInt32BE(value >>> 0, index * 4);
  return data;
}

/** Numbers of two bytes each. */
export function u16(...values: readonly number[]): Buffer {
  const data = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) data.writeUInt16BE(value, index * 2);
  return data;
}

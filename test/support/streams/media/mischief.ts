import { randomBytes } from 'node:crypto';

/** Media frames that hold no RTP: ten of them for each picture. */
export const GARBAGE_RTP = Buffer.concat(
  Array.from({ length: 10 }, () => Buffer.concat([Buffer.from([0x24, 0, 0x03, 0x84]), Buffer.alloc(900)])),
);

/** Types of NAL units that are no key frame and cannot announce one (a recovery point in type 6 does). */
const NO_KEY_TYPES = [1, 9, 12, 30, 31];

export function noise(number: number): Buffer {
  const bytes = randomBytes(900);
  bytes[0] = 0x60 | NO_KEY_TYPES[number % NO_KEY_TYPES.length]!;
  return bytes;
}

/** What the header extension of replay says of a picture (ONVIF Streaming Specification, RTP header extension). */
export interface ReplayTimes {
  /** When the picture was taken by the camera's clock, Unix ms. */
  atMs: number;
  /** A section of the recording begins here: what was before does not belong to it. */
  isNew: boolean;
  /** Nothing follows it in this playback. */
  isLast: boolean;
}

const PROFILE = 0xabac;
const WORDS_MIN = 3;
const HEADER_BYTES = 12;
const DISCONTINUITY = 0x20;
const TERMINAL = 0x10;
/** Seconds from the beginning of NTP (1900) to that of Unix time; its 32 bits begin anew in February 2036. */
const NTP_OFFSET_S = 2_208_988_800;
const ERA_S = 2 ** 32;

/** The times of an RTP packet; null for one without them, as all packets of a picture but its first are. */
export function readReplayTimes(packet: Buffer): ReplayTimes | null {
  if (packet.length < HEADER_BYTES || packet[0]! >> 6 !== 2 || (packet[0]! & 0x10) === 0) return null;
  const at = HEADER_BYTES + 4 * (packet[0]! & 0x0f);
  const endsAt = at + 4 + 4 * WORDS_MIN;
  if (packet.length < endsAt || packet.readUInt16BE(at) !== PROFILE || packet.readUInt16BE(at + 2) < WORDS_MIN) {
    return null;
  }
  const seconds = packet.readUInt32BE(at + 4);
  const fraction = packet.readUInt32BE(at + 8) / 2 ** 32;
  const era = seconds < ERA_S / 2 ? ERA_S : 0;
  const flags = packet[at + 12]!;
  return {
    atMs: (seconds + era - NTP_OFFSET_S + fraction) * 1_000,
    isNew: (flags & DISCONTINUITY) !== 0,
    isLast: (flags & TERMINAL) !== 0,
  };
}

/** A time as `Range` has it (RFC 2326 §3.7), rounded to ms. */
export function clockOf(atMs: number): string {
  return new Date(Math.round(atMs)).toISOString().replaceAll(/[-:]/g, '');
}

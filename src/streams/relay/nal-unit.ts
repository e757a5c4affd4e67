/** NAL units of H.264 and H.265 (table 7-1 of each standard), as far as the relay looks into them. */
export type Codec = 'H264' | 'H265';

/** Which parameter set a NAL unit is. */
export type SetName = 'vps' | 'sps' | 'pps';

export interface NalKind {
  /** Part of a coded picture. */
  picture: boolean;
  /** The first part of its picture. */
  first: boolean;
  /** Part of a picture that can be decoded without any other (IDR, or IRAP of H.265). */
  key: boolean;
  /** Not part of a picture itself, but belongs to the next one. */
  leads: boolean;
  /** A message that decoding may begin here (recovery point), as streams without key frames send it. */
  recovery: boolean;
  set: SetName | null;
}

const NOTHING: NalKind = { picture: false, first: false, key: false, leads: false, recovery: false, set: null };
const LEADS: NalKind = { ...NOTHING, leads: true };
const SETS: Record<SetName, NalKind> = {
  vps: { ...LEADS, set: 'vps' },
  sps: { ...LEADS, set: 'sps' },
  pps: { ...LEADS, set: 'pps' },
};
const RECOVERY: NalKind = { ...LEADS, recovery: true };

/** Parameter sets that a decoder needs before the first picture. */
export const NEEDED_SETS: Readonly<Record<Codec, readonly SetName[]>> = {
  H264: ['sps', 'pps'],
  H265: ['vps', 'sps', 'pps'],
};

/** Bytes of a NAL unit's header. */
export const NAL_HEADER_BYTES: Readonly<Record<Codec, number>> = { H264: 1, H265: 2 };

/** Null for what no decoder knows: another type, or too short. */
export function nalKind(codec: Codec, nal: Buffer): NalKind | null {
  if (nal.length <= NAL_HEADER_BYTES[codec]) return null;
  return codec === 'H264' ? h264Kind(nal) : h265Kind(nal);
}

function h264Kind(nal: Buffer): NalKind | null {
  const type = nal[0]! & 0x1f;
  // first_mb_in_slice is 0 when its first bit is 1.
  const first = (nal[1]! & 0x80) !== 0;
  if (type === 1 || type === 2) return { ...NOTHING, picture: true, first };
  if (type === 5) return { ...NOTHING, picture: true, first, key: true };
  if (type === 6) return isRecovery(nal, 1) ? RECOVERY : LEADS;
  if (type === 7) return SETS.sps;
  if (type === 8) return SETS.pps;
  if (type === 9 || (type >= 14 && type <= 18)) return LEADS;
  return type === 0 || type > 23 ? null : NOTHING;
}

function h265Kind(nal: Buffer): NalKind | null {
  const type = (nal[0]! >> 1) & 0x3f;
  // nuh_temporal_id_plus1 is never 0.
  if ((nal[1]! & 0x07) === 0) return null;
  if (type < 32) {
    return { ...NOTHING, picture: true, first: (nal[2]! & 0x80) !== 0, key: type >= 16 && type <= 23 };
  }
  if (type === 32) return SETS.vps;
  if (type === 33) return SETS.sps;
  if (type === 34) return SETS.pps;
  if (type === 39) return isRecovery(nal, 2) ? RECOVERY : LEADS;
  if (type === 35 || (type >= 41 && type <= 44)) return LEADS;
  return type >= 48 ? null : NOTHING;
}

const RECOVERY_POINT = 6;
const RECOVERY_BYTES_MAX = 8;

/** Whether supplemental information holds a recovery point; walks its messages by type and size (H.264 §7.3.2.3). */
function isRecovery(nal: Buffer, from: number): boolean {
  let at = from;
  while (at + 2 < nal.length) {
    const [type, sizeAt] = varying(nal, at);
    const [bytes, bodyAt] = varying(nal, sizeAt);
    if (type === RECOVERY_POINT && bytes > 0 && bytes <= RECOVERY_BYTES_MAX && bodyAt + bytes < nal.length) return true;
    at = bodyAt + bytes;
  }
  return false;
}

function varying(nal: Buffer, from: number): [value: number, next: number] {
  let at = from;
  let value = 0;
  while (nal[at] === 0xff) {
    value += 255;
    at += 1;
  }
  return [value + (nal[at] ?? 0), at + 1];
}

const START_CODE = Buffer.from([0, 0, 1]);
/** A picture in a hundred slices with all that goes before it is far below; each costs a hundred bytes. */
const UNITS_MAX = 1_000;

/**
 * The NAL units in `data`: itself, or what stands between start codes (annex B), which no NAL unit may hold. The first
 * 1,000 of them.
 */
export function splitStartCodes(data: Buffer): Buffer[] {
  let found = data.indexOf(START_CODE);
  if (found < 0) return [data];
  const units: Buffer[] = [];
  let from = 0;
  while (found >= 0 && units.length < UNITS_MAX) {
    pushTrimmed(units, data.subarray(from, found));
    from = found + START_CODE.length;
    found = data.indexOf(START_CODE, from);
  }
  if (found < 0) pushTrimmed(units, data.subarray(from));
  return units;
}

/** Zeros at the end belong to the start code that follows. */
function pushTrimmed(units: Buffer[], unit: Buffer): void {
  let end = unit.length;
  while (end > 0 && unit[end - 1] === 0) end -= 1;
  if (end > 0) units.push(unit.subarray(0, end));
}

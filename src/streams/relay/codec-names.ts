/** Names of codecs in descriptions (RFC 8866 `rtpmap`), and what people call them. */
const NAMES: Readonly<Record<string, string>> = {
  JPEG: 'JPEG',
  'MP4V-ES': 'MPEG-4 Part 2',
  MPV: 'MPEG-1 or MPEG-2 video',
  MP2T: 'an MPEG transport stream',
  H261: 'H.261',
  H263: 'H.263',
  'H263-1998': 'H.263+',
  'H263-2000': 'H.263++',
  H266: 'H.266',
  VP8: 'VP8',
  VP9: 'VP9',
  AV1: 'AV1',
  SVAC: 'SVAC',
  THEORA: 'Theora',
  VC1: 'VC-1',
  'X-PN-MPEG4-GENERIC': 'MPEG-4',
  'MP4A-LATM': 'AAC in LATM',
  'MPEG4-GENERIC': 'AAC of another sort than AAC-LC in mono or stereo',
  PCMU: 'G.711',
  PCMA: 'G.711',
  G722: 'G.722',
  G723: 'G.723',
  G729: 'G.729',
  G726: 'G.726',
  'G726-16': 'G.726',
  'G726-24': 'G.726',
  'G726-32': 'G.726',
  'G726-40': 'G.726',
  OPUS: 'Opus',
  SPEEX: 'Speex',
  MPA: 'MPEG audio',
  L16: 'PCM',
  L8: 'PCM',
};

/** Types that need no name (RFC 3551 §6). */
const STATIC: Readonly<Record<number, string>> = {
  0: 'PCMU',
  4: 'G723',
  8: 'PCMA',
  9: 'G722',
  10: 'L16',
  11: 'L16',
  14: 'MPA',
  18: 'G729',
  26: 'JPEG',
  31: 'H261',
  32: 'MPV',
  33: 'MP2T',
  34: 'H263',
};

/** What people call a codec; null for a name that is not known, since a camera's own words are told to nobody. */
export function codecName(name: string): string | null {
  return NAMES[name.toUpperCase()] ?? null;
}

/** The name that a payload type has without being told one. */
export function staticName(payloadType: number): string | null {
  return STATIC[payloadType] ?? null;
}

/** What a telephone wrote into a photo about where and when it was taken: its word, and nothing that was checked. */
export interface PhotoClaims {
  /** WGS 84, as EXIF wants it. `accuracyM` is the radius in metres, where it tells one. */
  position: { lat: number; lon: number; accuracyM: number | null } | null;
  /** Only where it says by which zone, or by satellite. */
  atMs: number | null;
  /** What its clock showed, `2026-11-21T08:00:00`, without a zone. */
  localTime: string | null;
}

export interface Exif extends PhotoClaims {
  /** 1 to 8, how the picture is to be turned (CIPA DC-008, tag 274); 1 where it does not say. */
  orientation: number;
}

export const NO_CLAIMS: PhotoClaims = { position: null, atMs: null, localTime: null };

/** Numbers of tags in CIPA DC-008 (EXIF 2.32). */
const TAG = {
  orientation: 0x112,
  exif: 0x8769,
  gps: 0x8825,
  original: 0x9003,
  originalOffset: 0x9011,
  latRef: 1,
  lat: 2,
  lonRef: 3,
  lon: 4,
  gpsTime: 7,
  gpsDate: 0x1d,
  gpsError: 0x1f,
} as const;

const WANTED: ReadonlySet<number> = new Set(Object.values(TAG));

/** Bytes of one value, by the number of its type: text, short, long, rational. */
const SIZES: Readonly<Record<number, number>> = { 2: 1, 3: 2, 4: 4, 5: 8 };
/** A telephone writes about fifty; whoever writes more wants to keep us busy. */
const ENTRIES_MAX = 512;
const VALUES_MAX = 64;

type Value = string | number[];

/**
 * Reads the few fields that we want out of a TIFF block, as EXIF keeps them. Never throws: what is damaged or lies is
 * not there. Only these fields are read, each of a bounded length, so a made-up block costs no more than a true one.
 */
export function readExif(tiff: Buffer): Exif {
  const reader = Tiff.of(tiff);
  if (!reader) return { ...NO_CLAIMS, orientation: 1 };
  const image = reader.directory(reader.first);
  const photo = reader.directory(numberIn(image, TAG.exif));
  const gps = reader.directory(numberIn(image, TAG.gps));
  const orientation = numberIn(image, TAG.orientation) ?? 1;
  const localTime = localTimeOf(textIn(photo, TAG.original));
  return {
    orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
    position: positionOf(gps),
    localTime,
    atMs: atOf(localTime, textIn(photo, TAG.originalOffset)) ?? satelliteTime(gps),
  };
}

type Directory = ReadonlyMap<number, Value>;

class Tiff {
  readonly #bytes: Buffer;
  readonly #big: boolean;
  readonly first: number;

  private constructor(bytes: Buffer, big: boolean) {
    this.#bytes = bytes;
    this.#big = big;
    this.first = this.#u32(4);
  }

  static of(bytes: Buffer): Tiff | null {
    if (bytes.length < 8) return null;
    const head = bytes.toString('latin1', 0, 4);
    return head === 'MM\0*' || head === 'II*\0' ? new Tiff(bytes, head[0] === 'M') : null;
  }

  directory(at: number | undefined): Directory {
    const found = new Map<number, Value>();
    if (at === undefined || at < 8 || at + 2 > this.#bytes.length) return found;
    const count = Math.min(this.#u16(at), ENTRIES_MAX);
    for (let index = 0; index < count; index += 1) {
      const entry = at + 2 + index * 12;
      if (entry + 12 > this.#bytes.length) break;
      const tag = this.#u16(entry);
      const value = WANTED.has(tag) && !found.has(tag) ? this.#value(entry) : null;
      if (value !== null) found.set(tag, value);
    }
    return found;
  }

  #value(entry: number): Value | null {
    const type = this.#u16(entry + 2);
    const count = this.#u32(entry + 4);
    const size = SIZES[type];
    if (size === undefined || count < 1 || count > VALUES_MAX) return null;
    const at = size * count <= 4 ? entry + 8 : this.#u32(entry + 8);
    if (at + size * count > this.#bytes.length) return null;
    if (type === 2)
      return this.#bytes
        .toString('latin1', at, at + count)
        .replace(/\0.*$/s, '')
        .trim();
    return Array.from({ length: count }, (_, index) => this.#number(type, at + index * size));
  }

  #number(type: number, at: number): number {
    if (type === 3) return this.#u16(at);
    if (type === 4) return this.#u32(at);
    return this.#u32(at) / this.#u32(at + 4);
  }

  #u16(at: number): number {
    return this.#big ? this.#bytes.readUInt16BE(at) : this.#bytes.readUInt16LE(at);
  }

  #u32(at: number): number {
    return this.#big ? this.#bytes.readUInt32BE(at) : this.#bytes.readUInt32LE(at);
  }
}

function numberIn(directory: Directory, tag: number): number | undefined {
  const value = directory.get(tag);
  return Array.isArray(value) ? value[0] : undefined;
}

function textIn(directory: Directory, tag: number): string {
  const value = directory.get(tag);
  return typeof value === 'string' ? value : '';
}

function positionOf(gps: Directory): PhotoClaims['position'] {
  const lat = degreesOf(gps.get(TAG.lat), textIn(gps, TAG.latRef), 'NS');
  const lon = degreesOf(gps.get(TAG.lon), textIn(gps, TAG.lonRef), 'EW');
  // 0° 0' is what a telephone writes that has no position.
  if (lat === null || lon === null || Math.abs(lat) > 90 || Math.abs(lon) > 180 || (lat === 0 && lon === 0))
    return null;
  const error = numberIn(gps, TAG.gpsError);
  const accuracyM = error !== undefined && Number.isFinite(error) ? Math.round(error * 10) / 10 : null;
  return { lat, lon, accuracyM };
}

/** Seven places are a centimetre. `sides` are the letters for plus and minus. */
function degreesOf(value: Value | undefined, side: string, sides: string): number | null {
  if (!Array.isArray(value) || value.length !== 3 || side.length !== 1 || !sides.includes(side)) return null;
  const [degrees = Number.NaN, minutes = Number.NaN, seconds = Number.NaN] = value;
  const size = degrees + minutes / 60 + seconds / 3600;
  if (!Number.isFinite(size) || minutes >= 60 || seconds >= 60) return null;
  return Math.round((side === sides[0] ? size : -size) * 1e7) / 1e7;
}

/** `2026:11:21 08:00:00` as EXIF writes it. */
function localTimeOf(text: string): string | null {
  const found = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)$/.exec(text);
  if (!found) return null;
  const local = `${found[1]}-${found[2]}-${found[3]}T${found[4]}`;
  const atMs = Date.parse(`${local}Z`);
  // A date such as 30 February is taken for another one.
  return Number.isNaN(atMs) || !new Date(atMs).toISOString().startsWith(local) ? null : local;
}

function atOf(local: string | null, offset: string): number | null {
  if (local === null || !/^[+-]\d\d:\d\d$/.test(offset)) return null;
  const atMs = Date.parse(`${local}${offset}`);
  return Number.isNaN(atMs) ? null : atMs;
}

function satelliteTime(gps: Directory): number | null {
  const time = gps.get(TAG.gpsTime);
  const [hour, minute, second] = Array.isArray(time)
    ? time.map((part) => String(Math.floor(part)).padStart(2, '0'))
    : [];
  const local = localTimeOf(`${textIn(gps, TAG.gpsDate)} ${hour}:${minute}:${second}`);
  return local === null ? null : Date.parse(`${local}Z`);
}

import { OnvifError } from './problems.ts';
import { at, labelText, type XmlElement } from './xml.ts';

/** One media profile: a stream that the camera can send. */
export interface OnvifProfile {
  token: string;
  name: string;
  /** Which eye of the device: a recorder has one per channel. */
  source: string;
  /** Token of the configuration by which it uses that source: events may name it instead. '' where not told. */
  configuration: string;
  /** As the camera writes it: `H264`, `H265`, `JPEG`, `MPEG4`. */
  encoding: string;
  width: number;
  height: number;
  /** The limit of the rate control; null when not told. */
  fps: number | null;
}

/** A recorder of 64 channels has 128 or 192. */
const PROFILES_MAX = 256;
const TOKEN_MAX_CHARACTERS = 64;
const PIXELS_MAX = 32_768;

/** Where a profile has its parts: Media2 gathers them, under shorter names. */
const PARTS = {
  media: { encoder: ['VideoEncoderConfiguration'], source: ['VideoSourceConfiguration'] },
  media2: { encoder: ['Configurations', 'VideoEncoder'], source: ['Configurations', 'VideoSource'] },
} as const;

/** The profiles that have video, from either media service. Throws `unsupported` when none has. */
export function readProfiles(response: XmlElement, service: keyof typeof PARTS = 'media'): OnvifProfile[] {
  const profiles = response.children
    .filter(({ name }) => name === 'Profiles')
    .slice(0, PROFILES_MAX)
    .flatMap((element) => readProfile(element, PARTS[service]) ?? []);
  if (profiles.length > 0) return profiles;
  throw new OnvifError('unsupported', { operation: 'GetProfiles', detail: 'it has no video profile' });
}

function readProfile(element: XmlElement, parts: (typeof PARTS)[keyof typeof PARTS]): OnvifProfile | null {
  const token = element.attributes.get('token') ?? '';
  const encoder = at(element, ...parts.encoder);
  if (!encoder || token === '' || token.length > TOKEN_MAX_CHARACTERS) return null;
  const fps = Number(at(encoder, 'RateControl', 'FrameRateLimit')?.text ?? '');
  return {
    token,
    name: labelText(at(element, 'Name')),
    source: labelText(at(element, ...parts.source, 'SourceToken')),
    configuration: (at(element, ...parts.source)?.attributes.get('token') ?? '').slice(0, TOKEN_MAX_CHARACTERS),
    encoding: labelText(at(encoder, 'Encoding')),
    width: pixels(at(encoder, 'Resolution', 'Width')),
    height: pixels(at(encoder, 'Resolution', 'Height')),
    fps: fps > 0 && fps <= 1_000 ? fps : null,
  };
}

function pixels(element: XmlElement | undefined): number {
  const value = Number(element?.text ?? '');
  return Number.isInteger(value) && value > 0 && value <= PIXELS_MAX ? value : 0;
}

/**
 * The largest picture as main stream and the smallest one of the same source as sub stream; H.264 and H.265 first. Of a
 * named source none but its own; throws `unsupported` where it has none.
 */
export function choosePair(
  all: readonly OnvifProfile[],
  source: string | null = null,
): { main: OnvifProfile; sub: OnvifProfile | null } {
  const profiles = source === null ? all : all.filter((profile) => profile.source === source);
  if (profiles.length === 0) {
    const detail = 'it has no video of the source that the device is registered with';
    throw new OnvifError('unsupported', { operation: 'GetProfiles', detail });
  }
  const modern = profiles.filter(({ encoding }) => /^(H\.?26[45]|HEVC)$/i.test(encoding));
  const candidates = modern.length > 0 ? modern : profiles;
  const area = ({ width, height }: OnvifProfile): number => width * height;
  const main = candidates.reduce((best, next) => (area(next) > area(best) ? next : best));
  const smaller = candidates.filter(
    (profile) => profile.source === main.source && area(profile) < area(main) && area(profile) > 0,
  );
  const sub = smaller.reduce<OnvifProfile | null>(
    (best, next) => (best && area(best) <= area(next) ? best : next),
    null,
  );
  return { main, sub };
}

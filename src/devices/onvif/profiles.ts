import { OnvifError } from './problems.ts';
import { at, labelText, type XmlElement } from './xml.ts';

/** One media profile: a stream that the camera can send. */
export interface OnvifProfile {
  token: string;
  name: string;
  /** Which eye of the device: a recorder has one per channel. */
  source: string;
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

/** The profiles that have video. Throws `unsupported` when none has. */
export function readProfiles(response: XmlElement): OnvifProfile[] {
  const profiles = response.children
    .filter(({ name }) => name === 'Profiles')
    .slice(0, PROFILES_MAX)
    .flatMap((element) => readProfile(element) ?? []);
  if (profiles.length > 0) return profiles;
  throw new OnvifError('unsupported', { operation: 'GetProfiles', detail: 'it has no video profile' });
}

function readProfile(element: XmlElement): OnvifProfile | null {
  const token = element.attributes.get('token') ?? '';
  const encoder = at(element, 'VideoEncoderConfiguration');
  if (!encoder || token === '' || token.length > TOKEN_MAX_CHARACTERS) return null;
  const fps = Number(at(encoder, 'RateControl', 'FrameRateLimit')?.text ?? '');
  return {
    token,
    name: labelText(at(element, 'Name')),
    source: labelText(at(element, 'VideoSourceConfiguration', 'SourceToken')),
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

/** The largest picture as main stream and the smallest one of the same source as sub stream; H.264 and H.265 first. */
export function choosePair(profiles: readonly OnvifProfile[]): { main: OnvifProfile; sub: OnvifProfile | null } {
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

import type { Device } from '../../core/types.ts';

/** Devices of one map at most: beyond it nobody sees points any more, and a browser stands still. */
export const FEATURES_MAX = 50_000;
/** Digits of a degree: a centimetre. */
const PRECISION = 1e7;

/**
 * Devices as GeoJSON (RFC 7946) in pieces: points in WGS-84, whatever datum they were given in. Ends with the member
 * `truncated`, true where a list has more than {@link FEATURES_MAX}; `pages` has to bring one more then.
 */
export async function* featureCollection(
  pages: AsyncIterable<Device[]>,
  presenceOf: (id: string) => string,
): AsyncGenerator<string> {
  let count = 0;
  let isTruncated = false;
  yield '{"type":"FeatureCollection","features":[';
  for await (const page of pages) {
    isTruncated = count + page.length > FEATURES_MAX;
    const features = page.slice(0, FEATURES_MAX - count).map((device) => featureOf(device, presenceOf(device.id)));
    if (features.length > 0) yield `${count === 0 ? '' : ','}${features.map((one) => JSON.stringify(one)).join(',\n')}`;
    count += features.length;
    if (isTruncated) break;
  }
  yield `],"truncated":${isTruncated}}\n`;
}

function featureOf(device: Device, presence: string) {
  const { id, name, kind, jurisdiction, state, parent, purpose, accessClass, file, location } = device;
  const { lon, lat } = location;
  return {
    type: 'Feature',
    id,
    geometry: { type: 'Point', coordinates: [rounded(lon), rounded(lat)] },
    properties: { ...file, name, kind, jurisdiction, state, presence, parent, purpose, accessClass },
  };
}

function rounded(degrees: number): number {
  return Math.round(degrees * PRECISION) / PRECISION;
}

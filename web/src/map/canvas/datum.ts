import type { Point } from '../geometry.ts';

/**
 * GCJ-02, the shifted coordinates of Chinese maps, to and from WGS-84: the published approximation on the Krasovsky
 * 1940 ellipsoid, as the gateway has it for devices. Outside mainland China's bounding box both are the same.
 */
const A = 6_378_245;
const E2 = 0.006_693_421_622_965_943;
const ROUNDS = 6;

export function toGcj02([lon, lat]: Point): Point {
  if (lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271) return [lon, lat];
  const [x, y] = [lon - 105, lat - 35];
  const phi = (lat * Math.PI) / 180;
  const w = 1 - E2 * Math.sin(phi) ** 2;
  const root = Math.sqrt(Math.abs(x));
  const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves(x, y, [160, 320]);
  const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves(x, x, [150, 300]);
  const metresNorth = ((A * (1 - E2)) / (w * Math.sqrt(w))) * Math.PI;
  const metresEast = (A / Math.sqrt(w)) * Math.cos(phi) * Math.PI;
  return [lon + (east * 180) / metresEast, lat + (north * 180) / metresNorth];
}

/** The inverse, by repeated correction; exact to a centimetre. */
export function fromGcj02(shifted: Point): Point {
  let guess = shifted;
  for (let round = 0; round < ROUNDS; round += 1) {
    const back = toGcj02(guess);
    guess = [guess[0] + shifted[0] - back[0], guess[1] + shifted[1] - back[1]];
  }
  return guess;
}

/** Two quick waves always along x, the others along `along` (y for north, x for east). */
function waves(x: number, along: number, [slow, slowest]: readonly [number, number]): number {
  const wave = (weight: number, turns: number) => weight * Math.sin(turns * Math.PI);
  const quick = wave(20, 6 * x) + wave(20, 2 * x) + wave(20, along) + wave(40, along / 3);
  return ((quick + wave(slow, along / 12) + wave(slowest, along / 30)) * 2) / 3;
}

/**
 * GCJ-02, the shifted coordinates of Chinese maps, to and from WGS-84. The shift is a published approximation on the
 * Krasovsky 1940 ellipsoid; outside mainland China's bounding box both systems are the same.
 */
const A = 6_378_245;
const E2 = 0.006_693_421_622_965_943;
const ROUNDS = 6;

export interface Point {
  lat: number;
  lon: number;
}

export function toGcj02({ lat, lon }: Point): Point {
  if (isOutside({ lat, lon })) return { lat, lon };
  const x = lon - 105;
  const y = lat - 35;
  const phi = (lat / 180) * Math.PI;
  const w = 1 - E2 * Math.sin(phi) ** 2;
  const metresNorth =
    -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + waves(x, y, NORTH);
  const metresEast = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + waves(x, x, EAST);
  return {
    lat: lat + (metresNorth * 180) / (((A * (1 - E2)) / (w * Math.sqrt(w))) * Math.PI),
    lon: lon + (metresEast * 180) / ((A / Math.sqrt(w)) * Math.cos(phi) * Math.PI),
  };
}

/** The inverse, by repeated correction; exact to 1e-7 degrees (1 cm), to which it is rounded. */
export function fromGcj02(shifted: Point): Point {
  let guess = shifted;
  for (let round = 0; round < ROUNDS; round += 1) {
    const back = toGcj02(guess);
    guess = { lat: guess.lat + shifted.lat - back.lat, lon: guess.lon + shifted.lon - back.lon };
  }
  return { lat: Math.round(guess.lat * 1e7) / 1e7, lon: Math.round(guess.lon * 1e7) / 1e7 };
}

/** Weights of the two slowest waves of each direction. */
const NORTH = [160, 320] as const;
const EAST = [150, 300] as const;

/** The periodic part: two quick waves always along x, the others along `along` (y for north, x for east). */
function waves(x: number, along: number, [slow, slowest]: readonly [number, number]): number {
  const wave = (weight: number, turns: number) => weight * Math.sin(turns * Math.PI);
  const quick = wave(20, 6 * x) + wave(20, 2 * x);
  const middle = wave(20, along) + wave(40, along / 3);
  return ((quick + middle + wave(slow, along / 12) + wave(slowest, along / 30)) * 2) / 3;
}

function isOutside({ lat, lon }: Point): boolean {
  return lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271;
}

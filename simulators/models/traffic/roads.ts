import { between, chance } from '../chance.ts';

/** Roads of a city that is not drawn: straight streets in two directions, so far from each other. */
const BLOCK_M = 600;
const METRES_PER_DEGREE = 111_320;

export interface Point {
  lat: number;
  lon: number;
}

/** A place on the way, and where the vehicle looks there, in degrees from north. */
export interface OnTheWay extends Point {
  headingDeg: number;
}

/** A round trip along the streets: an oblong of whole blocks that begins near its home. */
export interface Round {
  home: Point;
  /** Whole blocks to the north and to the east. */
  northBlocks: number;
  eastBlocks: number;
}

export function roundOf(seed: number, around: Point): Round {
  const block = (degrees: number, perDegree: number): number =>
    (Math.round((degrees * perDegree) / BLOCK_M) * BLOCK_M) / perDegree;
  const home = {
    lat: block(around.lat, METRES_PER_DEGREE),
    lon: block(around.lon, metresPerDegreeEast(around.lat)),
  };
  return {
    home,
    northBlocks: Math.round(between(2, 9, chance(seed, 'north'))),
    eastBlocks: Math.round(between(2, 9, chance(seed, 'east'))),
  };
}

/** Where a vehicle is that has gone so far, in metres, on its round. */
export function placeAt({ home, northBlocks, eastBlocks }: Round, goneM: number): OnTheWay {
  const north = northBlocks * BLOCK_M;
  const east = eastBlocks * BLOCK_M;
  const along = ((goneM % (2 * (north + east))) + 2 * (north + east)) % (2 * (north + east));
  const at = (northM: number, eastM: number, headingDeg: number): OnTheWay => ({
    lat: home.lat + northM / METRES_PER_DEGREE,
    lon: home.lon + eastM / metresPerDegreeEast(home.lat),
    headingDeg,
  });
  if (along < north) return at(along, 0, 0);
  if (along < north + east) return at(north, along - north, 90);
  if (along < 2 * north + east) return at(2 * north + east - along, east, 180);
  return at(0, 2 * (north + east) - along, 270);
}

function metresPerDegreeEast(lat: number): number {
  return METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180);
}

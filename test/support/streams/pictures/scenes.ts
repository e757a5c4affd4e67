/** Brightness at a point of the scene (0 to 1, more is possible) at a time (s). */
export type Scene = (x: number, y: number, atS: number) => number;

/** A number between 0 and 1 that belongs to these two. */
function hash(x: number, y: number): number {
  let h = Math.imul(x | 0, 374_761_393) ^ Math.imul(y | 0, 668_265_263);
  h = Math.imul(h ^ (h >>> 13), 1_274_126_177);
  return ((h ^ (h >>> 16)) >>> 0) / 4_294_967_296;
}

/** Smooth texture with details of `size` points. */
function texture(x: number, y: number, size: number): number {
  const [u, v] = [x / size, y / size];
  const [i, j] = [Math.floor(u), Math.floor(v)];
  const [f, g] = [u - i, v - j];
  const top = hash(i, j) * (1 - f) + hash(i + 1, j) * f;
  const bottom = hash(i, j + 1) * (1 - f) + hash(i + 1, j + 1) * f;
  return top * (1 - g) + bottom * g;
}

function inside(value: number, from: number, to: number): boolean {
  return value >= from && value < to;
}

/** What is left over, also left of the picture. */
function rest(value: number, by: number): number {
  return value - Math.floor(value / by) * by;
}

/** A row of houses with windows, of which a share is lit. */
function houses(x: number, y: number, { seed, roof, lit }: { seed: number; roof: number; lit: number }): number {
  const house = Math.floor(x / 310);
  const top = roof + 190 * hash(house, seed);
  if (y < top) return -1;
  const pitch = 50 + 34 * hash(house, seed + 4);
  const column = Math.floor(x / pitch);
  const row = Math.floor((y - top) / 74);
  const isWindow = inside(x - column * pitch, 16, 44) && inside(y - top - row * 74, 18, 56);
  const wall = 0.35 + 0.4 * hash(house, seed + 1) + 0.08 * texture(x, y, 9);
  if (!isWindow) return wall;
  return hash(column * 31 + row, seed + 2) < lit ? 1.1 : wall * 0.35;
}

/** A car every few seconds, on one of two lanes. */
function car(x: number, y: number, atS: number, { seed, road }: { seed: number; road: number }): number {
  for (const lane of [0, 1]) {
    const top = road + 60 + lane * 120;
    if (!inside(y, top, top + 70)) continue;
    const way = (lane === 0 ? 1 : -1) * (atS * 240 + hash(seed, lane) * 3_000);
    const along = rest(x - way, 3_100);
    if (along < 190) return 0.2 + 0.7 * hash(seed + Math.floor((x - way) / 3_100), lane + 9);
  }
  return -1;
}

interface Street {
  seed: number;
  roof: number;
  road: number;
  /** Share of windows that are lit. */
  lit: number;
  /** Light of the sun or of the lamps: 1 is day. */
  light: number;
}

function street({ seed, roof, road, lit, light }: Street): Scene {
  return (x, y, atS) => {
    const moving = car(x, y, atS, { seed, road });
    if (moving >= 0) return light < 0.5 ? Math.max(moving * light, 0.5 * moving) : moving;
    if (y >= road) {
      const isMark = inside(rest(x + 40, 240), 0, 110) && inside(y, road + 148, road + 160);
      return light * (isMark ? 0.9 : 0.32 + 0.1 * texture(x, y, 14));
    }
    const tree = texture(x + 5_000, y, 260) > 0.68 && y > roof + 120;
    if (tree) return light * (0.12 + 0.3 * texture(x, y, 17));
    const wall = houses(x, y, { seed, roof, lit });
    if (wall > 1) return wall * 0.85;
    const sky = light < 0.5 ? 0.02 : 0.75 - y / 4_000 + 0.1 * texture(x, y, 420);
    const lamp = light < 0.5 ? 0.8 / (1 + ((rest(x, 640) - 320) ** 2 + (y - road + 230) ** 2) / 9_000) : 0;
    return (wall < 0 ? sky : wall * light) + lamp;
  };
}

/** A yard behind a fence, with bins and a wall of bricks. */
function yard({ seed, light }: { seed: number; light: number }): Scene {
  return (x, y, atS) => {
    if (inside(y, 560, 900) && rest(x + seed * 37, 96) < 14) return 0.75 * light;
    const bin = Math.floor((x + seed * 211) / 420);
    const top = 600 + 120 * hash(bin, seed);
    if (inside(rest(x + seed * 211, 420), 60, 260) && inside(y, top, 930)) {
      return light * (0.15 + 0.5 * hash(bin, seed + 3) + 0.06 * texture(x, y, 11));
    }
    const walker = rest(atS * 70 + seed * 500, 2_600);
    if (inside(x, walker, walker + 60) && inside(y, 640, 860)) return 0.25 * light + 0.1;
    if (y < 520) {
      const row = Math.floor(y / 46);
      const isJoint = y % 46 < 7 || rest(x + (row % 2) * 60, 120) < 8;
      return light * (isJoint ? 0.72 : 0.3 + 0.25 * hash(Math.floor((x + (row % 2) * 60) / 120), row + seed));
    }
    return light * (0.4 + 0.25 * texture(x, y, 30) + 0.15 * texture(x, y, 8));
  };
}

/** A hall with a floor of tiles, shelves, a window and the sign of an exit that is lit by itself. */
function hall({ seed, light }: { seed: number; light: number }): Scene {
  return (x, y, atS) => {
    if (inside(x, 1_500, 1_620) && inside(y, 120, 180)) return 0.8;
    if (inside(x, 180 + seed * 20, 520 + seed * 20) && inside(y, 140, 420)) return 0.25 + 0.5 * light;
    const person = rest(atS * 55 + seed * 300, 2_400);
    if (inside(x, person, person + 80) && inside(y, 520, 820)) return 0.2 * light + 0.02;
    if (y > 640) {
      const tile = hash(Math.floor(x / 150), Math.floor(y / 90) + seed);
      return light * ((rest(x, 150) < 6 || y % 90 < 6 ? 0.25 : 0.5 + 0.2 * tile) + 0.05 * texture(x, y, 10));
    }
    const shelf = Math.floor(y / 108);
    const box = hash(Math.floor(x / 88), shelf + seed * 7);
    return light * (y % 108 < 10 ? 0.2 : 0.25 + 0.6 * box + 0.05 * texture(x, y, 12));
  };
}

/** Water that moves, below cranes, stacked containers and the sky. */
function quay({ seed, light }: { seed: number; light: number }): Scene {
  return (x, y, atS) => {
    if (y > 760)
      return light * (0.3 + 0.22 * texture(x + 40 * atS, y + 12 * Math.sin(atS), 40) + 0.1 * texture(x, y, 13));
    const crane = Math.floor((x + seed * 90) / 520);
    const mast = rest(x + seed * 90, 520);
    if (inside(mast, 200 + 80 * hash(crane, seed), 224 + 80 * hash(crane, seed)) && y > 120) return 0.15 * light;
    if (inside(y, 150 + 60 * hash(crane, seed + 1), 172 + 60 * hash(crane, seed + 1))) return 0.2 * light;
    if (y > 480) {
      const [stack, tier] = [Math.floor((x + 30 * seed) / 130), Math.floor((y - 480) / 70)];
      const isHigh = hash(stack, seed + 2) * 4 >= 3 - tier;
      if (isHigh) return light * (0.15 + 0.7 * hash(stack * 5 + tier, seed + 3) + (rest(x, 18) < 5 ? -0.06 : 0));
    }
    const lamp = light < 0.5 && inside(rest(x, 700), 340, 372) && inside(y, 400, 424) ? 1 : 0;
    return lamp + light * (0.85 - y / 2_500 + 0.06 * texture(x + 10 * atS, y, 300));
  };
}

/** Walls that run into the distance, with lamps in a row, a line along the lane and a lorry now and then. */
function underpass({ seed, light }: { seed: number; light: number }): Scene {
  const [centreX, centreY] = [960 + 40 * seed, 420];
  return (x, y, atS) => {
    const [dx, dy] = [x - centreX, y - centreY];
    const depth = 900 / (Math.max(Math.abs(dx) / 1.5, Math.abs(dy)) + 30);
    const lorry = 2 + rest(atS * 1.7 + seed, 14);
    if (dy > 0 && dx > 0 && inside(depth, lorry, lorry + 0.8)) return 0.7 * light;
    const panel = Math.floor(depth * 3);
    if (Math.abs(dx) / 1.5 > Math.abs(dy)) {
      const isSeam = depth * 3 - panel < 0.08;
      return light * (isSeam ? 0.12 : 0.3 + 0.4 * hash(panel, seed + Math.floor((4 * dy) / (Math.abs(dx) + 1))));
    }
    if (dy < 0) return panel % 3 === 0 && Math.abs(dx) < 60 / depth + 40 ? 0.9 : 0.2 * light;
    const isLine = Math.abs(dx + 0.25 * dy) < 0.03 * dy && panel % 2 === 0;
    return light * (isLine ? 0.9 : 0.35 + 0.15 * texture(x, y, 12));
  };
}

export interface Place {
  name: string;
  /** The scene by day, or with its lights on, and by night or without them. */
  day: Scene;
  night: Scene;
}

/** Thresholds were chosen by these. */
export const CHOSEN_BY: readonly Place[] = [
  placeOfStreet('street', { seed: 3, roof: 150, road: 700 }),
  placeOfStreet('avenue', { seed: 17, roof: 40, road: 640 }),
  placeOfStreet('square', { seed: 29, roof: 260, road: 780 }),
  { name: 'yard', day: yard({ seed: 2, light: 1 }), night: yard({ seed: 2, light: 0.12 }) },
  { name: 'depot', day: yard({ seed: 11, light: 0.85 }), night: yard({ seed: 11, light: 0.15 }) },
  { name: 'hall', day: hall({ seed: 1, light: 1 }), night: hall({ seed: 1, light: 0.05 }) },
  { name: 'store', day: hall({ seed: 6, light: 0.9 }), night: hall({ seed: 6, light: 0.06 }) },
];

/** And are judged by these, none of which was looked at before. */
export const JUDGED_BY: readonly Place[] = [
  placeOfStreet('market', { seed: 53, roof: 90, road: 720 }),
  { name: 'quay', day: quay({ seed: 4, light: 1 }), night: quay({ seed: 4, light: 0.13 }) },
  { name: 'underpass', day: underpass({ seed: 1, light: 1 }), night: underpass({ seed: 1, light: 0.12 }) },
];

function placeOfStreet(name: string, where: Pick<Street, 'seed' | 'roof' | 'road'>): Place {
  const day = street({ ...where, lit: 0, light: 1 });
  return { name, day, night: street({ ...where, lit: 0.18, light: 0.1 }) };
}

import { type Change, change, type Features, measure } from './features.ts';
import { type Edges, edgesOf, isSameLight, likeness } from './likeness.ts';
import type { SmallPicture } from './small-picture.ts';

/** What can be wrong with pictures. */
export const PICTURE_FAULTS = ['frozen', 'black', 'covered', 'blurred', 'over-exposed', 'turned-away'] as const;
export type PictureFault = (typeof PICTURE_FAULTS)[number];

/** A picture to judge. */
export interface Sample {
  picture: SmallPicture;
  /** By the clock of durations. */
  atMs: number;
  /** Whether hardly any bytes came between its key frames: nothing moved, not even noise. */
  isStill: boolean;
}

/** A picture that was approved as what a camera should show. */
export interface Approved {
  edges: Edges;
  /** Where the camera stood; null for one that does not move. */
  preset: string | null;
}

/** What is remembered of the pictures of one stream. */
export interface PictureMemory {
  held: Readonly<Record<PictureFault, Held>>;
  last: Sample | null;
  /** Since when each picture was the same as the one before; null where the last one was not. */
  sameSinceMs: number | null;
  /** Pictures in a row that were the same as the one before. */
  same: number;
  usual: Usual | null;
  /** Of the newest picture that showed what it should. */
  inPlace: Edges | null;
}

interface Held {
  /** Null until enough is known: what was told before this stream was looked at stands so long. */
  is: boolean | null;
  /** What the last samples said, and how many of them in a row. */
  said: boolean | null;
  times: number;
}

/** What the pictures of a camera usually are, by the pictures that were well. */
interface Usual {
  samples: number;
  /** Detail against noise and size, see {@link sharpnessOf}. */
  sharpness: number | null;
  flatShare: number;
  stepShare: number;
}

/** `null`: this picture does not tell. */
type Verdict = boolean | null;

/** Samples in a row that it takes to believe a fault, and to believe its end. */
const BAD_SAMPLES = 3;
const GOOD_SAMPLES = 2;
/** A camera with pictures of several presets moves between them. */
const TOUR_SAMPLES = 9;
/** The usual follows the pictures this slowly. */
const USUAL_SHARE = 0.05;
/** Samples before the usual is believed. */
const USUAL_MIN = 4;
const FROZEN_MS = 12_000;

/** Limits of the judges: the first is bad, the second is good again; between them nothing changes. */
const LIMITS = {
  changedShare: [0.015, 0.03],
  black: { p99: [18, 28], spread: 4 },
  whiteShare: [0.5, 0.3],
  flatShare: [0.78, 0.62],
  usualFlatShareMax: 0.65,
  /** Of the usual share: fewer are left by a cover, more by a lens out of focus. */
  stepShare: 0.55,
  /** Of the usual one, and by itself: what is smooth over four points has a sixteenth. */
  sharpnessShare: [0.5, 0.7],
  sharpness: [0.17, 0.24],
  spreadMin: 6,
  /** Darker than this the light is gone, and not the view. */
  coveredMeanMin: 20,
  likeness: [0.27, 0.35],
  likenessToLast: 0.45,
} as const;

export const NO_PICTURES: PictureMemory = {
  held: Object.fromEntries(
    PICTURE_FAULTS.map((fault) => [fault, { is: null, said: null, times: 0 }]),
  ) as PictureMemory['held'],
  last: null,
  sameSinceMs: null,
  same: 0,
  usual: null,
  inPlace: null,
};

/**
 * What is known of a camera's pictures after one more. Without `approved` pictures (one for each preset
 * and light) nobody can say that it looks elsewhere.
 */
export function judgePicture(memory: PictureMemory, now: Sample, approved: readonly Approved[]): PictureMemory {
  const features = measure(now.picture);
  const { last } = memory;
  const changed = last && change(last.picture, now.picture);
  const isSame = last !== null && changed !== null && now.isStill && changed.changedShare < LIMITS.changedShare[0];
  const sameSinceMs = isSame ? (memory.sameSinceMs ?? last.atMs) : null;
  const same = isSame ? memory.same + 1 : 0;
  const sharpness = sharpnessOf(features, changed);
  const edges = edgesOf(now.picture);
  const isThere = isInPlace(
    edges,
    approved.map((one) => one.edges),
    memory.inPlace,
  );
  const dark = isBlack(features);
  const white = band(features.whiteShare, LIMITS.whiteShare);
  const hasShapes = memory.usual !== null && features.stepShare >= memory.usual.stepShare * LIMITS.stepShare;
  const covered = dark === true ? null : isCovered(features, memory.usual, hasShapes);
  const isDim = dark !== false || white === true;
  const verdicts: Record<PictureFault, Verdict> = {
    frozen:
      dark === true || white === true
        ? null
        : isFrozen({ isSame, sameSinceMs, same, atMs: now.atMs }, now.isStill, changed),
    black: dark,
    covered: white === true ? false : covered,
    blurred: isDim ? null : isBlurred(sharpness, memory.usual, hasShapes),
    'over-exposed': white,
    'turned-away': isDim || features.flatShare >= LIMITS.flatShare[1] || isThere === null ? null : !isThere,
  };
  const held = hold(memory.held, verdicts, isOnTour(approved) ? TOUR_SAMPLES : BAD_SAMPLES);
  const isWell = PICTURE_FAULTS.every((fault) => verdicts[fault] !== true && !held[fault].is);
  return {
    held,
    last: now,
    sameSinceMs,
    same,
    usual: isWell ? learnt(memory.usual, sharpness, features) : memory.usual,
    inPlace: isThere === true && isWell ? edges : memory.inPlace,
  };
}

function isOnTour(approved: readonly Approved[]): boolean {
  return new Set(approved.map(({ preset }) => preset)).size > 1;
}

/** The faults that are told now. */
export function faultsOf(memory: PictureMemory): PictureFault[] {
  return PICTURE_FAULTS.filter((fault) => memory.held[fault].is === true);
}

function hold(before: PictureMemory['held'], verdicts: Record<PictureFault, Verdict>, turned: number) {
  const needs = (fault: PictureFault) => {
    if (fault === 'frozen') return 1;
    return fault === 'turned-away' ? turned : BAD_SAMPLES;
  };
  const next = PICTURE_FAULTS.map((fault): [PictureFault, Held] => {
    const { is, said, times } = before[fault];
    const verdict = verdicts[fault];
    if (verdict === null) return [fault, before[fault]];
    const now = { said: verdict, times: verdict === said ? times + 1 : 1 };
    const isEnough = now.times >= (verdict ? needs(fault) : GOOD_SAMPLES);
    return [fault, { is: isEnough ? verdict : is, ...now }];
  });
  return Object.fromEntries(next) as PictureMemory['held'];
}

interface Sameness {
  isSame: boolean;
  sameSinceMs: number | null;
  same: number;
  atMs: number;
}

/** The same three times, and for a while: as still as no camera is, whose sensor is never without noise. */
function isFrozen({ isSame, sameSinceMs, same, atMs }: Sameness, isStill: boolean, changed: Change | null): Verdict {
  if (isSame) return same >= 2 && atMs - sameSinceMs! >= FROZEN_MS ? true : null;
  if (changed === null) return null;
  return !isStill || changed.changedShare >= LIMITS.changedShare[1] ? false : null;
}

function isBlack({ p99, spread }: Features): Verdict {
  const [bad, good] = LIMITS.black.p99;
  if (p99 <= bad && spread <= LIMITS.black.spread) return true;
  return p99 >= good ? false : null;
}

/** Nothing is to be seen where something usually is. */
function isCovered({ flatShare, mean }: Features, usual: Usual | null, hasShapes: boolean): Verdict {
  if (mean < LIMITS.coveredMeanMin || !usual || usual.samples < USUAL_MIN) return null;
  if (usual.flatShare > LIMITS.usualFlatShareMax) return null;
  return hasShapes ? false : band(flatShare, LIMITS.flatShare);
}

function isBlurred(sharpness: number | null, usual: Usual | null, hasShapes: boolean): Verdict {
  if (!hasShapes || sharpness === null || !usual?.sharpness || usual.samples < USUAL_MIN) return null;
  const [bad, good] = LIMITS.sharpness;
  // One that was blurred before it was looked at has no detail that it could lose.
  if (usual.sharpness <= good) return sharpness > good ? false : null;
  const share = sharpness / usual.sharpness;
  if (share <= LIMITS.sharpnessShare[0] && sharpness <= bad) return true;
  return share > LIMITS.sharpnessShare[1] || sharpness > good ? false : null;
}

/**
 * How much of the detail that is four points wide is there at one point, without noise: fog and dusk take from both, a
 * lens out of focus from the fine one. Null where it cannot be told: too dark, or everything moves.
 */
function sharpnessOf({ near, far, spread }: Features, changed: Change | null): number | null {
  if (spread < LIMITS.spreadMin || changed === null || changed.noise > NOISE_MAX) return null;
  const noise = 2 * changed.noise * changed.noise;
  const structure = far - noise;
  return structure < STRUCTURE_MIN ? null : Math.max(0, near - noise) / structure;
}

/** Spread of noise beyond which most of the picture moves. */
const NOISE_MAX = 14;
const STRUCTURE_MIN = 3;

/**
 * Whether it shows what it should; null where nobody says what, nothing is to be seen, or it was never approved in such
 * light. What is like the picture before, which was in place, is in place: dusk changes it step by step.
 */
function isInPlace(edges: Edges, references: readonly Edges[], last: Edges | null): Verdict {
  if (references.length === 0) return null;
  const alike = (other: Edges) => likeness(edges, other);
  const best = Math.max(...references.map((reference) => alike(reference) ?? 0));
  if (best >= LIMITS.likeness[1] || (last !== null && (alike(last) ?? 0) >= LIMITS.likenessToLast)) return true;
  const comparable = references.filter((reference) => isSameLight(edges, reference) && alike(reference) !== null);
  return comparable.length > 0 && best < LIMITS.likeness[0] ? false : null;
}

function learnt(usual: Usual | null, sharpness: number | null, { flatShare, stepShare }: Features): Usual {
  if (!usual) return { samples: 1, sharpness, flatShare, stepShare };
  const share = Math.max(USUAL_SHARE, 1 / (usual.samples + 1));
  const towards = (before: number, value: number) => before + (value - before) * share;
  const known = usual.sharpness ?? sharpness;
  return {
    samples: usual.samples + 1,
    sharpness: sharpness === null || known === null ? known : towards(known, sharpness),
    flatShare: towards(usual.flatShare, flatShare),
    stepShare: towards(usual.stepShare, stepShare),
  };
}

/** Whether a value is beyond the first limit, or back behind the second; null between them. */
function band(value: number, [bad, good]: readonly [number, number]): Verdict {
  if (value >= bad) return true;
  return value < good ? false : null;
}

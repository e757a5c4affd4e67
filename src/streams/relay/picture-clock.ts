/** Ticks a second of the stamps we write, as RTP has them for video (RFC 6184 §8.2.1). */
export const TICKS_PER_S = 90_000;

const TICKS_PER_MS = TICKS_PER_S / 1000;
/** A stamp further from the one before than this, beyond what really passed, is a jump. */
const JUMP_TICKS = 2 * TICKS_PER_S;
/** A pause of the network longer than this says nothing about the camera's clock. */
const PAUSE_TICKS = TICKS_PER_S / 2;
/** The camera's clock is compared with ours over one to two of these. */
const COMPARE_TICKS = 2 * TICKS_PER_S;
/** A clock that stands still is seen sooner. */
const STANDSTILL_TICKS = TICKS_PER_S / 2;
const STANDSTILL_PICTURES = 5;
/** So many sound comparisons in a row, and the camera's clock is believed again. */
const SOUND_AGAIN = 3;
/** Leaves room for what is shown before the first picture. */
const FIRST_STAMP = 30 * TICKS_PER_S;
const STEP_MIN_TICKS = TICKS_PER_MS;

/** What passed since some picture, in ticks: by the camera, by us, and by us without pauses. */
interface Passed {
  told: number;
  real: number;
  busy: number;
  pictures: number;
}

const NOTHING: Passed = { told: 0, real: 0, busy: 0, pictures: 0 };

/**
 * Stamps of pictures that can be trusted. A camera's own stamps are kept as long as they pass about as fast as time
 * does; a single one that jumps is replaced, and where they stand still, run wild or count in other units, pictures
 * are stamped by their arrival.
 */
export class PictureClock {
  readonly #ticksPerTold: number;
  #last: { told: number; realMs: number } | null = null;
  #stamp = FIRST_STAMP;
  #step = 0;
  #byArrival: { stamp: number; realMs: number } | null = null;
  #sound = 0;
  #sinceOlder = NOTHING;
  #sinceNewer = NOTHING;

  /** `told`: how many units a second the camera's description promises. */
  constructor(toldPerS = TICKS_PER_S) {
    this.#ticksPerTold = TICKS_PER_S / toldPerS;
  }

  /** The stamp of the next picture, which arrived at `atMs` (monotonic) with the camera's stamp `told` (32 bits). */
  stamp(told: number, atMs: number): number {
    const last = this.#last;
    this.#last = { told, realMs: atMs };
    if (!last) return this.#stamp;
    const step = ((told - last.told) | 0) * this.#ticksPerTold;
    const real = Math.max(0, atMs - last.realMs) * TICKS_PER_MS;
    const jumps = step < -JUMP_TICKS || step > real + JUMP_TICKS;
    this.#compare({ told: jumps ? 0 : step, real, busy: Math.min(real, PAUSE_TICKS), pictures: 1 }, atMs);
    if (this.#byArrival) {
      const arrival = this.#byArrival.stamp + (atMs - this.#byArrival.realMs) * TICKS_PER_MS;
      this.#stamp = Math.max(this.#stamp + STEP_MIN_TICKS, Math.round(arrival));
    } else if (jumps) {
      this.#stamp += Math.round(this.#step || Math.max(real, STEP_MIN_TICKS));
    } else {
      this.#stamp += Math.round(step);
      if (step > 0) this.#step = Math.min(step, TICKS_PER_S);
    }
    return this.#stamp;
  }

  #compare(passed: Passed, atMs: number): void {
    this.#sinceOlder = sum(this.#sinceOlder, passed);
    this.#sinceNewer = sum(this.#sinceNewer, passed);
    const { told, busy, pictures } = this.#sinceOlder;
    const standsStill = told === 0 && busy >= STANDSTILL_TICKS && pictures >= STANDSTILL_PICTURES;
    if (this.#sinceNewer.real < COMPARE_TICKS && !(standsStill && !this.#byArrival)) return;
    const sound = !standsStill && isSound(this.#sinceOlder);
    this.#sinceOlder = this.#sinceNewer;
    this.#sinceNewer = NOTHING;
    this.#sound = sound ? this.#sound + 1 : 0;
    if (!sound) this.#byArrival ??= { stamp: this.#stamp, realMs: atMs - passed.real / TICKS_PER_MS };
    else if (this.#sound >= SOUND_AGAIN) this.#byArrival = null;
  }
}

/** A network that pauses makes the camera seem slow, and fast afterwards; neither is held against its clock. */
function isSound({ told, real, busy }: Passed): boolean {
  return told >= busy / 2 && told <= 2 * real + TICKS_PER_S;
}

function sum(one: Passed, other: Passed): Passed {
  return {
    told: one.told + other.told,
    real: one.real + other.real,
    busy: one.busy + other.busy,
    pictures: one.pictures + other.pictures,
  };
}

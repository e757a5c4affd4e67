/** How one stretch of a ramp went. */
export interface RampStep {
  /** So many times the ordinary rate of the city. */
  factor: number;
  /** Messages a second that were really sent. */
  perS: number;
  /** `self`: the generator was too slow itself, and nothing is known of the gateway. */
  found: 'kept' | 'broken' | 'self';
  /** What was broken. */
  why: string[];
}

export interface RampResult {
  steps: RampStep[];
  /** The fastest stretch in which every promise was kept; null where even the first one was broken. */
  safe: RampStep | null;
  /** The slowest one above it that went wrong; null where none did until the last. */
  above: RampStep | null;
}

export interface SearchLimits {
  /** Stretches at most, and how often the gap is halved once something went wrong. */
  stepsMax: number;
  halvings: number;
}

/**
 * Doubles the rate until something goes wrong, then halves the gap between the last that went well and the first that
 * did not. A stretch above one that went wrong is not tried.
 */
export async function searchRate(
  run: (factor: number) => Promise<RampStep>,
  { stepsMax, halvings }: SearchLimits,
): Promise<RampResult> {
  const steps: RampStep[] = [];
  let [safe, above]: [RampStep | null, RampStep | null] = [null, null];
  let factor = 1;
  let left = halvings;
  while (steps.length < stepsMax) {
    const step = await run(factor);
    steps.push(step);
    if (step.found === 'kept') safe = step;
    else above = step;
    if (above === null) factor *= 2;
    else if (safe === null || left === 0) break;
    else {
      left -= 1;
      factor = Math.sqrt(safe.factor * above.factor);
    }
  }
  return { steps, safe, above };
}

/** What a ramp found, in a sentence. */
export function rampText({ safe, above }: RampResult): string {
  const rate = (step: RampStep): string => `${Math.round(step.perS)} messages a second`;
  if (above?.found === 'self') {
    const least =
      safe === null ? 'Nothing is known of the gateway' : `The gateway keeps up with ${rate(safe)} at least`;
    return `${least}: at ${rate(above)} the generator itself was the bottleneck. Use several, or a faster machine.`;
  }
  const broke = above && `at ${rate(above)} this was broken: ${above.why.join('; ')}`;
  if (safe === null) return `No rate is safe: ${broke}`;
  return `The largest safe rate: ${rate(safe)}; ${broke ?? 'more was not tried'}`;
}

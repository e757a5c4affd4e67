/** From one knock to the next while nobody answers. */
const KNOCK_MS = 1_000;
/** A packet that was lost is sent again after 1 s, 3 s, 7 s and so on: a new knock is there sooner. */
const ANSWER_MS = 2_500;
/** Pages do not all come back at the same instant. */
const SPREAD_MS = 400;
/** Of whoever stands before a gateway that does not answer. */
const NOT_REACHED: readonly number[] = [502, 503, 504];

let isKnocking = false;
let back = new AbortController();
const listeners = new Set<() => void>();

/**
 * Somebody got no answer. From now on the page knocks at the gateway until it is answered, because requests that wait
 * longer and longer, or hang in a network that swallows packets, would notice tens of seconds late that it is back.
 */
export function lineLost(): void {
  if (isKnocking) return;
  isKnocking = true;
  void knock();
}

/** Calls `listen` whenever the gateway can be reached again, until `signal` is aborted. */
export function onBack(listen: () => void, signal: AbortSignal): void {
  listeners.add(listen);
  signal.addEventListener('abort', () => listeners.delete(listen), { once: true });
}

/** Aborted when the gateway can be reached again after a cut: what hangs since then had better be asked anew. */
export function backAgain(): AbortSignal {
  return back.signal;
}

/** A gateway that answers the first knock was never away: then nobody is told, and nobody tries at once again. */
async function knock(): Promise<void> {
  let wasAway = false;
  while (!(await isAnswered())) {
    wasAway = true;
    await rest(KNOCK_MS);
  }
  if (wasAway) await rest(Math.random() * SPREAD_MS);
  isKnocking = false;
  if (!wasAway) return;
  const was = back;
  back = new AbortController();
  was.abort();
  for (const listen of [...listeners]) listen();
}

async function isAnswered(): Promise<boolean> {
  try {
    const { status } = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(ANSWER_MS) });
    return !NOT_REACHED.includes(status);
  } catch {
    return false;
  }
}

function rest(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

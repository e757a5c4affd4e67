import { signal } from '@preact/signals';

/** How long a deed can be taken back, ms: the gateway does not hear of it before. */
const UNDO_MS = 5_000;
/** Requests of one deed on their way at once: the gateway has others to serve. */
export const AT_ONCE = 4;

/** Something that is about to be done. */
export interface Pending {
  id: number;
  alerts: readonly string[];
  /** What is said of it, with the seconds that are left. */
  say(seconds: number): string;
  atMs: number;
}

export const pending = signal<readonly Pending[]>([]);

interface Kept extends Pending {
  timer: ReturnType<typeof setTimeout>;
  /** Resolves with the number of alerts that it could not be done to. */
  run(): Promise<number>;
}

const all = new Map<number, Kept>();
/** What is being done now, with how many alerts each is about. */
const going = new Map<Promise<number>, number>();
let last = 0;

/** Does something in 5 s, unless it is taken back; at once when the page goes away. */
export function doSoon(alerts: readonly string[], say: Pending['say'], run: Kept['run']): void {
  last += 1;
  const id = last;
  const timer = setTimeout(() => void finish(id), UNDO_MS);
  all.set(id, { id, alerts, say, atMs: Date.now() + UNDO_MS, run, timer });
  show();
}

/** Takes back what was asked for last. Answers whether there was anything. */
export function undo(id = [...all.keys()].at(-1)): boolean {
  const kept = id === undefined ? undefined : all.get(id);
  if (!kept) return false;
  clearTimeout(kept.timer);
  all.delete(kept.id);
  show();
  return true;
}

/**
 * Does everything that waits now, since nobody will be there to take it back; resolves when that and what is under way
 * was done, with the number of alerts that it could not be done to.
 */
export async function finishAll(): Promise<number> {
  for (const id of [...all.keys()]) void finish(id);
  const failed = await Promise.all(going.keys());
  return failed.reduce((sum, one) => sum + one, 0);
}

/** To how many alerts something waits to be done, or is being done. */
export function unfinished(): number {
  const waiting = [...all.values()].map(({ alerts }) => alerts.length);
  return [...waiting, ...going.values()].reduce((sum, one) => sum + one, 0);
}

addEventListener('pagehide', () => void finishAll());
// A page that goes away sends only what is begun at once: what is more is asked about.
addEventListener('beforeunload', (event) => {
  if (unfinished() > AT_ONCE) event.preventDefault();
});

export function isPending(alert: string): boolean {
  return pending.value.some(({ alerts }) => alerts.includes(alert));
}

async function finish(id: number): Promise<void> {
  const kept = all.get(id);
  if (!kept) return;
  clearTimeout(kept.timer);
  all.delete(id);
  show();
  await follow(kept.run(), kept.alerts.length);
}

/** Does something to one alert at once; until it is answered it counts as what is under way. */
export function doNow(run: () => Promise<void>): Promise<void> {
  const doing = run();
  void follow(
    doing.then(() => 0),
    1,
  );
  return doing;
}

async function follow(run: Promise<number>, alerts: number): Promise<void> {
  const doing = run.catch(() => alerts);
  going.set(doing, alerts);
  await doing;
  going.delete(doing);
}

function show(): void {
  pending.value = [...all.values()];
}

import { signal } from '@preact/signals';

/** How long a deed can be taken back, ms: the gateway does not hear of it before. */
const UNDO_MS = 5_000;

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
  run(): Promise<unknown>;
}

const all = new Map<number, Kept>();
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

/** Does everything that waits now, since nobody will be there to take it back; resolves when it was done. */
export async function finishAll(): Promise<void> {
  await Promise.allSettled([...all.keys()].map(finish));
}

addEventListener('pagehide', () => void finishAll());

export function isPending(alert: string): boolean {
  return pending.value.some(({ alerts }) => alerts.includes(alert));
}

async function finish(id: number): Promise<void> {
  const kept = all.get(id);
  if (!kept) return;
  clearTimeout(kept.timer);
  all.delete(id);
  show();
  await kept.run();
}

function show(): void {
  pending.value = [...all.values()];
}

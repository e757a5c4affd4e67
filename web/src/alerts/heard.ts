import type { AlertEvent } from '../types.ts';

type Listener = (events: readonly AlertEvent[] | null) => void;

const listeners = new Set<Listener>();

/** Passes on what the stream told; null: there is a gap, and what is known may be old. */
export function tellHeard(events: readonly AlertEvent[] | null): void {
  for (const listen of listeners) listen(events);
}

/** Hears whatever the stream tells, whether or not the list shows it, until `signal` is aborted. */
export function onHeard(listen: Listener, signal: AbortSignal): void {
  listeners.add(listen);
  signal.addEventListener('abort', () => listeners.delete(listen), { once: true });
}

import { signal } from '@preact/signals';

/** Alerts that somebody chose to do something with all of them. */
export const selection = signal<ReadonlySet<string>>(new Set());
/** Where the last choice was made: a choice with Shift reaches from there. */
let anchor: string | null = null;

export function isChosen(id: string): boolean {
  return selection.value.has(id);
}

/** Chooses an alert or leaves it out; with `reach` all of `order` between the last one and this. */
export function choose(id: string, order: readonly string[], reach = false): void {
  const next = new Set(selection.value);
  const [from, to] = [anchor === null ? -1 : order.indexOf(anchor), order.indexOf(id)];
  if (reach && from !== -1 && to !== -1) {
    for (const each of order.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(each);
  } else if (!next.delete(id)) next.add(id);
  anchor = id;
  selection.value = next;
}

export function chooseAll(ids: readonly string[]): void {
  selection.value = new Set(ids);
}

export function chooseNone(): void {
  anchor = null;
  if (selection.value.size > 0) selection.value = new Set();
}

/** Resolves in another turn of the event loop: work that goes on for long lets others have theirs in between. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What a transaction may begin with of one queue. */
export interface Room {
  /** Whether there is room for one more, which is taken by it. */
  takes(key: string): boolean;
}

export const NO_ROOM: Room = { takes: () => false };

export interface Held {
  /** First words of keys of which nothing more is begun. */
  crowded: readonly string[];
  /** Keys that are being worked on, by their first word. */
  held: ReadonlyMap<string, number>;
  /** Of one first word at most so many. */
  ofWordMax: number;
}

export function roomFor(free: number, { crowded, held, ofWordMax }: Held): Room {
  const full = new Set(crowded);
  const counts = new Map(held);
  let left = free;
  return {
    takes: (key) => {
      const word = firstWord(key);
      const ofWord = counts.get(word) ?? 0;
      if (left <= 0 || full.has(word) || ofWord >= ofWordMax) return false;
      counts.set(word, ofWord + 1);
      left -= 1;
      return true;
    },
  };
}

export function firstWord(key: string): string {
  return key.split(' ', 1)[0]!;
}

/** One key of this word is not worked on any more. */
export function letGo(held: Map<string, number>, word: string): void {
  const left = (held.get(word) ?? 0) - 1;
  if (left > 0) held.set(word, left);
  else held.delete(word);
}

/** One line of two texts: in both, gone, or new. */
export interface DiffLine {
  is: 'same' | 'gone' | 'new';
  text: string;
}

/** Longer texts are compared as a whole: the table below grows with the product of their lines. */
const LINES_MAX = 2_000;

/** What changed from one text to another, line by line; by the longest common sequence. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  if (a.length > LINES_MAX || b.length > LINES_MAX) {
    return [...a.map((text) => ({ is: 'gone', text }) as const), ...b.map((text) => ({ is: 'new', text }) as const)];
  }
  const common = commonOf(a, b);
  const found: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [mine, theirs] = [a[i], b[j]];
    if (mine !== undefined && mine === theirs) {
      found.push({ is: 'same', text: mine });
      i += 1;
      j += 1;
    } else if (
      mine !== undefined &&
      (theirs === undefined || lengthAt(common, i + 1, j) >= lengthAt(common, i, j + 1))
    ) {
      found.push({ is: 'gone', text: mine });
      i += 1;
    } else {
      found.push({ is: 'new', text: theirs ?? '' });
      j += 1;
    }
  }
  return found;
}

function linesOf(text: string): string[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Of the longest common sequence from each pair of places on. */
function commonOf(a: readonly string[], b: readonly string[]): Uint16Array[] {
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const best = Math.max(lengthAt(table, i + 1, j), lengthAt(table, i, j + 1));
      table[i]?.fill(a[i] === b[j] ? lengthAt(table, i + 1, j + 1) + 1 : best, j, j + 1);
    }
  }
  return table;
}

function lengthAt(table: readonly Uint16Array[], i: number, j: number): number {
  return table[i]?.[j] ?? 0;
}

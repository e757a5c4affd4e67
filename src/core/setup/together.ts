/**
 * Parts as one object, in their order. Throws a RangeError that says which name two of them have: the later one would
 * take the place of the earlier, and nobody would notice.
 */
export function together<First extends object, Second extends object, Third extends object = object>(
  what: string,
  ...parts: [First, Second] | [First, Second, Third]
): First & Second & Third {
  const all = parts.flatMap((part) => Object.entries(part));
  const seen = new Set<string>();
  for (const [name] of all) {
    if (seen.has(name)) throw new RangeError(`"${name}" is the name of two ${what}: give the newer one another name`);
    seen.add(name);
  }
  return Object.fromEntries(all) as First & Second & Third;
}

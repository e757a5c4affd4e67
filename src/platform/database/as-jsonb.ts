/**
 * A value of JSON as it is read again from a column of the type jsonb, so that both have the same text: keys in the
 * order that PostgreSQL keeps them in, by their length in bytes and then by their bytes; what JSON has no word for is
 * left out.
 */
export function asJsonb<Value>(value: Value): Value {
  return inOrder(value) as Value;
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : inOrder(item)));
  const keys = Object.keys(value).filter((key) => (value as Record<string, unknown>)[key] !== undefined);
  const sorted = keys.sort(byBytes);
  return Object.fromEntries(sorted.map((key) => [key, inOrder((value as Record<string, unknown>)[key])]));
}

function byBytes(one: string, other: string): number {
  const bytes = Buffer.byteLength(one);
  const more = bytes - Buffer.byteLength(other);
  if (more !== 0) return more;
  // Units of UTF-16 have the order of bytes where each is one.
  if (bytes === one.length) return one < other ? -1 : 1;
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

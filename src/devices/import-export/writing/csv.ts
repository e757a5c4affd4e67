/**
 * Rows as CSV (RFC 4180), with a mark, since Excel takes a file without one for GBK. Cells stand as they are given:
 * what people typed goes through `escapeCell` before.
 */
export async function* csvOf(
  rows: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
): AsyncGenerator<string> {
  yield '\ufeff';
  for await (const row of rows) yield `${row.map(quoted).join(',')}\r\n`;
}

function quoted(text: string): string {
  return /[",\r\n;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

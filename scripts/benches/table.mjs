/** A table of figures for the terminal: cases with the same columns stand together. */
export function table(figures) {
  const groups = new Map();
  for (const [bench, of, cells] of casesOf(figures)) {
    const row = { bench, ...of, ...cells };
    const columns = Object.keys(row).join(' ');
    groups.set(columns, [...(groups.get(columns) ?? []), row]);
  }
  return [...groups.values()].map(lines).join('\n\n');
}

function casesOf(figures) {
  const cases = new Map();
  for (const { bench, of, name, unit, values } of figures) {
    const key = JSON.stringify([bench, of]);
    if (!cases.has(key)) cases.set(key, [bench, of, {}]);
    cases.get(key)[2][unit === 'count' ? name : `${name} (${unit})`] = values.join(' ');
  }
  return cases.values();
}

function lines(rows) {
  const columns = Object.keys(rows[0]);
  const cells = [columns, ...rows.map((row) => columns.map((column) => String(row[column])))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index].length)));
  return cells.map((line) => padded(line, widths)).join('\n');
}

function padded(line, widths) {
  return line
    .map((cell, index) => cell.padEnd(widths[index]))
    .join('  ')
    .trimEnd();
}

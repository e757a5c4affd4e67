/** Values of a stored point, by time and field, of one series. */
export interface Sample {
  measurement: string;
  tags: Record<string, string>;
  field: string;
  timeNs: bigint;
  value: number | boolean | string;
}

interface Row {
  timeNs: bigint;
  field: string;
  value: number | boolean | string;
  tags: Record<string, string>;
}

const TEXT = '"((?:[^"\\\\]|\\\\.)*)"';

/** Says what of a query the stand-in does not know, as the compiler of InfluxDB would say what it cannot compile. */
export class FluxFault extends Error {}

/** Runs the few functions of Flux that our store uses, on rows that are in memory. */
export function runFlux(query: string, bucketOf: (name: string) => Iterable<Sample> | undefined): string {
  const [source = '', ...steps] = query.split('\n  |> ');
  const [bucket = ''] = one(source, `from\\(bucket: ${TEXT}\\)`);
  const samples = bucketOf(bucket);
  if (!samples) throw new FluxFault(`could not find bucket "${bucket}"`);
  const [start = '', stop = ''] = one(
    steps.shift(),
    `range\\(start: time\\(v: ${TEXT}\\), stop: time\\(v: ${TEXT}\\)\\)`,
  );
  const [from, to] = [toNs(start), toNs(stop)];
  if (from >= to) throw new FluxFault('cannot query an empty range');
  const isDevice = `r\\.dev == ${TEXT}`;
  const anyDevice = `${isDevice}(?: or ${isDevice})*`;
  const ofDevices = `filter\\(fn: \\(r\\) => r\\._measurement == ${TEXT} and \\((${anyDevice})\\)\\)`;
  const [measurement, named = ''] = one(steps.shift(), ofDevices, false);
  const devices = new Set([...named.matchAll(new RegExp(isDevice, 'g'))].map(([, text]) => unquoted(text)));
  const equal = `r\\._field == ${TEXT}`;
  const [conditions = ''] = one(steps.shift(), `filter\\(fn: \\(r\\) => (${equal}(?: or ${equal})*)\\)`, false);
  const fields = [...conditions.matchAll(new RegExp(equal, 'g'))].map(([, text]) => unquoted(text));
  const inside = [...samples].filter(
    (sample) =>
      sample.measurement === unquoted(measurement) &&
      devices.has(sample.tags.dev ?? '') &&
      fields.includes(sample.field) &&
      sample.timeNs >= from &&
      sample.timeNs < to,
  );
  const [groups = ''] = one(steps.shift(), 'group\\(columns: \\["_field"(?:, "_start", "_stop")?(.*)\\]\\)', false);
  const groupBy = [...groups.matchAll(new RegExp(TEXT, 'g'))].map(([, text]) => unquoted(text));
  const tables = new Map<string, Row[]>();
  for (const sample of inside) {
    const key = JSON.stringify([sample.field, ...groupBy.map((tag) => sample.tags[tag])]);
    const table = tables.get(key);
    if (table) table.push(sample);
    else tables.set(key, [sample]);
  }
  const columns = /keep\(columns: \[(.*)\]\)$/.exec(steps.at(-1) ?? '')?.[1] ?? '';
  const labels = [...columns.matchAll(new RegExp(TEXT, 'g'))].map(([, text]) => unquoted(text)).slice(3);
  return [...tables.values()].map((rows) => toCsv(transform(rows, steps.slice(0, -1), from), labels)).join('');
}

function transform(rows: Row[], steps: string[], fromNs: bigint): Row[] {
  let result = rows;
  for (const step of steps) {
    const sorted = /^sort\(columns: \["_time"\](?:, desc: (true|false))?\)$/.exec(step);
    const limited = /^limit\(n: (\d+)\)$/.exec(step);
    const windowed = /^aggregateWindow\(every: (\d+)ms, fn: (\w+), createEmpty: false, timeSrc: "_start"\)$/.exec(step);
    const reduced = /^(min|max|sum|last|count)\(\)$/.exec(step);
    if (sorted) {
      const order = sorted[1] === 'true' ? -1 : 1;
      result = result.toSorted((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0) * order);
    } else if (limited) result = result.slice(0, Number(limited[1]));
    else if (windowed) result = windows(result, BigInt(windowed[1] ?? 1) * 1_000_000n, windowed[2] ?? '', fromNs);
    else if (reduced) result = reduce(result, reduced[1] ?? '');
    else if (step === 'duplicate(column: "_start", as: "_time")') {
      result = result.map((row) => ({ ...row, timeNs: fromNs }));
    } else throw new FluxFault(`compilation failed: ${step}`);
  }
  return result;
}

/** Windows begin at whole multiples since 1970, but the first not before the range does. */
function windows(rows: Row[], everyNs: bigint, fn: string, fromNs: bigint): Row[] {
  const found = new Map<bigint, Row[]>();
  for (const row of rows) {
    const begin = row.timeNs - (row.timeNs % everyNs);
    found.set(begin, [...(found.get(begin) ?? []), row]);
  }
  return [...found].flatMap(([begin, inside]) =>
    reduce(inside, fn).map((row) => ({ ...row, timeNs: begin < fromNs ? fromNs : begin })),
  );
}

function reduce(rows: Row[], fn: string): Row[] {
  const [first] = rows;
  if (!first) return [];
  if (fn === 'count') return [{ ...first, value: rows.length }];
  if (fn === 'last') return rows.slice(-1);
  const values = rows.map(({ value }) => value);
  if (!values.every((value) => typeof value === 'number')) throw new FluxFault(`unsupported input type for ${fn}`);
  if (fn === 'sum') return [{ ...first, value: values.reduce((a, b) => a + b, 0) }];
  if (fn === 'min' || fn === 'max') return [{ ...first, value: Math[fn](...values) }];
  throw new FluxFault(`compilation failed: ${fn}`);
}

/** One annotated table, lines ending as the dialect has it. */
function toCsv(rows: Row[], labels: string[]): string {
  const [first] = rows;
  if (!first) return '';
  const type = { number: 'double', boolean: 'boolean', string: 'string' }[typeof first.value as 'string'];
  const tags = labels.filter((label) => rows.some(({ tags }) => label in tags));
  const blank = tags.map(() => '');
  const lines = [
    ['#datatype', 'string', 'long', 'dateTime:RFC3339', type, 'string', ...tags.map(() => 'string')],
    ['#group', 'false', 'false', 'false', 'false', 'true', ...tags.map(() => 'false')],
    ['#default', '_result', '', '', '', '', ...blank],
    ['', 'result', 'table', '_time', '_value', '_field', ...tags],
    ...rows.map(({ timeNs, value, field, tags: own }) => [
      ...['', '', '0', toText(timeNs), quoted(String(value)), quoted(field)],
      ...tags.map((label) => quoted(own[label] ?? '')),
    ]),
  ];
  return `${lines.map((line) => line.join(',')).join('\r\n')}\r\n\r\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Nanoseconds without the zeros that Go leaves away at the end. */
function toText(timeNs: bigint): string {
  const seconds = new Date(Number(timeNs / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  const fraction = String(timeNs % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${seconds}${fraction && '.'}${fraction}Z`;
}

function toNs(text: string): bigint {
  const [, seconds = '', fraction = ''] = /^(.{19})(?:\.(\d+))?Z$/.exec(text) ?? [];
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

function one(step: string | undefined, pattern: string, isText = true): string[] {
  const found = new RegExp(`^${pattern}$`).exec(step ?? '');
  if (!found) throw new FluxFault(`compilation failed: ${step}`);
  return found.slice(1).map((text) => (isText ? unquoted(text) : text));
}

function unquoted(text = ''): string {
  const plain: Record<string, string> = { n: '\n', r: '\r', t: '\t' };
  return text.replace(/\\(.)/g, (_, letter: string) => plain[letter] ?? letter);
}

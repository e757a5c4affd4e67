import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../root.mjs';

/** The page whose tables are made from the kept results. */
export const PAGE = 'docs/performance.md';
const BEGIN = '<!-- made from bench/results by `npm run bench -- --page`: begin -->';
const END = '<!-- made from bench/results: end -->';

const CASES_SHOWN = 6;

/** The page with its tables made anew. */
export function pageWith(text, results) {
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END);
  if (from < 0 || to < from) throw new Error(`${PAGE} has no place for the figures`);
  return `${text.slice(0, from)}${BEGIN}\n\n${tablesOf(results)}\n${text.slice(to)}`;
}

/** Makes the tables of the page anew. */
export function writePage(results) {
  const path = join(ROOT, PAGE);
  writeFileSync(path, pageWith(readFileSync(path, 'utf8'), results));
}

function tablesOf(results) {
  return [asked(results), ...results.map(section)].join('\n');
}

/** Every figure that somebody asked for. */
function asked(results) {
  const figures = results.flatMap(({ figures, ...about }) =>
    figures.filter(({ goal }) => goal).map((figure) => ({ ...figure, about })),
  );
  const missed = figures.filter(({ goal, values }) => !isKept(goal, median(values))).length;
  return [
    '## What was asked for',
    '',
    `${figures.length} figures have a goal; ${missed} of them miss it. Of many cases with one goal the worst stands here.`,
    '',
    table(['bench', 'what', 'figure', 'median (from … to)', 'goal', 'asked by', '', 'measured'], shortened(figures)),
    '',
  ].join('\n');
}

/** A row for each figure, or one for the worst of many that have the same goal. */
function shortened(figures) {
  const groups = new Map();
  for (const figure of figures) {
    const key = JSON.stringify([figure.about.name, figure.bench, figure.name, figure.goal]);
    groups.set(key, [...(groups.get(key) ?? []), figure]);
  }
  return [...groups.values()].flatMap((alike) => {
    if (alike.length <= CASES_SHOWN) return alike.map((figure) => askedRow(figure));
    const worst = alike.reduce((one, other) => (isWorse(other, one) ? other : one));
    return [askedRow(worst, `, the worst of ${alike.length}`)];
  });
}

function isWorse({ goal, values }, other) {
  const [mine, theirs] = [median(values), median(other.values)];
  return goal.most === undefined ? mine < theirs : mine > theirs;
}

function askedRow({ about: { name, date, machine }, bench, of, name: figure, unit, values, goal }, more = '') {
  const { loadBefore } = machine;
  return [
    `\`${name}\``,
    `${caseName(bench, of)}${more}`,
    figure,
    shown(values, unit),
    bound(goal),
    goal.source,
    isKept(goal, median(values)) ? 'kept' : '**missed**',
    `${date}, ${typeof loadBefore === 'number' ? `load ${loadBefore}` : loadBefore}`,
  ];
}

function section({ name, figures, ...about }) {
  const groups = new Map();
  for (const figure of figures) {
    const cell = rowsOf(groups, figure);
    cell.push(figure);
  }
  return [`## \`${name}\``, '', origin(about), '', ...[...tables(groups)].flatMap((one) => [one, ''])].join('\n');
}

/** The figures of one case, in the order in which they came. */
function rowsOf(groups, { bench, of }) {
  const key = JSON.stringify([bench, of]);
  if (!groups.has(key)) groups.set(key, []);
  return groups.get(key);
}

/** Cases with the same columns stand in one table. */
function tables(groups) {
  const alike = new Map();
  for (const figures of groups.values()) {
    const columns = JSON.stringify([Object.keys(figures[0].of), figures.map(({ name, unit }) => [name, unit])]);
    alike.set(columns, [...(alike.get(columns) ?? []), figures]);
  }
  return [...alike.values()].map((cases) => {
    const [first] = cases;
    const head = ['', ...Object.keys(first[0].of), ...first.map(({ name, unit }) => `${name}${unitOf(unit)}`)];
    const rows = cases.map((figures) => [
      figures[0].bench,
      ...Object.values(figures[0].of).map(String),
      ...figures.map(cell),
    ]);
    return table(head, rows);
  });
}

function cell({ values, goal, beside }) {
  const parts = [shown(values, '')];
  if (goal && !isKept(goal, median(values))) parts[0] = `**${parts[0]}**`;
  if (goal) parts.push(`(${bound(goal)})`);
  if (beside) {
    const other = median(beside.values);
    parts.push(`beside ${beside.name} ${number(other)}${other === 0 ? '' : `: × ${number(median(values) / other)}`}`);
  }
  return parts.join(' ');
}

/** The machine line. */
function origin({ date, revision, machine, runs, settings, carriedOver }) {
  const { model, cores, memoryBytes, node, loadBefore, loadAfter } = machine;
  const memory = memoryBytes ? `, ${Math.round(memoryBytes / 2 ** 30)} GiB` : '';
  const load = carriedOver ? `load average: ${loadBefore}` : `load average ${loadBefore} before and ${loadAfter} after`;
  const set = Object.entries(settings).map(([name, value]) => `\`${name}=${value}\``);
  const of = [`${model}, ${cores} cores${memory}`, node, load, date, `revision ${revision}`, ...set];
  const count = carriedOver ? '' : `, ${runs === 1 ? 'one run' : `${runs} runs`}`;
  const line = `${of.join(', ')}${count}.`;
  return carriedOver ? `${line} Carried over: ${carriedOver}` : line;
}

function shown(values, unit) {
  const text = `${number(median(values))}${unit === '' || unit === 'count' ? '' : ` ${unit}`}`;
  if (values.length === 1) return text;
  return `${text} (${number(Math.min(...values))} … ${number(Math.max(...values))})`;
}

/** Of an even count, the mean of the two in the middle. */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

function isKept({ most = Infinity, least = -Infinity }, value) {
  return value <= most && value >= least;
}

function bound({ most, least }) {
  return most === undefined ? `≥ ${number(least)}` : `≤ ${number(most)}`;
}

function number(value) {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(4)));
}

function unitOf(unit) {
  return unit === 'count' ? '' : `, ${unit}`;
}

function caseName(bench, of) {
  const parts = Object.entries(of).map(([name, value]) => `${name} ${value}`);
  return [bench, ...parts].join(', ');
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

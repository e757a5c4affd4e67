import t from 'tap';
import { z } from 'zod';
import { PAGE, pageWith } from '../../../scripts/benches/page.mjs';
import { figuresOf, keptResults, RESULTS } from '../../../scripts/benches/results.mjs';
import { filesBelow, read } from '../../support/source-tree.ts';

const goal = z.strictObject({ most: z.number().optional(), least: z.number().optional(), source: z.string().min(1) });
const figure = z.strictObject({
  bench: z.string().min(1),
  of: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  name: z.string().min(1),
  unit: z.string().min(1),
  goal: goal.optional(),
  values: z.array(z.number()).min(1),
  beside: z.strictObject({ name: z.string(), values: z.array(z.number()).min(1) }).optional(),
});
const load = z.union([z.number(), z.string()]);

/** What a file of kept figures says: who measured when, on what, with which settings, how often. */
const result = z.strictObject({
  name: z.string(),
  date: z.iso.date(),
  revision: z.string().min(1),
  settings: z.record(z.string(), z.string()),
  runs: z.int().min(1),
  machine: z.strictObject({
    model: z.string(),
    cores: z.int().min(1),
    memoryBytes: z.int().min(1),
    node: z.string(),
    loadBefore: load,
    loadAfter: load.optional(),
  }),
  carriedOver: z.string().optional(),
  figures: z.array(figure).min(1),
});

const benches = filesBelow(['bench'], /\.ts$/).filter((path) => !path.startsWith('bench/support/'));

t.test(`${PAGE} says exactly what ${RESULTS} keeps`, async (t) => {
  const text = read(PAGE);
  t.equal(pageWith(text, keptResults()), text, 'made anew by `npm run bench -- --page`');
});

t.test('each file of kept figures is whole, and is that of a bench', async (t) => {
  for (const kept of keptResults()) {
    t.ok(benches.includes(`bench/${kept.name}.ts`), `bench/${kept.name}.ts is there`);
    const { error, data } = result.safeParse(kept);
    t.notOk(error, `${kept.name}: ${error && z.prettifyError(error)}`);
    if (!data || data.carriedOver) continue;
    t.same(
      data.figures.filter(({ values }) => values.length !== data.runs).map(({ bench, name }) => `${bench}, ${name}`),
      [],
      `${kept.name}: a value for each run`,
    );
  }
});

t.test('each bench gives its figures by the contract, and stands on the page', async (t) => {
  const text = read(PAGE);
  for (const path of benches) {
    t.match(read(path), /import \{[^}]*\btell\b[^}]*\} from '[./]+support\/figures\.ts'/, path);
    t.ok(
      text.includes(`\`npm run bench ${path.slice('bench/'.length, -'.ts'.length)}\``),
      `${path} stands on the page`,
    );
  }
});

t.test('a bench has all its constants before it begins to run', async (t) => {
  const late = /^await run\([\s\S]*?^(?:const|let) (\w+)/m;
  t.same(
    benches.flatMap((path) => late.exec(read(path))?.[1] ?? []),
    [],
  );
  t.equal(late.exec('await run(async () => {\n  const a = 1;\n});\n\nconst LATE = 1;')?.[1], 'LATE');
});

t.test('the rule sees a breach: a figure that was changed by hand', async (t) => {
  const text = read(PAGE);
  const [first] = keptResults() as z.infer<typeof result>[];
  const changed = { ...first!, figures: first!.figures.map((one) => ({ ...one, values: [one.values[0]! + 1] })) };
  t.not(pageWith(text, [changed, ...keptResults().slice(1)]), text);
});

t.test('runs are put together by case, and a baseline comes along', async (t) => {
  const line = (value: number, floor: number) => {
    const beside = { name: 'floor', value: floor };
    return { bench: 'a', of: { rate: 1 }, figures: [{ name: 'p99', value, unit: 'ms', beside }] };
  };
  const [one, ...rest] = figuresOf([[line(3, 1)], [line(5, 2)]]);
  t.same(rest, []);
  t.same([one!.values, one!.beside], [[3, 5], { name: 'floor', values: [1, 2] }]);
});

import { gzipSync } from 'node:zlib';
import t from 'tap';
import { builtConsole } from '../../support/web/built-console.ts';

const KB = 1_000;
/** Of the list of alerts as work, of that with its map and wall, and of everything that the console has, packed. */
const BUDGET = { list: 250 * KB, duty: 800 * KB, all: 900 * KB };

const files = await builtConsole();
const packed = (address: string): number => gzipSync(files.get(address)!.body).length;
const scripts = [...files.keys()].filter((address) => address.endsWith('.js'));

/** What a script brings with it at once, itself included. */
function withImports(address: string, known = new Set<string>()): Set<string> {
  if (known.has(address)) return known;
  known.add(address);
  const text = files.get(address)!.body.toString();
  for (const [, from] of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) {
    withImports(`/assets/${from}`, known);
  }
  return known;
}

t.test('the list of alerts is there with little', async (t) => {
  const page = files.get('/index.html')!.body.toString();
  const first = [...page.matchAll(/(?:src|href)="(\/assets\/[\w.-]+\.js)"/g)].map(([, address]) => address!);
  const all = new Set(first.flatMap((address) => [...withImports(address)]));
  const bytes = [...all].reduce((sum, address) => sum + packed(address), 0);
  t.comment(`${bytes} bytes in ${all.size} scripts`);
  t.ok(all.size > 0);
  t.ok(bytes <= BUDGET.list, `${bytes} bytes`);
  t.notOk(
    [...all].some((address) => /map/.test(address)),
    'and without the map',
  );
});

/** Views that are read when somebody goes there, by the names of their scripts. */
const ELSEWHERE = /\/(?:case|[a-z]+-view|list-page)-[\w-]+\.js$/;

/** What a script brings with it in time as well: what it reads later, and the workers it starts. */
function withLater(address: string, known = new Set<string>()): Set<string> {
  if (known.has(address) || !files.has(address) || ELSEWHERE.test(address)) return known;
  known.add(address);
  const text = files.get(address)!.body.toString();
  for (const [, name] of text.matchAll(/["'`](?:\.\/|\/assets\/)([\w.-]+\.js)["'`]/g))
    withLater(`/assets/${name}`, known);
  return known;
}

t.test('the first view with its map and its wall is no more than a picture or two', async (t) => {
  const all = withLater(scripts.find((address) => address.includes('/index-'))!);
  const bytes = [...all].reduce((sum, address) => sum + packed(address), 0);
  t.comment(`${bytes} bytes in ${all.size} scripts`);
  for (const part of ['map', 'maplibre-gl-worker', 'hls', 'pane']) {
    t.ok(
      [...all].some((address) => address.includes(`/${part}`)),
      `${part} is among them`,
    );
  }
  t.ok(bytes <= BUDGET.duty, `${bytes} bytes`);
});

t.test('the whole console with every view is little more', async (t) => {
  const bytes = scripts.reduce((sum, address) => sum + packed(address), 0);
  t.comment(scripts.map((address) => `${address} ${packed(address)}`).join('\n'));
  t.ok(bytes <= BUDGET.all, `${bytes} bytes`);
});

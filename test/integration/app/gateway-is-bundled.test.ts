import { execFile } from 'node:child_process';
import { appendFile, mkdir, readdir, readFile, realpath, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { DAY_MS } from '../../../src/core/clock.ts';
import { ownCheckout } from '../../support/gateway/refused-start.ts';
import { ROOT } from '../../support/root.ts';

t.setTimeout(180_000);

const run = promisify(execFile);

/**
 * A checkout with a small gateway of two modules, one of which uses a package: what makes a bundle does not ask what is
 * in it. Nearly every other test starts the bundle of the real one.
 */
async function smallCheckout(t: Test): Promise<string> {
  const root = await realpath(await ownCheckout(t));
  await rm(join(root, 'src'), { recursive: true });
  await mkdir(join(root, 'src/app'), { recursive: true });
  const main = `const { say } = await import('./cli.ts');\nsay(process.argv[2]);\n`;
  await writeFile(join(root, 'src/app/main.ts'), main);
  await writeCli(root, 'COMMAND');
  return root;
}

function writeCli(root: string, word: string): Promise<void> {
  const lines = [
    "import { parse } from 'yaml';",
    `export const say = (asked: string) => console.log(parse('usage: citywatch ${word}').usage, asked);`,
  ];
  return writeFile(join(root, 'src/app/cli.ts'), `${lines.join('\n')}\n`);
}

async function bundled(root: string, call = 'bundleGateway()'): Promise<{ program: string; said: string }> {
  const script = `const bundler = await import(${JSON.stringify(join(root, 'scripts/bundle.mjs'))});
    console.log(await bundler.${call});`;
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script]);
  return { program: stdout.trim(), said: stderr };
}

async function firstLine(program: string): Promise<string | undefined> {
  const { stdout } = await run(process.execPath, [program, '--help']);
  return stdout.split('\n')[0];
}

t.test('citywatch is bundled for its sources, once, and again when they change', async (t) => {
  const root = await smallCheckout(t);
  const first = await bundled(root);
  t.equal(await firstLine(first.program), 'citywatch COMMAND --help');
  t.same(await bundled(root), first, 'nothing changed, and nothing is said');

  await writeCli(root, 'WORD');
  const second = await bundled(root);
  t.equal(await firstLine(second.program), 'citywatch WORD --help');
  t.equal(await firstLine(first.program), 'citywatch COMMAND --help', 'a start of before still finds its own');
});

t.test("Node's http comes without its client for the web", async (t) => {
  const root = await smallCheckout(t);
  const lines = [
    "import { STATUS_CODES } from 'node:http';",
    "const hasClient = process.moduleLoadList.some((name) => name.includes('undici/undici'));",
    'export const say = () => console.log(STATUS_CODES[200], hasClient, typeof WebSocket);',
  ];
  await writeFile(join(root, 'src/app/cli.ts'), `${lines.join('\n')}\n`);
  const { program } = await bundled(root);
  t.equal(await firstLine(program), 'OK false function', 'who asks for it still gets it');
});

t.test('a start does not load what makes labels', async (t) => {
  const bundler: { bundleGateway(): Promise<string> } = await import(join(ROOT, 'scripts/bundle.mjs'));
  const made = dirname(await bundler.bundleGateway());
  const loaded = new Set(['cli.mjs', 'compose.mjs', 'house.mjs']);
  for (const name of loaded) {
    const code = await readFile(join(made, name), 'utf8');
    for (const [, other] of code.matchAll(/^(?:import|export) .*?"\.\/([^"]+)";$/gm)) loaded.add(String(other));
  }
  const makers = (names: Iterable<string>) => [...names].filter((name) => name.includes('pdfkit'));
  t.ok(loaded.size > 5, [...loaded].join());
  t.same(makers(loaded), []);
  t.ok(makers(await readdir(made)).length > 0, 'it is there for who asks for a label');
});

t.test('bundles that nobody has started for a day go when another is made', async (t) => {
  const root = await smallCheckout(t);
  const into = join(root, 'bundles');
  const made = async () =>
    (await bundled(root, `bundleOf(${JSON.stringify({ into, folders: ['src'], beside: {} })})`)).program;
  const started = await made();
  for (const name of ['forgotten', 'forgotten.7', 'young']) await mkdir(join(into, name));
  const longAgo = new Date(Date.now() - 2 * DAY_MS);
  for (const name of ['forgotten', 'forgotten.7', dirname(started)])
    await utimes(resolve(into, name), longAgo, longAgo);
  t.equal(await made(), started, 'one of long ago that is started again');

  await writeCli(root, 'NEW');
  const other = await made();
  const left = [basename(dirname(started)), basename(dirname(other)), 'young'];
  t.same((await readdir(into)).sort(), left.sort());
});

t.test('what cannot be bundled starts from its sources, and says why', async (t) => {
  const root = await smallCheckout(t);
  await rm(join(root, '.cache'), { recursive: true, force: true });
  await writeFile(join(root, '.cache'), 'no folder');
  const refused = await bundled(root);
  t.equal(refused.program, join(root, 'src/app/main.ts'));
  t.match(refused.said, /set up first, .* run "npm run setup" in .*; the gateway starts from its sources/);

  await rm(join(root, '.cache'));
  await appendFile(join(root, 'src/app/cli.ts'), 'this is no program\n');
  const broken = await bundled(root);
  t.equal(broken.program, join(root, 'src/app/main.ts'));
  t.match(broken.said, /cli\.ts[\s\S]*the gateway starts from its sources/);
});

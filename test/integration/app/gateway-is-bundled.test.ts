import { execFile } from 'node:child_process';
import { appendFile, mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { ownCheckout } from '../../support/gateway/refused-start.ts';

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

async function bundled(root: string): Promise<{ program: string; said: string }> {
  const script = `const { bundleGateway } = await import(${JSON.stringify(join(root, 'scripts/bundle.mjs'))});
    console.log(await bundleGateway());`;
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

import { execFile } from 'node:child_process';
import { appendFile, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { ownCheckout } from '../../support/gateway/refused-start.ts';

t.setTimeout(180_000);

const run = promisify(execFile);

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
  const root = await realpath(await ownCheckout(t));
  const first = await bundled(root);
  t.equal(await firstLine(first.program), 'usage: citywatch COMMAND [--help]');
  t.same(await bundled(root), first, 'nothing changed, and nothing is said');

  const cli = join(root, 'src/app/cli.ts');
  const text = await readFile(cli, 'utf8');
  await writeFile(cli, text.replace('usage: citywatch COMMAND', 'usage: citywatch WORD'));
  const second = await bundled(root);
  t.equal(await firstLine(second.program), 'usage: citywatch WORD [--help]');
  t.equal(await firstLine(first.program), 'usage: citywatch COMMAND [--help]', 'a start of before still finds its own');
});

t.test('what cannot be bundled starts from its sources, and says why', async (t) => {
  const root = await realpath(await ownCheckout(t));
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

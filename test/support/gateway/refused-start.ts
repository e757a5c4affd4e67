import { spawn } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Owner, temporaryDirectory } from '../services/services.ts';
import { CITYWATCH } from './program.ts';

const ROOT = join(import.meta.dirname, '../../..');

export interface Refusal {
  status: number | null;
  stdout: string;
  stderr: string;
}

const LIMIT_MS = 60_000;

/** Runs `citywatch serve` where it cannot run, to its end; `status` is null when it had to be killed. */
export function refusedStart(env: Record<string, string>, root = ROOT): Promise<Refusal> {
  return runCitywatch(['serve'], env, root);
}

/** Runs `citywatch` with these words to its end; `status` is null when it had to be killed. */
export async function runCitywatch(words: string[], env: Record<string, string>, root = ROOT): Promise<Refusal> {
  const child = spawn(process.execPath, [root === ROOT ? CITYWATCH : await programOf(root), ...words], {
    env: {
      PATH: process.env.PATH ?? '',
      CITYWATCH_HTTP_PORT: '0',
      CITYWATCH_MQTT_PORT: '0',
      CITYWATCH_LOG_LEVEL: 'silent',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  return { status, ...said };
}

/** A bundle names files by their whole path. One with the path of a checkout starts sooner than its sources. */
async function programOf(root: string): Promise<string> {
  if (!CITYWATCH.endsWith('.mjs')) return join(root, 'src/app/main.ts');
  const from = dirname(CITYWATCH);
  const into = join(root, 'bundle');
  await mkdir(into, { recursive: true });
  for (const name of (await readdir(from)).filter((each) => each.endsWith('.mjs'))) {
    const code = await readFile(join(from, name), 'utf8');
    await writeFile(join(into, name), code.replaceAll(`${ROOT}/`, `${root}/`));
  }
  return join(into, basename(CITYWATCH));
}

/** A checkout of its own whose `config/` a test may change. */
export async function ownCheckout(t: Owner): Promise<string> {
  const root = join(await temporaryDirectory(t), 'checkout');
  await mkdir(root);
  for (const name of ['config', 'scripts', 'src']) await cp(join(ROOT, name), join(root, name), { recursive: true });
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json'])
    await cp(join(ROOT, name), join(root, name));
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return root;
}

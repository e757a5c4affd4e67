import { cp, lstat, mkdir, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { main } from '../../../../../src/app/cli.ts';
import { DataDirectory } from '../../../../../src/app/local-services/data-directory.ts';
import { forgetInstance } from '../../../../../src/app/local-services/postgres/instance.ts';
import { startPostgres } from '../../../../../src/app/local-services/postgres/postgres.ts';
import { KnownSecrets } from '../../../../../src/core/observe.ts';
import { isRunning, startScript } from '../../../../support/processes.ts';
import { bringCluster } from '../../../../support/services/ready-cluster.ts';
import { serviceDeps, temporaryDirectory } from '../../../../support/services/services.ts';
import type { HostedServices } from '../../../../support/services/services-host.ts';

const HOST = join(import.meta.dirname, '../../../../support/services/services-host.ts');
const isRoot = process.getuid?.() === 0;

/** Starts PostgreSQL on the directory, with a cluster if it is new, and stops it; resolves with where its data is. */
async function startsAlone(path: string): Promise<string> {
  const deps = serviceDeps();
  const place = await DataDirectory.open(path, deps.secrets);
  try {
    const hasCluster = await lstat(join(path, 'postgres')).catch(() => null);
    if (!hasCluster) await bringCluster(path, 'plain');
    await (await startPostgres(place, deps)).stop();
    return await readlink(join(path, 'postgres')).catch(() => join(path, 'postgres'));
  } finally {
    await place.close();
  }
}

function copy(from: string, to: string): Promise<void> {
  return cp(from, to, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.sock') });
}

async function inode(path: string): Promise<number> {
  return (await stat(path)).ino;
}

if (isRoot) {
  t.test('a start on a copy leaves the live database of the original alone, and says what to do', async (t) => {
    const base = await temporaryDirectory(t);
    const original = join(base, 'original');
    const host = await startScript(t, HOST, [original]);
    t.teardown(() => forgetInstance(original));
    const { postgres } = JSON.parse(host.line) as HostedServices;
    const duplicate = join(base, 'copy');
    await copy(original, duplicate);
    const says =
      /copy is a copy of \S+original, and the database stays with that one; to have .*backup.*restore here\.$/;
    await t.rejects(startsAlone(duplicate), { code: 'service.failed', message: says });
    await forgetInstance(duplicate);
    t.ok(isRunning(postgres.pid), 'the server of the original runs on');
    t.ok((await stat(join(original, 'postgres', 'pgdata'))).isDirectory(), 'and has its data');
  });

  t.test('a link without its instance is no reason to begin with an empty database', async (t) => {
    const path = await temporaryDirectory(t);
    const home = await startsAlone(path);
    await rename(home, `${home}-elsewhere`);
    t.teardown(() => rm(`${home}-elsewhere`, { recursive: true }));
    await t.rejects(startsAlone(path), { message: /postgres leads to .*instances.* that is not there; .*restore/ });
  });
}

t.test('a directory that was moved goes on by itself, and of two copies only one does', async (t) => {
  const base = await temporaryDirectory(t);
  const [first, second, third] = ['first', 'second', 'third'].map((name) => join(base, name)) as [string, ...string[]];
  const before = await inode(join(await startsAlone(first), 'pgdata'));
  t.teardown(() => forgetInstance(second!));
  await rename(first, second!);
  t.equal(await inode(join(await startsAlone(second!), 'pgdata')), before, 'moved on the same disk');
  // To another disk one copies, and removes what was copied.
  await copy(second!, third!);
  await rename(second!, first);
  const moved = await startsAlone(third!);
  if (isRoot) t.equal(await inode(join(moved, 'pgdata')), before, 'moved to another disk');
  if (isRoot) await t.rejects(startsAlone(first), { message: /first is a copy of \S+third/ });
  t.teardown(() => forgetInstance(third!));
});

t.test('a copy of a directory with a long path has sockets of its own', async (t) => {
  const path = join(await temporaryDirectory(t), 'long'.repeat(25));
  const sockets = async (directory: string, t: Test): Promise<string> => {
    const place = await DataDirectory.open(directory, new KnownSecrets());
    t.teardown(() => place.close());
    return await place.socketDirectory();
  };
  await mkdir(path, { mode: 0o700 });
  const original = await sockets(path, t);
  await copy(path, `${path}2`);
  t.not(await sockets(`${path}2`, t), original);
});

t.test('a command on a copy does not speak to the gateway of the original', async (t) => {
  const path = await temporaryDirectory(t);
  await mkdir(join(path, 'run'));
  await writeFile(join(path, 'run', 'api-url'), 'http://127.0.0.1:9');
  Object.assign(process.env, { CITYWATCH_DATA_DIR: path, CITYWATCH_ADMIN_TOKEN: 'x'.repeat(40) });
  const complaints: string[] = [];
  const secrets = new KnownSecrets();
  await main(['token', 'list'], { print: () => {}, complain: (line) => complaints.push(line), secrets });
  t.match(complaints, [/^No gateway runs on .* now; start it, set CITYWATCH_DATA_DIR, or name one by --url\.$/]);
});

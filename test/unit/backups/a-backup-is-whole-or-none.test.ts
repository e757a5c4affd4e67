import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { type BackupInput, secretsFileOf, takeBackup } from '../../../src/backups/backup.ts';
import { type RestoreInput, restoreBackup } from '../../../src/backups/restore.ts';
import { ManualClock } from '../../support/time/clock.ts';

const FILES: Record<string, string> = {
  'secrets/vault': 'a-secret',
  'journal/lives.json': '{}',
  'journal/live/0.seg': 'message',
  'journal/live/received.json': '{"offset":7}',
  'journal/live/lock/LOCK': '',
  'journal/identities/day-20000/CURRENT': 'MANIFEST-1',
  'journal/poison/poison.json': '[]',
  'influx/data/_series/0': 'series',
  'images/20000/a.jpg': 'picture',
  'recordings/2026-11-29/cam.mp4': 'video',
  'redis/redis.conf': 'requirepass x',
  'run/api-url': 'http://127.0.0.1:1',
};

async function ground(t: Test) {
  const root = t.testdir();
  const dataDirectory = join(root, 'data');
  for (const [path, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(dataDirectory, path)), { recursive: true });
    await writeFile(join(dataDirectory, path), text);
  }
  const target = join(root, 'backup');
  const input: BackupInput = {
    dataDirectory,
    target,
    postgres: null,
    influxIsOurs: true,
    version: '0',
    clock: new ManualClock(),
    sync: async () => {},
  };
  const into = join(root, 'new');
  await mkdir(into);
  const restore: RestoreInput = {
    source: target,
    secrets: secretsFileOf(target),
    dataDirectory: into,
    wants: { postgres: false, influx: true },
    installCluster: async () => {},
    forgetCluster: async () => {},
    sync: async () => {},
  };
  return { dataDirectory, target, input, into, restore };
}

async function namesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(directory.length + 1))
    .sort();
}

t.test('what is needed comes back byte by byte, what is made anew does not, and secrets are apart', async (t) => {
  const { target, input, into, restore } = await ground(t);
  const { secrets } = await takeBackup(input);
  t.equal(secrets, `${target}.secrets`);
  t.notOk((await namesBelow(target)).some((name) => name.includes('secrets')));
  await restoreBackup(restore);
  const gone = /^(recordings|redis|run)\/|lock|poison/;
  t.same(
    await namesBelow(into),
    Object.keys(FILES)
      .filter((name) => !gone.test(name))
      .sort(),
  );
  for (const name of await namesBelow(into)) t.equal(await readFile(join(into, name), 'utf8'), FILES[name]);
});

t.test('one that ended before everything was durable is no backup, and nothing is put beside it', async (t) => {
  const { target, input, into, restore } = await ground(t);
  const sync = () => Promise.reject(new Error('killed'));
  await t.rejects(takeBackup({ ...input, sync }), /killed/);
  await t.rejects(restoreBackup(restore), {
    code: 'backup.broken',
    message: /backup is no backup, or one that was cut/,
  });
  await t.rejects(takeBackup(input), { code: 'backup.target', message: /backup is not empty; name a new directory/ });
  t.same(await readdir(into), []);
  t.ok((await readdir(target)).length > 0);
});

t.test('a gateway that was started meanwhile makes it begin anew', async (t) => {
  const { dataDirectory, input } = await ground(t);
  const session = async () => {
    await writeFile(join(dataDirectory, 'journal/lives.json'), '{"again":1}');
    return undefined as never;
  };
  await t.rejects(takeBackup({ ...input, postgres: { cluster: '/nowhere', session } }), {
    message: /was started during/,
  });
});

t.test('nothing is written into a directory when the backup is damaged, or is another one', async (t) => {
  const { target, input, into, restore } = await ground(t);
  await takeBackup(input);
  const picture = join(target, 'data/images/20000/a.jpg');
  await writeFile(picture, 'Picture');
  await t.rejects(restoreBackup(restore), {
    code: 'backup.broken',
    message: `${picture} is not as it was written; use another backup.`,
  });
  await rm(picture);
  await t.rejects(restoreBackup(restore), { message: /a\.jpg is missing/ });
  await writeFile(restore.secrets, '{}');
  await t.rejects(restoreBackup(restore), { message: /holds the secrets of another backup; name the right file/ });
  await rm(restore.secrets);
  await t.rejects(restoreBackup(restore), { message: /secrets of the backup are not in .*--secrets/ });
  const wants = { postgres: true, influx: true };
  await t.rejects(restoreBackup({ ...restore, wants }), { message: /with your own PostgreSQL; set DATABASE_URL/ });
  t.same(await readdir(into), []);
});

t.test('a restore into a directory with something in it is refused; one that was cut short begins anew', async (t) => {
  const { input, into, restore } = await ground(t);
  await takeBackup(input);
  await writeFile(join(into, 'mine'), 'x');
  await t.rejects(restoreBackup(restore), {
    code: 'backup.target',
    message: /new is not empty; set CITYWATCH_DATA_DIR/,
  });
  await rm(join(into, 'mine'));
  await t.rejects(restoreBackup({ ...restore, sync: () => Promise.reject(new Error('killed')) }), /killed/);
  t.ok((await readdir(into)).includes('restoring'), 'it is marked');
  await writeFile(join(into, 'journal/live/half'), 'x');
  await restoreBackup(restore);
  const names = await namesBelow(into);
  t.notOk(names.includes('restoring') || names.includes('journal/live/half'));
  t.ok(names.includes('journal/live/0.seg'));
});

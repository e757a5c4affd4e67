import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { DataDirectory } from '../../../../src/app/local-services/data-directory.ts';
import { KnownSecrets } from '../../../../src/core/observe.ts';
import { startScript } from '../../../support/processes.ts';
import { temporaryDirectory } from '../../../support/services/services.ts';

const HOST = join(import.meta.dirname, '../../../support/services/services-host.ts');

t.test('a second gateway on the same data directory is refused in one sentence', async (t) => {
  const path = await temporaryDirectory(t);
  const first = await DataDirectory.open(path, new KnownSecrets());
  const refusal =
    /^Another citywatch uses the data directory \S+; stop it, or set CITYWATCH_DATA_DIR to another one\.$/;
  await t.rejects(DataDirectory.open(path, new KnownSecrets()), { code: 'service.failed', message: refusal });
  await t.rejects(startScript(t, HOST, [path]), { message: /Another citywatch uses the data directory/ });
  await first.close();
  const second = await DataDirectory.open(path, new KnownSecrets());
  await second.close();
});

t.test('a data directory that others may write to is refused', async (t) => {
  const path = await temporaryDirectory(t);
  await chmod(path, 0o777);
  await t.rejects(DataDirectory.open(path, new KnownSecrets()), { message: /Other users may write.*chmod 700/ });
});

t.test('a second gateway with its own data directory runs beside the first', async (t) => {
  const paths = [await temporaryDirectory(t), await temporaryDirectory(t)];
  const lines = await Promise.all(paths.map(async (path) => (await startScript(t, HOST, [path])).line));
  const urls = lines.flatMap((line) => Object.values(JSON.parse(line) as object).map(({ url }) => url));
  t.equal(new Set(urls).size, 6);
});

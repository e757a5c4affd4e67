import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { DataDirectory } from '../../../../../src/app/local-services/data-directory.ts';
import { findCluster, startPostgres } from '../../../../../src/app/local-services/postgres/postgres.ts';
import { serviceDeps, temporaryDirectory } from '../../../../support/services/services.ts';

t.test('a database that is there takes no other password, and the file to put back is named', async (t) => {
  const deps = serviceDeps();
  const place = await DataDirectory.open(await temporaryDirectory(t), deps.secrets);
  t.teardown(() => place.close());
  const start = async () => (await startPostgres(place, deps)).stop();
  await start();
  const file = place.pathOf('postgres');
  const secrets = join(place.path, 'secrets');
  await rename(file, `${file}.kept`);
  const missing = {
    code: 'secret.misfit',
    message: /secrets\/postgres is missing\); put the file back from the backup/,
  };
  await t.rejects(start(), missing);
  t.same(await readdir(secrets), ['postgres.kept'], 'none was made');
  await t.rejects(findCluster(place.path), missing, 'a backup says so too');
  await writeFile(file, Buffer.alloc(32, 7).toString('base64url'));
  await t.rejects(start(), { code: 'secret.misfit', message: /secrets\/postgres is another one\)/ });
  await rm(file);
  await rename(`${file}.kept`, file);
  await start();
});

import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { main } from '../../../../../src/app/cli.ts';
import { DataDirectory } from '../../../../../src/app/local-services/data-directory.ts';
import { findCluster, startPostgres } from '../../../../../src/app/local-services/postgres/postgres.ts';
import { bringCluster } from '../../../../support/services/ready-cluster.ts';
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

t.test('where all secrets are lost for good, adopting another one gives PostgreSQL a password too', async (t) => {
  const path = await temporaryDirectory(t);
  await bringCluster(path, 'migrated');
  const secrets = join(path, 'secrets');
  await rm(secrets, { recursive: true });
  const said: string[] = [];
  const deps = serviceDeps();
  const say = (line: string) => void said.push(line);
  Object.assign(process.env, { CITYWATCH_DATA_DIR: path });
  const status = await main(['adopt', '--secret'], { print: say, complain: say, secrets: deps.secrets });
  t.equal(status, 0, said.join('\n'));
  t.same((await readdir(secrets)).sort(), ['cluster', 'postgres']);
  const place = await DataDirectory.open(path, deps.secrets);
  t.teardown(() => place.close());
  await (await startPostgres(place, deps)).stop();
});

import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { DoctorDeps } from '../../../../src/app/doctor/doctor.ts';
import { checkSecret } from '../../../../src/app/doctor/secrets.ts';
import { DataDirectory } from '../../../../src/app/local-services/data-directory.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { KnownSecrets } from '../../../../src/core/observe.ts';
import { openKeys } from '../../../../src/platform/secrets/cluster-keys.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';

t.test('doctor says whether the secret is the one of the database, makes none and shows none', async (t) => {
  const { url } = await freshDatabase(t);
  const database = await openDatabase(t, url);
  const depsOn = (dataDir: string) => {
    const config = { dataDir, database: { url }, vault: { keyFile: null } } as DoctorDeps['config'];
    return { config, clock: systemClock, observer: quietObserver() } as DoctorDeps;
  };
  const [dataDir, another] = [await temporaryDirectory(t), await temporaryDirectory(t)];
  t.match(await checkSecret(depsOn(dataDir)), [{ level: 'fine' }], 'the first start makes one');
  t.same(await readdir(dataDir), []);
  const place = await DataDirectory.open(dataDir, new KnownSecrets());
  await openKeys({ database, files: place, vaultKey: null });
  await place.close();
  t.match(await checkSecret(depsOn(dataDir)), [{ level: 'fine', what: 'fits the database' }]);
  t.match(await checkSecret(depsOn(another)), [{ level: 'problem', what: /secrets\/cluster is missing/ }]);
  t.same(await readdir(another), []);
  const foreign = Buffer.alloc(32, 7).toString('base64url');
  await mkdir(join(another, 'secrets'));
  await writeFile(join(another, 'secrets/cluster'), foreign);
  const found = await checkSecret(depsOn(another));
  t.match(found, [{ level: 'problem', what: /is another one/, remedy: /backup/ }]);
  t.notOk(JSON.stringify(found).includes(foreign));
});

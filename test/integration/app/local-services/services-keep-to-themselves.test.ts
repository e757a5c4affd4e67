import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { DataDirectory } from '../../../../src/app/local-services/data-directory.ts';
import { startInflux } from '../../../../src/app/local-services/influx.ts';
import { startPostgres } from '../../../../src/app/local-services/postgres/postgres.ts';
import { startRedis } from '../../../../src/app/local-services/redis.ts';
import { canSealChildren } from '../../../support/network/new-network.ts';
import { listeningOn } from '../../../support/processes.ts';
import { serviceDeps, temporaryDirectory } from '../../../support/services/services.ts';

t.test('private services show no secret and listen nowhere but where we say', async (t) => {
  const deps = serviceDeps();
  const place = await DataDirectory.open(await temporaryDirectory(t), deps.secrets);
  t.teardown(() => place.close());
  const services = await Promise.all([startPostgres(place, deps), startRedis(place, deps), startInflux(place, deps)]);
  t.teardown(async () => void (await Promise.all(services.map((service) => service.stop()))));
  const secrets = await Promise.all(['postgres', 'redis', 'influx'].map((name) => place.secret(name)));
  const [postgres, redis, influx] = services;

  for (const { child } of services) {
    const seen = await Promise.all(
      ['cmdline', 'environ'].map((file) => readFile(`/proc/${child.pid}/${file}`, 'utf8')),
    );
    for (const secret of secrets) t.notMatch(seen.join(), secret, `${child.name} shows no password`);
  }
  t.same(listeningOn(postgres.child.pid ?? 0), []);
  t.same(listeningOn(redis.child.pid ?? 0), []);
  t.same(
    listeningOn(influx.child.pid ?? 0).filter((address) => !address.startsWith('127.0.0.1:')),
    [],
  );
  t.equal(influx.port, null, 'reached by its socket alone');
  // Where the system refuses a network of its own to an ordinary user, InfluxDB is on loopback too and the log warns.
  const sealed = canSealChildren();
  const network = async (pid: number | string): Promise<string> => await readlink(`/proc/${pid}/ns/net`);
  const isOwn = (await network(influx.child.pid ?? 0)) !== (await network('self'));
  t.equal(isOwn, sealed, 'its backup port is in a network of its own');
  const files = [
    ['secrets', 'postgres'],
    ['secrets', 'redis'],
    ['secrets', 'influx'],
    ['redis', 'redis.conf'],
  ];
  for (const parts of files) t.equal((await stat(join(place.path, ...parts))).mode & 0o777, 0o600, parts.join('/'));
  for (const name of await readdir(place.path)) {
    const { mode } = await stat(join(place.path, name));
    t.equal(mode & 0o077, 0, `${name} is closed to others`);
  }
});

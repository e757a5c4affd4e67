import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { DataDirectory } from '../../../../src/app/local-services/data-directory.ts';
import { startInflux } from '../../../../src/app/local-services/influx.ts';
import { serviceDeps, temporaryDirectory } from '../../../support/services/services.ts';

t.test('a remembered port that somebody else took is replaced, and nothing is said to the stranger', async (t) => {
  let connections = 0;
  const stranger = createServer(() => {
    connections += 1;
  });
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  t.teardown(() => stranger.close());
  const { port } = stranger.address() as AddressInfo;
  const deps = serviceDeps();
  const place = await DataDirectory.open(await temporaryDirectory(t), deps.secrets);
  t.teardown(() => place.close());
  await mkdir(join(place.path, 'influx'));
  await writeFile(join(place.path, 'influx', 'port'), String(port));
  const first = await startInflux(place, deps, 'ports');
  t.not(first.port, port);
  t.equal(connections, 0);
  await first.stop();
  const second = await startInflux(place, deps, 'ports');
  t.teardown(() => second.stop());
  t.equal(second.port, first.port, 'the new port is remembered');
});

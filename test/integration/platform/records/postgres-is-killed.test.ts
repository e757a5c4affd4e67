import t from 'tap';
import { callerIn, kiosk, openDatabase, openRegistry } from '../../../support/devices/registry.ts';
import { sealAll, walkAll } from '../../../support/records/chains.ts';
import { startPostgres } from '../../../support/services/services.ts';
import { until } from '../../../support/time/until.ts';

const YINZHOU = callerIn('330212');
const KILLS = 3;

t.test('edits answered with success survive kill -9 of PostgreSQL, and the pool comes back alone', async (t) => {
  const { child, url } = await startPostgres(t);
  const database = await openDatabase(t, url);
  const parts = await openRegistry(t, { database });
  const { registry, directory } = parts;
  const answered = new Map<string, string>();
  let refused = 0;
  let writing = true;
  const writer = async (lane: number) => {
    for (let count = 0; writing; count += 1) {
      const id = `k-${lane}-${count}`;
      try {
        answered.set(id, (await registry.create(YINZHOU, kiosk({ id }))).secret);
      } catch (error) {
        t.match(error, { code: 'store.unavailable' }, 'nothing but "try again" is told');
        refused += 1;
        await until('PostgreSQL is there', () => child.ready);
      }
    }
  };
  const writers = [0, 1, 2, 3].map(writer);
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const before = answered.size;
    await until('edits are answered', () => answered.size > before + 20);
    process.kill(child.pid ?? 0, 'SIGKILL');
    await until('it is back', () => child.ready && child.restarts() === kill);
  }
  const before = answered.size;
  await until('edits are answered again', () => answered.size > before + 5);
  writing = false;
  await Promise.all(writers);

  t.ok(refused > 0, 'the kills were felt');
  for (const [id, secret] of answered) {
    t.match(await registry.get(YINZHOU, id), { id, version: 1 });
    t.ok(directory.authenticate(id, secret));
  }
  await sealAll(database);
  const { checked, broken } = await walkAll(database);
  t.equal(broken, null);
  t.ok(checked >= answered.size);
  await until('the directory knows also what was committed without an answer', () => directory.size === checked);
});

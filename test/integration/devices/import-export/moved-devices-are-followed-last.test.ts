import t from 'tap';
import type { Caller } from '../../../../src/core/types.ts';
import type { DeviceStanding } from '../../../../src/devices/registry/followers.ts';
import type { RegistryTables } from '../../../../src/devices/registry/tables.ts';
import type { Tables } from '../../../../src/platform/database/database.ts';
import { openImports } from '../../../support/devices/imports.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { csvOf } from '../../../support/devices/spreadsheets.ts';

const parts = await openRegistry(t);
const NATION = callerIn('000000');
const HEADER = ['id', 'kind', 'name', 'jurisdiction', 'lat', 'lon'];
const row = (id: string, jurisdiction = '330212'): string[] => {
  return [id, 'recycling-kiosk', `kiosk ${id}`, jurisdiction, '29.83', '121.55'];
};

t.test('what goes with moved devices follows at the end of the transaction: it holds up all alerts', async (t) => {
  // As the follower of alerts, which locks the head of their log until the commit.
  const told: string[] = [];
  const left = async (tx: Tables): Promise<number> => {
    const stay = tx.tables<RegistryTables>().selectFrom('position').select('id').where('id', 'like', 'm-%');
    return (await stay.where('jurisdiction', '=', '330212').execute()).length;
  };
  const follower = {
    follow: async (tx: Tables, devices: ReadonlyMap<string, DeviceStanding>) => {
      const stay = await left(tx);
      told.push(...[...devices].map(([id, { jurisdiction }]) => `${id} ${jurisdiction}, ${stay} left`), 'all');
    },
    settle: async () => {},
  };
  const moving = openImports(parts, { followers: [follower] });
  const ids = Array.from({ length: 120 }, (_, index) => `m-${index}`);
  await moving.run(NATION, [HEADER, ...ids.map((id) => row(id))]);
  const file = [HEADER, ...ids.map((id) => row(id, '330203')), row('m-wrong', '999999')];
  await moving.imports.dryRun(NATION, Buffer.from(csvOf(file)));
  t.strictSame(told, [], 'nothing follows what is not done');
  t.match(await moving.run(NATION, file, 'whole'), { state: 'refused' });
  t.strictSame(told, [], 'nor what is refused');
  const { id } = await moving.run(NATION, file.slice(0, -1), 'whole');
  t.strictSame(told.splice(0), [...ids.map((id) => `${id} 330203, 0 left`), 'all'], 'all at once');
  await moving.imports.undo(NATION, id);
  await moving.work(id);
  const back = ids.toReversed().map((id, index) => `${id} 330212, ${index < 100 ? 100 : 120} left`);
  t.strictSame(told, [...back.slice(0, 100), 'all', ...back.slice(100), 'all']);
});

t.test('a right that is withdrawn in the middle ends an import and its undoing there', async (t) => {
  let steps = 0;
  let stepsMax = 1;
  const standing = (caller: Caller): Caller | null => {
    steps += 1;
    return steps <= stepsMax ? caller : null;
  };
  const { imports, run, work } = openImports(parts, { standing });
  const rows = Array.from({ length: 150 }, (_, index) => row(`w-${index}`));
  t.match(await run(NATION, [HEADER, ...rows], 'whole'), { state: 'done', counts: { create: 150 } });
  const changed = rows.map((cells) => cells.with(2, 'renamed'));
  steps = 0;
  const half = await run(NATION, [HEADER, ...changed]);
  t.match(half, { state: 'done', counts: { change: 100, error: 50 } });
  const { items } = await imports.list.rows(NATION, half.id, { limit: 1, verdict: 'error' });
  t.match(items[0], { id: 'w-100', faults: [{ column: null, message: /right was withdrawn/ }] });
  steps = 1;
  t.match(await run(NATION, [HEADER, ...rows], 'whole'), { state: 'refused' });
  stepsMax = 0;
  await imports.undo(NATION, half.id);
  await work(half.id);
  t.match(await imports.list.get(NATION, half.id), { state: 'undone' });
  t.match(await parts.registry.get(NATION, 'w-0'), { name: 'renamed' });
});

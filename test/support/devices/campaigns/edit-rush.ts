import { deepStrictEqual, equal } from 'node:assert/strict';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { callerIn, kiosk, type OpenRegistry } from '../registry.ts';

const CITY = callerIn('330200');

export interface Rush {
  edits: number;
  devices: number;
  /** Who edit at the same time. */
  people: number;
  random(): number;
}

/**
 * Many people edit few devices at once, each reading before it writes and again where another was first. Every edit
 * counts one on; in the end none is missing, in the device nor in the audit trail. Resolves with how often somebody had
 * to read again.
 */
export async function rushOfEdits({ registry, database }: OpenRegistry, rush: Rush): Promise<number> {
  const ids = Array.from({ length: rush.devices }, (_, number) => `rush-${number}`);
  for (const id of ids) await registry.create(CITY, kiosk({ id, purpose: '0', confirm: true }));
  const done = new Map(ids.map((id) => [id, 0]));
  let [left, refused] = [rush.edits, 0];
  const edit = async (id: string): Promise<void> => {
    for (;;) {
      const { version, purpose } = await registry.get(CITY, id);
      try {
        await registry.update(CITY, id, version, { purpose: String(Number(purpose) + 1) });
        return;
      } catch (error) {
        if (!(error instanceof CitywatchError) || error.code !== 'precondition.stale') throw error;
        refused += 1;
      }
    }
  };
  const person = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const id = ids[Math.floor(rush.random() * ids.length)]!;
      await edit(id);
      done.set(id, done.get(id)! + 1);
    }
  };
  await Promise.all(Array.from({ length: rush.people }, person));
  for (const [id, count] of done) {
    const { version, purpose } = await registry.get(CITY, id);
    deepStrictEqual({ version, purpose }, { version: count + 1, purpose: String(count) }, id);
    const { rows } = await sql<{ before: string; after: string }>`
      select before ->> 'purpose' as before, after ->> 'purpose' as after from audit_entry
      where subject = ${`device/${id}`} and action = 'device.update' order by seq`.execute(database.tables());
    const told = rows.map(({ before, after }) => `${before} ${after}`);
    deepStrictEqual(
      told,
      Array.from({ length: count }, (_, from) => `${from} ${from + 1}`),
      `the trail of ${id}`,
    );
  }
  equal(
    [...done.values()].reduce((sum, count) => sum + count, 0),
    rush.edits,
  );
  return refused;
}

import t from 'tap';
import { GrantsInForce } from '../../../src/access/grants/grants-in-force.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { ManualClock } from '../../support/time/clock.ts';

const NO_ALERTS = { among: async () => new Set<string>() };
const HOLDER = { type: 'person', id: 'li' } as const;
const GRANT = {
  holder_type: HOLDER.type,
  holder_id: HOLDER.id,
  jurisdiction: '330203',
  rights: ['video.look'],
  until_ms: Number.MAX_SAFE_INTEGER,
  alert_id: null,
};

function latecomer() {
  let come = (_rows: unknown[]): void => {};
  const rows = new Promise<unknown[]>((resolve) => {
    come = resolve;
  });
  return { rows, come };
}

/** A database that answers when it is told to. */
function answering(rows: Promise<unknown[]>): Database {
  const query = { selectFrom: () => query, select: () => query, where: () => query, execute: () => rows };
  return { tables: () => query } as unknown as Database;
}

t.test('what was read before a grant ended does not open it again, however late it comes', async (t) => {
  const inForce = new GrantsInForce(new ManualClock(), NO_ALERTS);
  const late = latecomer();
  await inForce.load(answering(Promise.resolve([GRANT])));
  t.match(inForce.areasOf(HOLDER, 'video.look'), [{ jurisdiction: '330203' }]);
  const before = inForce.load(answering(late.rows));
  await inForce.load(answering(Promise.resolve([])));
  t.same(inForce.areasOf(HOLDER, 'video.look'), [], 'it has ended');
  late.come([GRANT]);
  await before;
  t.same(inForce.areasOf(HOLDER, 'video.look'), [], 'and stays so');
});

t.test('a question that failed does not make an earlier one useless', async (t) => {
  const inForce = new GrantsInForce(new ManualClock(), NO_ALERTS);
  const late = latecomer();
  const before = inForce.load(answering(late.rows));
  await t.rejects(inForce.load(answering(Promise.reject(new Error('away')))));
  late.come([GRANT]);
  await before;
  t.match(inForce.areasOf(HOLDER, 'video.look'), [{ jurisdiction: '330203' }]);
});

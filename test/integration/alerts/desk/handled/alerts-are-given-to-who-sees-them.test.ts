import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { AccessTables } from '../../../../../src/access/tables.ts';
import { type Insertable, sql } from '../../../../../src/platform/database/database.ts';
import { ADMIN } from '../../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../../support/alerts/alerts-api.ts';
import { HERE } from '../../../../support/api/api.ts';
import { until } from '../../../../support/time/until.ts';

const { desk, raise, alertOf, ask } = await startAlertsApi(t);

const person = (username: string, jurisdiction: string, other: Partial<Insertable<AccessTables['person']>> = {}) => ({
  id: randomUUID(),
  username,
  name: username,
  jurisdiction,
  role: 'operator' as const,
  password_hash: 'x',
  created_by: 'admin',
  created_at_ms: 1,
  version: 1,
  ...other,
});
const enter = (...people: ReturnType<typeof person>[]) =>
  desk.database.tables<AccessTables>().insertInto('person').values(people).execute();

t.test('nobody is given what they cannot see: neither a desk that is not theirs nor what is covert', async (t) => {
  const named = person('named', HERE);
  await enter(named, person('mender', HERE, { role: 'technician' }), person('other', HERE));
  const to = (id: string, username: string) => ask('POST', `/alerts/${id}/assign`, { payload: { to: username } });
  await raise('kiosk-fault', { rule: 'camera-offline', class: 'fault' });
  const list = async () => (await ask('GET', '/alerts?device=kiosk-fault')).body as { items: { id: string }[] };
  const fault = (await until('the fault', async () => (await list()).items[0])).id;
  t.match(await to(fault, 'mender'), { status: 200, body: { desk: 'maintenance', assignedTo: 'mender' } });

  const covert = await alertOf('kiosk-covert');
  const seenBy = sql`array[${named.id}, 'admin']::text[]`;
  await sql`update alert set seen_by = ${seenBy} where id = ${covert}::uuid`.execute(desk.database.tables());
  const give = (username: string) => desk.actions.assign(ADMIN, covert, username);
  await t.rejects(give('other'), { code: 'request.invalid', issues: [{ path: 'to' }] });
  t.match(await give('named'), { assignedTo: 'named' });

  const open = await alertOf('kiosk-many');
  const payload = { filter: { device: 'kiosk-many' }, action: { does: 'assign', to: 'mender' } };
  const { body } = await ask('POST', '/alerts/bulk/preview', { payload });
  const { token } = body as { token: string };
  const { body: bulk } = await ask('POST', '/alerts/bulk', { payload: { ...payload, token } });
  t.match(bulk, { refused: 1, refusals: [{ alert: open, detail: /mender .*may not see it: see GET \/duty\/people/ }] });
});

import t from 'tap';
import { systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../src/platform/database/database.ts';
import { type Answer, Gateway } from '../../support/gateway/gateway.ts';
import { quietObserver } from '../../support/services/services.ts';
import { freshDatabase } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';
import { MqttDevice } from '../../support/uplinks/mqtt-devices.ts';

/** More than all connections for edits together; a caller may have 64 requests under way. */
const EDITS = 60;

t.test('while edits hold every connection they may have, a fire becomes an alert and is acknowledged', async (t) => {
  const { url } = await freshDatabase(t);
  const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
  t.teardown(() => database.close());
  const gateway = await Gateway.start(t, { DATABASE_URL: url });
  const [kiosk] = await MqttDevice.connect(t, gateway, {});
  const role = { name: 'command centre', role: 'operator', jurisdiction: '330200' };
  const { token } = (await gateway.api('POST', '/tokens', { body: role })).body;

  const ids = Array.from({ length: EDITS }, (_, number) => `held-${number}`);
  await Promise.all(ids.map((id) => gateway.register({ id })));
  // Who waited too long for a connection is told to come again, and its edit was not made.
  const rename = async (id: string): Promise<Answer> => {
    const body = { name: 'Renamed' };
    const answer = await gateway.api('PATCH', `/devices/${id}`, { body, headers: { 'if-match': '"1"' } });
    return answer.status === 503 ? rename(id) : answer;
  };

  const edits = await database.transaction(async (tx) => {
    // Nobody can write a position until this transaction ends; reading goes on.
    await sql`lock table position in share row exclusive mode`.execute(tx.tables());
    // New devices would share a transaction; those that are edited each have one.
    const settled = Promise.all(ids.map(rename));
    const waiting = async (): Promise<boolean> => {
      const { rows } = await sql<{ count: number }>`
        select count(*) from pg_stat_activity where wait_event_type = 'Lock'`.execute(database.tables());
      return Number(rows[0]?.count) >= 10;
    };
    await until('edits hold all their connections', waiting, 20_000);

    await kiosk!.burn();
    const open = async () => (await gateway.api('GET', '/alerts?device=recycling-kiosk-0', { token })).body.items;
    await until('the fire is an alert', async () => (await open()).length > 0, 15_000);
    const [alert] = await open();
    const { status, body } = await gateway.api('POST', `/alerts/${alert.id}/ack`, { token });
    t.match({ status, body }, { status: 200, body: { handling: 'acked' } });
    return { settled };
  });
  const outcomes = await edits.settled;
  t.strictSame([...new Set(outcomes.map(({ status }) => status))], [200], 'and no edit was lost');
});

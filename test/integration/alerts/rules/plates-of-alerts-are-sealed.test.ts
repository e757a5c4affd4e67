import { randomBytes, randomUUID } from 'node:crypto';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { AlertQueries } from '../../../../src/alerts/desk/queries.ts';
import { AlertPlates, sealPlates } from '../../../../src/alerts/rules/plates.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import type { Look } from '../../../../src/platform/records/access-register.ts';
import { Seal } from '../../../../src/platform/secrets/seal.ts';
import { ADMIN, PLATES } from '../../../support/alerts/alert-desk.ts';
import { quietObserver, startPostgres, temporaryDirectory } from '../../../support/services/services.ts';

const SHIPPED = fileURLToPath(new URL('../../../../src/platform/database/migrations', import.meta.url));
const WHY = { purpose: 'investigation', case: 'A-1' };
const id = randomUUID();

const { url } = await startPostgres(t);
const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
const db = database.tables();
const alerts = new AlertQueries(database);

t.test('what an earlier version wrote in clear is masked, and the log is append-only again', async (t) => {
  const before = await temporaryDirectory(t);
  await cp(SHIPPED, before, { recursive: true });
  await rm(join(before, '0148-plates-of-alerts.sql'));
  await migrate(database, before);
  const data = { plate: '浙B·12345|MX7742', other: '浙B12345', watchlist: '新能源车辆名单 2026', lane: 2 };
  const json = JSON.stringify(data);
  await sql`insert into alert (id, dedup_key, rule, rule_version, title, severity, condition, handling, visibility,
    device, device_name, jurisdiction, first_at_ms, last_at_ms, occurrences, received_at_ms, decided_at_ms,
    committed_at_ms, data,
    receipt, version) values (${id}, 'wanted|kk', 'wanted', 1, '{}', 'severe', 'active', 'new', 'normal', 'kk',
    'kk', '330203', 1, 1, 1, 1, 1, 1, ${json}::jsonb, 'live-1', 1)`.execute(db);
  await sql`insert into alert_event (seq, id, alert_id, type, at_ms, actor, jurisdiction, severity, body)
    select n, gen_random_uuid(), ${id}, 'alert.opened', 1, 'citywatch', '330203', 'severe',
      case n when 1 then jsonb_build_object('alert', jsonb_build_object('data', ${json}::jsonb)) else '{"x":1}' end
    from generate_series(1, 2) n`.execute(db);
  await migrate(database);
  const masked = { ...data, plate: '浙B***45|MX***42', other: '***' };
  t.same((await alerts.get(ADMIN, id)).data, masked);
  const { rows } = await sql<{ body: unknown }>`select body from alert_event order by seq`.execute(db);
  t.same(
    rows.map(({ body }) => body),
    [{ alert: { data: masked } }, { x: 1 }],
  );
  await t.rejects(sql`update alert_event set actor = 'x'`.execute(db), 'the trigger is back');
});

t.test('a plate is shown only after its look is registered, and opens at no other alert', async (t) => {
  const looks: Look[] = [];
  const register = { add: async (look: Look) => void looks.push(look) };
  const plates = new AlertPlates({ alerts, box: PLATES, register });
  await t.rejects(plates.show(ADMIN, id, WHY), { code: 'not-found' }, 'nothing is kept with an old alert');
  t.same(looks, []);
  const sealed = sealPlates(PLATES, { plate: '浙B12345' }, 'wanted|kk');
  await sql`update alert set plates_sealed = ${sealed} where id = ${id}`.execute(db);
  t.same(await plates.show(ADMIN, id, WHY), { plate: '浙B12345' });
  t.match(looks, [{ ...WHY, act: 'plates', device: 'kk', jurisdiction: '330203', asked: { alert: id } }]);
  await t.rejects(plates.show({ ...ADMIN, jurisdiction: '330212' }, id, WHY), { code: 'not-found' });
  t.equal(looks.length, 1);
  const down = { add: async () => Promise.reject(new Error('the register is away')) };
  await t.rejects(new AlertPlates({ alerts, box: PLATES, register: down }).show(ADMIN, id, WHY), /register is away/);
  const box = new Seal(randomBytes(32), { purpose: 'test', what: 'plate' });
  await t.rejects(new AlertPlates({ alerts, box, register }).show(ADMIN, id, WHY), { code: 'service.failed' });
  await sql`update alert set dedup_key = 'wanted|other' where id = ${id}`.execute(db);
  await t.rejects(plates.show(ADMIN, id, WHY), { code: 'service.failed' });
});

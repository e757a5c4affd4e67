import t from 'tap';
import { DAY_MS } from '../../../../src/core/clock.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { devicesOf } from '../../../../src/devices/registry/places.ts';
import { Completeness, type CompletenessDeps } from '../../../../src/ingest/completeness/completeness.ts';
import { DeviceDays } from '../../../../src/ingest/completeness/device-days.ts';
import { DATABASE_LIMITS, Database } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { NO_ZONES } from '../../../support/access/tree.ts';
import { batch, decoded, reading } from '../../../support/ingest/batches.ts';
import { callerOf } from '../../../support/ingest/ingest.ts';
import { incarnationOf } from '../../../support/ingest/journal.ts';
import { KIOSK } from '../../../support/ingest/kiosk-kind.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const DAY = 20_000 * DAY_MS;
const MINUTE = 60_000;
const kinds = { latest: () => KIOSK };
const clock = new ManualClock(DAY + DAY_MS + 600 * MINUTE);
const { url } = await freshDatabase(t);
const database = await Database.open({ url, observer: quietObserver(), clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);
await database.dedicated(async (statement) => {
  await statement(`insert into jurisdiction (code, name_zh, name_en) values ('330200', '宁波', 'Ningbo'),
    ('330203', '海曙', 'Haishu'), ('510700', '绵阳', 'Mianyang')`);
  const place = `'recycling-kiosk', 'n', '%', 29, 121, 'wgs84', 'in-service', 1`;
  const add = (id: string, code: string, atMs: number) =>
    statement(`insert into position (id, kind, name, jurisdiction, lat, lon, datum, state, version, created_at_ms,
      updated_at_ms) values ('${id}', ${place.replace('%', code).replace("'n', '", "'n', '")}, ${atMs}, 0)`);
  for (const [id, code, atMs] of [
    ['full', '330203', 0],
    ['half', '330203', 0],
    ['young', '330200', DAY + 720 * MINUTE],
    ['silent', '330200', 0],
    ['far', '510700', 0],
  ] as const)
    await add(id, code, atMs);
});

let offset = 0;
function told(id: string, minutes: number[], day = DAY) {
  const records = minutes.map((minute, index) => reading({ fill_pct: 1 }, { index, atMs: day + minute * MINUTE }));
  offset += 100;
  const device = { id, kind: 'recycling-kiosk', kindVersion: 1, jurisdiction: '330200' };
  return decoded(records, { device, offset, endOffset: offset + 100 });
}
const minutes = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

const expected: CompletenessDeps['expected'] = (area, kind) => devicesOf(database, area, kind);

function life() {
  const ownership = firstOwner();
  const days = new DeviceDays({ database, kinds, incarnationOf, ownership, clock, observer: quietObserver() });
  return { days, completeness: new Completeness({ database, days, kinds, clock, tree: NO_ZONES, expected }) };
}

const haishu = callerOf('330203');
const ningbo = callerOf('330200');
const list = (completeness: Completeness, caller: Caller, more = {}) =>
  completeness.list(caller, { dayMs: DAY, limit: 10, ...more });
const half = { id: 'half', kind: 'recycling-kiosk', createdAtMs: 0 };

t.test(
  'received against expected, with gaps, from memory and after a restart that lost what was not saved',
  async (t) => {
    const first = life();
    await first.days.load('live');
    const early = batch([
      told('full', minutes(0, 1440)),
      told('half', minutes(0, 720)),
      told('young', minutes(720, 1440)),
    ]);
    early.from = 0;
    await first.days.handle(early);
    const expected = {
      items: [
        { device: 'silent', expected: 1440, received: 0, percent: 0 },
        { device: 'half', expected: 1440, received: 720, percent: 50 },
        { device: 'full', expected: 1440, received: 1440, percent: 100 },
        { device: 'young', expected: 720, received: 720, percent: 100 },
      ],
      sum: { expected: 5040, received: 2880, percent: 57.14 },
      next: null,
    };
    t.match(await list(first.completeness, ningbo), expected, 'not saved yet');
    t.equal(first.days.saved('live'), 0);

    const second = life();
    t.equal(await second.days.load('live'), 0, 'it died before it saved');
    await second.days.handle(early);
    await second.days.handle({ ...early, from: early.to });
    await second.days.stop();
    t.equal(second.days.saved('live'), early.to);

    const third = life();
    t.equal(await third.days.load('live'), early.to);
    t.match(await list(third.completeness, ningbo), expected, 'the same after all');
    const gap = { fromMs: DAY + 719.5 * MINUTE, toMs: DAY + DAY_MS };
    t.match(await third.completeness.device(half, DAY, DAY + DAY_MS), [{ dayMs: DAY, percent: 50, gaps: [gap] }]);
    const late = batch([told('half', minutes(720, 1400)), told('half', minutes(0, 30), DAY + DAY_MS)]);
    await third.days.handle({ ...late, from: early.to });
    t.match(
      await third.completeness.device(half, DAY, DAY + 2 * DAY_MS),
      [
        { received: 1400, gaps: [{ fromMs: DAY + 1399.5 * MINUTE, toMs: DAY + DAY_MS }] },
        { expected: 600, received: 30, gaps: [{ fromMs: DAY + DAY_MS + 29.5 * MINUTE, toMs: clock.nowMs() }] },
      ],
      'what comes late closes a gap; the last one is open until now',
    );
  },
);

t.test('a caller sees the own area, by pages, and asks for parts of it', async (t) => {
  const { completeness } = life();
  t.same(
    (await list(completeness, haishu)).items.map(({ device }) => device),
    ['half', 'full'],
  );
  t.match(await list(completeness, haishu, { jurisdiction: '330200' }), {
    items: [],
    sum: { expected: 0, percent: null },
  });
  t.equal((await list(completeness, callerOf('000000'))).items.length, 5);
  t.equal((await list(completeness, ningbo, { kind: 'camera' })).items.length, 0);
  const found: string[] = [];
  let after: string | undefined;
  do {
    const page = await list(completeness, ningbo, { limit: 1, ...(after === undefined ? {} : { after }) });
    found.push(...page.items.map(({ device }) => device));
    after = page.next ?? undefined;
  } while (after !== undefined);
  t.same(found, ['silent', 'half', 'full', 'young']);
  const young = { id: 'young', kind: 'recycling-kiosk', createdAtMs: DAY + 720 * MINUTE };
  t.same(
    (await completeness.device(young, DAY - 5 * DAY_MS, DAY + DAY_MS)).map(({ dayMs }) => dayMs),
    [DAY],
  );
  await t.rejects(completeness.device(half, DAY, DAY + 40 * DAY_MS), { code: 'request.invalid' });
});

import t from 'tap';
import { chinaDayAt, DAY_MS, systemClock } from '../../../../src/core/clock.ts';
import { Coverage } from '../../../../src/devices/reports/coverage.ts';
import { Plans } from '../../../../src/devices/reports/plans.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { bearer, startApi } from '../../../support/api/api.ts';
import { memoryReports } from '../../../support/api/memory/reports.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';

const CITY = '130300';
const HAIGANG = '130302';
const SHANHAIGUAN = '130303';

const { database, behindApi: registry, kinds, tokens, jurisdictions, doors, authority } = await openRegistry(t);
const plans = new Plans({ database, clock: systemClock, kinds, jurisdictions });
const reports = { ...memoryReports(() => {}), plans, coverage: new Coverage({ database, plans, tree: jurisdictions }) };
const api = await startApi(t, { registry, directory: doors, tokens, kinds, jurisdictions, authority, reports });

async function tokenIn(jurisdiction: string, role: 'admin' | 'viewer' = 'viewer'): Promise<string> {
  const { token } = await tokens.create(callerIn('000000'), { name: 'n', role, jurisdiction, purpose: null });
  return token;
}
const admin = await tokenIn(CITY, 'admin');
const city = await tokenIn(CITY);

function ask(path: string, token = city) {
  return api.call({ method: 'GET', url: `/api/v1${path}`, headers: bearer(token) });
}

// biome-ignore lint/suspicious/noExplicitAny: looked into by the test that asked.
async function revise(body: object, token = admin): Promise<any> {
  const payload = { name: '雪亮工程', jurisdiction: CITY, from: '2016-01-01', ...body };
  const { body: answer } = await api.call({ method: 'POST', url: '/api/v1/plans', headers: bearer(token), payload });
  return answer;
}

/** Positions as a spreadsheet would bring them; written by one statement, for there are thousands. */
async function stands(prefix: string, count: number, jurisdiction = HAIGANG): Promise<void> {
  const db = database.tables();
  await sql`alter table position disable trigger found_new`.execute(db);
  await sql`
    insert into position (id, kind, name, jurisdiction, lat, lon, datum, state, version, created_at_ms, updated_at_ms)
    select ${prefix}::text || n, 'camera', '=1+1', ${jurisdiction}, 39.9, 119.6, 'wgs84',
      case when n % 2 = 0 then 'accepted' else 'in-service' end, 1, 0, 0
    from generate_series(1, ${count}::int) as n`.execute(db);
  await sql`
    insert into device_search (id, group_id, tag_set, place, words, lexemes)
    select id, device_group_of(jsonb_build_object('kind', kind, 'jurisdiction', jurisdiction, 'state', state)),
      device_tag_set_of('{}'), point(lon, lat), '', ''
    from position where id like ${`${prefix}%`}`.execute(db);
  await sql`alter table position enable trigger found_new`.execute(db);
}

const { plan } = await revise({ entries: [{ jurisdiction: CITY, kind: 'camera', positions: 11_765 }] });
const coverage = async (query = '', token = city) =>
  (await ask(`/reports/coverage?plan=${plan}${query}`, token)).body as { sum: object; items: object[]; next?: string };

t.test(
  'the figures of Qinhuangdao: 30.0 %, 47.0 %, swaps change nothing, what is retired counts no more',
  async (t) => {
    await stands('old-', 3_529);
    t.match((await coverage()).sum, { planned: 11_765, covered: 3_529, percent: 30, outside: 0 });
    await stands('new-', 2_000);
    t.match((await coverage()).sum, { planned: 11_765, covered: 5_529, percent: 47 });
    const db = database.tables();
    await sql`
    with hung as (
      insert into unit (id, secret_hash, created_at_ms)
      select 'unit-' || old || n, decode(repeat('00', 32), 'hex'), 0
      from generate_series(1, 200) as n, unnest(array['a', 'b']) as old returning id
    ) select count(*) from hung`.execute(db);
    await sql`
    insert into assignment (position_id, unit_id, from_ms, to_ms, how)
    select 'new-' || n, 'unit-a' || n, 0, 1, 'registered' from generate_series(1, 200) as n union all
    select 'new-' || n, 'unit-b' || n, 1, null, 'swapped' from generate_series(1, 200) as n`.execute(db);
    t.match((await coverage()).sum, { covered: 5_529, percent: 47 }, '200 swaps');
    await registry.retire(callerIn(CITY), 'old-1', 1);
    t.match((await coverage()).sum, { covered: 5_528 }, 'one that is retired');
    await sql`update position set state = 'retired' where id like 'old-_' or id like 'old-__'`.execute(db);
    await sql`update position set state = 'retired' where id = 'old-100'`.execute(db);
    t.match((await coverage()).sum, { planned: 11_765, covered: 5_429, percent: 46.1 }, '100 that are retired');
    const yesterday = chinaDayAt(systemClock.nowMs() - DAY_MS);
    t.match((await coverage(`&at=${yesterday}`)).sum, { covered: 5_529, percent: 47 }, 'they stood there until then');
    await sql`insert into life_step (position_id, state, at_ms, by_name) values ('new-1', 'installed', 1, 'n'),
      ('new-1', 'accepted', ${systemClock.nowMs()}::bigint, 'n')`.execute(db);
    t.match((await coverage(`&at=${yesterday}`)).sum, { covered: 5_528 }, 'in the state that each had');
    t.match((await coverage('&at=2016-01-01')).sum, { planned: 11_765, covered: 5_528 }, 'and the plan of that day');
  },
);

t.test('a later revision replaces the one before from its day on, and the later word for a day counts', async (t) => {
  const entries = [
    { jurisdiction: HAIGANG, kind: 'camera', positions: 9_000 },
    { jurisdiction: SHANHAIGUAN, kind: 'camera', positions: 1_000 },
  ];
  const wrong = await revise({ from: '2016-07-01', entries: [{ jurisdiction: HAIGANG, positions: 1 }] });
  const right = await revise({ from: '2016-07-01', note: 'by county', entries });
  t.equal(right.plan, plan, 'of the same name and area: a revision of the same plan');
  t.ok(right.revision > wrong.revision);
  t.match(await coverage('&on=2016-06-30'), { sum: { planned: 11_765 }, items: [{ jurisdiction: CITY }] });
  const now = await coverage('&on=2016-07-01');
  t.match(now, { revision: { from: '2016-07-01', note: 'by county' }, sum: { planned: 10_000, covered: 5_429 } });
  t.match(await coverage(), now, 'today');
  t.match(now.items, [
    { jurisdiction: HAIGANG, planned: 9_000, covered: 5_429, percent: 60.3 },
    { jurisdiction: SHANHAIGUAN, planned: 1_000, covered: 0, percent: 0 },
  ]);
  const first = await coverage('&limit=1');
  t.match(await coverage(`&limit=1&cursor=${first.next}`), { items: [now.items[1]], next: undefined });
  t.match((await ask(`/reports/coverage?plan=${plan}&on=2015-12-31`)).body, { code: 'request.invalid' });
  const listed = (await ask('/plans')).body as { items: object[] };
  t.match(listed.items, [
    { revision: right.revision, positions: 10_000 },
    { revision: wrong.revision },
    { from: '2016-01-01' },
  ]);
});

t.test('an officer takes it away as a table', async (t) => {
  const { headers, text } = await ask(`/reports/coverage?plan=${plan}&format=csv&titles=zh`);
  t.match(headers['content-disposition'], /coverage\.csv/);
  t.equal(
    text,
    '\ufeff行政区划代码,设备类型,规划点位数,已验收,在用,已建合计,覆盖率(%)\r\n' +
      `${HAIGANG},camera,9000,2714,2715,5429,60.3\r\n${SHANHAIGUAN},camera,1000,0,0,0,0\r\n`,
  );
});

t.test('a district sees its own rows alone, and nobody plans for another', async (t) => {
  await stands('sea-', 10, SHANHAIGUAN);
  const [haigang, ningbo] = [await tokenIn(HAIGANG), await tokenIn('330200')];
  t.match(await coverage('', haigang), {
    sum: { planned: 9_000, covered: 5_429, outside: 0 },
    items: [{ jurisdiction: HAIGANG }],
    revision: { positions: 9_000 },
  });
  t.equal((await coverage('', haigang)).items.length, 1);
  t.match(await coverage(`&jurisdiction=${SHANHAIGUAN}`, haigang), {
    sum: { planned: 0, covered: 0, outside: 0 },
    items: [],
  });
  t.equal((await ask(`/reports/coverage?plan=${plan}`, ningbo)).status, 404);
  t.match((await ask('/plans', ningbo)).body, { items: [] });
  const entries = [{ jurisdiction: SHANHAIGUAN, positions: 1 }];
  const local = await tokenIn(HAIGANG, 'admin');
  t.match(await revise({ entries }, local), { code: 'not-found' }, 'the area of the plan is beyond');
  t.match(await revise({ jurisdiction: HAIGANG, entries }, local), {
    code: 'request.invalid',
    issues: [{ path: 'entries.0.jurisdiction' }],
  });
  t.match(await revise({ entries }, city), { code: 'auth.forbidden' }, 'a viewer plans nothing');
});

t.test('what is wrong with a plan is named', async (t) => {
  const twice = [
    { jurisdiction: HAIGANG, positions: 1 },
    { jurisdiction: `${HAIGANG}`, positions: 2 },
  ];
  t.match(await revise({ entries: twice }), { issues: [{ path: 'entries.1', message: /entries\.0/ }] });
  const kind = [{ jurisdiction: HAIGANG, kind: 'caméra', positions: 1 }];
  t.match(await revise({ entries: kind }), { issues: [{ path: 'entries.0.kind' }] });
  t.match(await revise({ entries: [] }), { issues: [{ path: 'entries' }] });
  t.match(await revise({ from: '2016-02-30', entries: twice.slice(1) }), { issues: [{ path: 'from' }] });
});

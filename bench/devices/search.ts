import { systemClock } from '../../src/core/clock.ts';
import type { Health } from '../../src/devices/health/judge.ts';
import { HealthTally } from '../../src/devices/health/tally.ts';
import { bbox, polygon } from '../../src/devices/search/area.ts';
import type { DeviceFilter } from '../../src/devices/search/filter.ts';
import { DeviceSearch } from '../../src/devices/search/search.ts';
import { type Database, sql } from '../../src/platform/database/database.ts';
import { fillRegistry } from '../../test/support/devices/big-registry.ts';
import { callerIn, openDatabase, openRegistry } from '../../test/support/devices/registry.ts';
import { quietObserver } from '../../test/support/services/services.ts';
import { processesOf, spentMs } from '../support/database-processes.ts';
import { tell } from '../support/figures.ts';
import { delays, owner, run, setting } from '../support/harness.ts';

/**
 * Pages of lists and searches, counts of facets, of areas and of police agencies, by how many devices there are: one
 * after the other, as one caller asks. The processor time is that of this process and of all processes of PostgreSQL.
 * The questions are asked in turns, so that none finds only what it has just read. `CITYWATCH_BENCH_DEVICES` is the
 * largest registry.
 */
const CASES = [1_000, 20_000, setting('DEVICES', 100_000)];
const TURNS = 40;
const PAGE = 100;

const QUESTIONS: [string, DeviceFilter][] = [
  ['everything', {}],
  ['a rare state', { state: 'maintenance' }],
  ['a county', { jurisdiction: '330226' }],
  ['one Chinese character', { q: '桥' }],
  ['a character that all have', { q: '路' }],
  ['several words', { q: '中山路 17号 学校' }],
  ['the beginning of a serial number', { q: 'sn0' }],
  ['a serial number', { q: 'SN00009e3779b1' }],
  ['nothing', { q: '没有这个地方' }],
  ['a tag', { tag: 'tag-8' }],
  ['a polygon', { polygon: polygon.parse('121.5,29.8;121.55,29.8;121.52,29.85') }],
  ['those that are offline', { health: 'offline' }],
  ['a tier', { tier: 'police' }],
  ['all of it', { q: '中', kind: 'camera', owner: '公安局', bbox: bbox.parse('121.4,29.7,121.6,29.9') }],
];

/** One of so many is not online: four of a hundred. */
const NOT_ONLINE: [Health, number][] = [
  ['offline', 50],
  ['degraded', 99],
  ['unknown', 101],
];

interface Question {
  what: string;
  ask(): Promise<unknown>;
  tookMs: number[];
  ownMs: number;
  postgresMs: number;
}

await run(async () => {
  const database = await openDatabase(owner);
  const { behindApi, directory, departments, agencies, jurisdictions, police } = await openRegistry(owner, {
    database,
  });
  const healths = new Map<string, Health>();
  const book = { healthOf: (id: string) => healths.get(id) ?? null };
  const tally = new HealthTally({ book, directory, observer: quietObserver() });
  const caller = callerIn('330200');
  await drawStations(database);
  await agencies.load(database);
  const county = { ...caller, police: '330203000000', agencies: agencies.below('330203000000') };
  let filled = 0;
  for (const devices of CASES) {
    await fillRegistry(database, { from: filled + 1, to: devices + 1 });
    filled = devices;
    await behindApi.loadDirectory();
    // A new one for each: what was written is noted nowhere, so that it follows nothing.
    const clock = systemClock;
    const search = new DeviceSearch({ database, owners: departments, trees: agencies, healths: tally, clock });
    for (const [index, id] of directory.ids().entries()) {
      healths.set(id, NOT_ONLINE.find(([, every]) => index % every === 0)?.[0] ?? 'online');
      tally.changed(id);
    }
    const after = await nearTheEnd(database);
    const ask = (what: string, ask: () => Promise<unknown>) => ({ what, ask, tookMs: [], ownMs: 0, postgresMs: 0 });
    const questions: Question[] = [
      ...QUESTIONS.map(([what, filter]) => ask(what, () => search.list(caller, { ...filter, limit: PAGE }))),
      ask('the last page', () => search.list(caller, { limit: PAGE, after })),
      ask('limited to the police of a county', () => search.list(county, { limit: PAGE })),
      ask('of the police of a county', () => search.list(caller, { police: county.police, limit: PAGE })),
      ...QUESTIONS.map(([what, filter]) => ask(`facets: ${what}`, () => search.facets(caller, filter))),
      ask('facets: limited to the police of a county', () => search.facets(county, {})),
      ask('counts of areas', async () => jurisdictions.totals(directory.counts(caller))),
      ask('counts of police agencies', async () => police.list(caller, { limit: 500 })),
    ];
    // Not counted: it fills the caches and opens the connections.
    for (const question of questions) await question.ask();
    const pids = await processesOf(database);
    for (let turn = 0; turn < TURNS; turn += 1) for (const question of questions) await measure(question, pids);
    for (const { what, tookMs, ownMs, postgresMs } of questions) {
      tell(
        'search of devices',
        { devices, what },
        {
          ...delays(tookMs),
          gateway: [ownMs / TURNS, 'CPU ms'],
          PostgreSQL: [postgresMs / TURNS, 'CPU ms'],
        },
      );
    }
    for (const kind of ['lists', 'facets', 'counts']) {
      const of = questions.filter(({ what }) => (/^(facets|counts)/.exec(what)?.[0] ?? 'lists') === kind);
      tell('search of devices, in all', { devices, kind }, delays(of.flatMap(({ tookMs }) => tookMs)));
    }
  }
});

/** Ten counties, each with fifteen stations in a row from west to east, over all that is filled in. */
async function drawStations(database: Database<never>): Promise<void> {
  await sql`
    with county (code, row) as (select '33020' || n || '000000', n from generate_series(0, 9) as n),
    city as (
      insert into police_agency (code, name, level, jurisdiction) values ('330200990000', 'city', 'city', '330200')
    ), counties as (
      insert into police_agency (code, name, level, parent, jurisdiction)
      select code, code, 'county', '330200990000', '330200' from county
    )
    insert into police_agency (code, name, level, parent, jurisdiction, bounds)
    select left(code, 6) || (510 + n) || '000', 'station', 'station', code, '330200',
      polygon(box(point(121.2 + n * 0.06, 29.6 + row * 0.06), point(121.26 + n * 0.06, 29.66 + row * 0.06)))
    from county, generate_series(0, 14) as n`.execute(database.tables());
}

async function measure(question: Question, pids: readonly string[]): Promise<void> {
  const theirs = spentMs(pids);
  const own = process.cpuUsage();
  const beganMs = performance.now();
  await question.ask();
  question.tookMs.push(performance.now() - beganMs);
  const { user, system } = process.cpuUsage(own);
  question.ownMs += (user + system) / 1_000;
  question.postgresMs += spentMs(pids) - theirs;
}

/** The last page but a few devices. */
async function nearTheEnd(database: Database<never>): Promise<string> {
  const { rows } = await sql<{ id: string }>`select id from position order by id desc offset 150 limit 1`.execute(
    database.tables(),
  );
  return rows[0]!.id;
}

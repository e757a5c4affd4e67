import pg from 'pg';
import t, { type Test } from 'tap';
import { bbox, polygon } from '../../../src/devices/search/area.ts';
import type { DeviceFilter } from '../../../src/devices/search/filter.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { fillRegistry } from '../../support/devices/big-registry.ts';
import { callerIn, openRegistry } from '../../support/devices/registry.ts';

const DEVICES = 10_000;
/** Rows of the registry that a page may read: it is the same for ten times as many devices. */
const ROWS_MAX = 6_000;
const TABLES = /^(device_search|position|unit|assignment|position_camera)$/;

const QUESTIONS: [string, DeviceFilter][] = [
  ['everything', {}],
  ['a kind', { kind: 'checkpoint' }],
  ['a rare state', { state: 'maintenance' }],
  ['a county', { jurisdiction: '330226' }],
  ['an owner', { owner: '环保局', tier: 'social' }],
  ['one Chinese character', { q: '桥' }],
  ['a character that all have', { q: '路' }],
  ['several words', { q: '中山路 17号 学校' }],
  ['the beginning of a number', { q: 'sn0' }],
  ['a serial number', { q: 'SN00009e3779b1' }],
  ['a hardware address', { q: '00:00:9e:37:79:b1' }],
  ['nothing', { q: '没有这个地方' }],
  ['a tag', { tag: 'tag-8' }],
  ['a GB/T 28181 id', { gbId: '34020000001320000001' }],
  ['what hangs there', { parent: 'camera-00009e3779b1' }],
  ['what hangs below', { below: 'camera-00009e3779b1' }],
  ['a box', { bbox: bbox.parse('121.5,29.8,121.55,29.85') }],
  ['a polygon', { polygon: polygon.parse('121.5,29.8;121.55,29.8;121.52,29.85') }],
  ['all of it', { q: '中', kind: 'camera', owner: '公安局', bbox: bbox.parse('121.4,29.7,121.6,29.9') }],
];

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: PlanNode[];
}

interface Said {
  text: string;
  values: unknown[];
}

const { database, search } = await openRegistry(t);
await fillRegistry(database, { from: 1, to: DEVICES + 1 });

/** What this process asks of PostgreSQL meanwhile. */
async function saidBy(t: Test, ask: () => Promise<unknown>): Promise<Said[]> {
  const said: Said[] = [];
  const query = pg.Client.prototype.query;
  pg.Client.prototype.query = function heard(this: pg.Client, ...args: unknown[]) {
    const [first, second] = args as [string | { text: string; values?: unknown[] }, unknown[]?];
    said.push(typeof first === 'string' ? { text: first, values: second ?? [] } : { values: second ?? [], ...first });
    return Reflect.apply(query, this, args);
  } as typeof query;
  t.teardown(() => {
    pg.Client.prototype.query = query;
  });
  await ask();
  pg.Client.prototype.query = query;
  return said;
}

async function planOf({ text, values }: Said): Promise<PlanNode> {
  return database.dedicated(async (statement) => {
    const [row] = await statement(`explain (analyze, format json, timing off) ${text}`, values);
    return (row!['QUERY PLAN'] as { Plan: PlanNode }[])[0]!.Plan;
  });
}

function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

function rowsRead(node: PlanNode): number {
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return (node['Actual Rows'] + removed) * node['Actual Loops'];
}

t.test('no list and no count reads the whole registry, and a page reads few rows of it', async (t) => {
  const caller = callerIn('330200');
  // What devices are counted by is read once.
  await search.facets(caller, {});
  for (const [what, filter] of QUESTIONS) {
    const lists = await saidBy(t, () => search.list(caller, { ...filter, limit: 100 }));
    const counts = await saidBy(t, () => search.facets(caller, filter));
    t.ok(lists.length > 1 && lists.length <= 8 && counts.length <= 3, `${what}: ${lists.length}, ${counts.length}`);
    let read = 0;
    for (const said of [...lists, ...counts]) {
      const nodes = nodesOf(await planOf(said)).filter((node) => TABLES.test(node['Relation Name'] ?? ''));
      const whole = nodes.filter((node) => node['Node Type'] === 'Seq Scan');
      t.strictSame(whole, [], `${what}: ${said.text}`);
      if (lists.includes(said)) read += nodes.reduce((sum, node) => sum + rowsRead(node), 0);
    }
    t.ok(read <= ROWS_MAX, `${what}: ${read} rows`);
  }
});

t.test('the last page costs as much as the first', async (t) => {
  const caller = callerIn('330200');
  const { rows } = await sql<{ id: string }>`select id from position order by id desc offset 150 limit 1`.execute(
    database.tables(),
  );
  for (const filter of [{}, { q: '路' }] as DeviceFilter[]) {
    const said = await saidBy(t, () => search.list(caller, { ...filter, limit: 100, after: rows[0]!.id }));
    let read = 0;
    for (const one of said) {
      const nodes = nodesOf(await planOf(one)).filter((node) => TABLES.test(node['Relation Name'] ?? ''));
      read += nodes.reduce((sum, node) => sum + rowsRead(node), 0);
    }
    t.ok(read <= ROWS_MAX, `${read} rows`);
  }
});

import { dirname, join, normalize } from 'node:path';
import t from 'tap';
import { filesBelow, type ParsedSource, parseSource, read } from '../../support/source-tree.ts';

/** Files of its own that a folder may hold: more means that it has more than one subject. */
const FILES_MAX = 16;

/** Lists by nature: each file is one entry. */
const LISTS = /^(bench$|src\/(api\/routes|platform\/database\/migrations)|test\/fixtures)(\/|$)/;

/** The folder that owns each table: nobody else names it. */
const OWNERS: Record<string, RegExp> = {
  ...owned('src/platform/secrets/', ['cluster_key']),
  ...owned('src/platform/follow/', ['followed_change']),
  ...owned('src/platform/database/', ['believed_time', 'database_identity', 'gateway_lease', 'schema_migration']),
  ...owned('src/platform/records/', ['access_register', 'audit_entry', 'idempotency', 'register_prune']),
  ...owned('src/platform/blobs/', ['volume']),
  ...owned('src/platform/work/', ['work_item']),
  ...owned('src/access/', ['access_grant', 'api_token', 'jurisdiction', 'person', 'recovery_code', 'session']),
  ...owned('src/devices/', [
    'acceptance',
    'assignment',
    'build_plan',
    'life_step',
    'maintenance',
    'camera_setup',
    'check_job',
    'check_row',
    'department',
    'device_claim',
    'device_downtime',
    'device_health',
    'device_group',
    'device_kind_version',
    'discovery',
    'discovery_found',
    'device_search',
    'device_tag_set',
    'foreign_unit',
    'import_batch',
    'import_row',
    'kept_login',
    'login_rotation',
    'plan_entry',
    'plan_revision',
    'secret_change',
    'police_agency',
    'police_agency_days',
    'position',
    'position_camera',
    'ptz_setting',
    'site_photo',
    'unit',
    'work_order',
    'work_order_count',
    'work_order_step',
  ]),
  ...owned('src/ingest/', ['command', 'dead_letter', 'dead_letter_payload', 'device_day']),
  ...owned('src/ingest/', ['ingest_cursor', 'ingest_ledger', 'ingest_received', 'journal_life', 'journal_opening']),
  ...owned('src/passages/', ['passage', 'passage_count', 'passage_device']),
  ...owned('src/images/', ['image']),
  ...owned('src/telemetry/', ['telemetry_series']),
  ...owned('src/streams/', [
    'approved_picture',
    'camera_lease',
    'camera_wall',
    'recording',
    'recording_day',
    'recording_disk',
    'recording_export',
    'recording_export_file',
    'viewing_copy',
    'recording_gap',
    'recording_pin',
    'recording_leaving',
    'recording_plan',
    'stream_link',
    'stream_pass',
    'stream_plan',
    'recording_removal',
    'recording_removal_list',
    'recording_pruned',
    'video_clip',
  ]),
  ...owned('src/alerts/', ['alert', 'alert_event', 'alert_log_floor', 'alert_log_head', 'delivery', 'finding']),
  ...owned('src/alerts/', ['alert_bulk', 'alert_sent', 'event_source', 'incident', 'incident_entry', 'silence']),
  ...owned('src/alerts/', [
    'alert_gone_picture',
    'alert_pin',
    'rule_cursor',
    'rule_dry_run',
    'rule_recording',
    'rule_recording_piece',
    'rule_state',
    'rule_version',
    'subscription',
  ]),
  ...owned('src/alerts/', ['duty_hand_over', 'duty_shift']),
  ...owned('src/alerts/', ['plate_permit', 'watch_hit', 'watchlist', 'watchlist_entry']),
};

function owned(folder: string, tables: string[]): Record<string, RegExp> {
  return Object.fromEntries(tables.map((table) => [table, new RegExp(`^${folder}`)]));
}

/** Methods of the query builder whose first argument names a table, with an alias or without. */
const BUILDERS =
  'selectFrom|insertInto|updateTable|deleteFrom|replaceInto|mergeInto|using|from|innerJoin|leftJoin|rightJoin|' +
  'fullJoin|crossJoin';
const QUERY = String.raw`\.(?:${BUILDERS})\(\s*\[?\s*['"\`](\w+)`;
const BEFORE_NAME = String.raw`\b(?:from|into|update|join|truncate|table)\s+(?:only\s+|if exists\s+)?"?|to_regclass\('`;
const STATEMENT = String.raw`(?:${BEFORE_NAME})(\w+)`;

/** Tables that a source names, in a query of the builder or in SQL of its own. */
function tablesNamed({ text, nodes }: ParsedSource): string[] {
  const named = [...text.matchAll(new RegExp(QUERY, 'g'))].map(([, table = '']) => table);
  for (const node of nodes) {
    const value = node.type === 'Literal' ? node.value : (node.value as { raw?: unknown } | undefined)?.raw;
    if (typeof value !== 'string' || !/\b(select|insert|update|delete|truncate|copy|alter)\b/i.test(value)) continue;
    named.push(...[...value.matchAll(new RegExp(STATEMENT, 'gi'))].map(([, table = '']) => table));
  }
  return [...new Set(named)].filter((table) => table in OWNERS);
}

function borrowed(source: ParsedSource): string[] {
  return tablesNamed(source)
    .filter((table) => !OWNERS[table]?.test(source.path))
    .map((table) => `${source.path} names the table ${table}`);
}

/** Groups of files that import each other in a circle, types included. */
function circles(edges: Map<string, string[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    order.set(file, order.size);
    low.set(file, order.get(file) ?? 0);
    open.push(file);
    for (const next of edges.get(file) ?? []) {
      if (!order.has(next)) visit(next);
      if (open.includes(next)) low.set(file, Math.min(low.get(file) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(file) !== order.get(file)) return;
    const group = open.splice(open.indexOf(file));
    if (group.length > 1) found.push(group.sort());
  };
  for (const file of edges.keys()) if (!order.has(file)) visit(file);
  return found;
}

function edgesOf(sources: ParsedSource[]): Map<string, string[]> {
  const within = (path: string, from: string): string => normalize(join(dirname(path), from));
  return new Map(
    sources.map(({ path, imports }) => [
      path,
      imports.filter(({ from }) => from.startsWith('.')).map(({ from }) => within(path, from)),
    ]),
  );
}

const sources = filesBelow(['src'], /\.ts$/).map(parseSource);

t.test('no files import each other in a circle, types included', async (t) => {
  t.same(circles(edgesOf(sources)), []);
});

t.test('a folder holds few enough files to be one subject', async (t) => {
  const count = new Map<string, number>();
  for (const path of filesBelow(['bench', 'scripts', 'simulators', 'src', 'test', 'web'], /./))
    count.set(dirname(path), (count.get(dirname(path)) ?? 0) + 1);
  const crowded = [...count].filter(([folder, files]) => files > FILES_MAX && !LISTS.test(folder));
  t.same(crowded, []);
});

t.test('a table is named only in the folder that owns it', async (t) => {
  t.same(sources.flatMap(borrowed), []);
});

t.test('every table of the migrations has an owner', async (t) => {
  const made = filesBelow(['src'], /\.sql$/)
    .map(read)
    .flatMap((text) => [...text.matchAll(/create table (?:if not exists )?(\w+)/gi)].map(([, table = '']) => table));
  t.same(
    made.filter((table) => !(table in OWNERS)),
    [],
  );
});

t.test('the rules themselves see a breach', async (t) => {
  t.same(
    circles(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['b']],
      ]),
    ),
    [['b', 'c']],
  );
  const source = { path: 'src/telemetry/x.ts', nodes: [], imports: [] };
  t.equal(borrowed({ ...source, text: "db.selectFrom('alert as a')" }).length, 1);
  t.equal(borrowed({ ...source, text: "db.insertInto('telemetry_series')" }).length, 0);
  const statement = { type: 'TemplateElement', start: 0, end: 0, value: { raw: 'delete from finding where x' } };
  t.equal(borrowed({ ...source, text: '', nodes: [statement] }).length, 1);
  const asked = { ...statement, value: { raw: "select to_regclass('gateway_lease') is not null" } };
  t.equal(borrowed({ ...source, text: '', nodes: [asked] }).length, 1);
});

t.test('only core/internal-records.ts knows how the words of the gateway itself are known', async (t) => {
  const named = /uplink(:| [!=]==) 'internal'|'internal\//;
  const problems = filesBelow(['src'], /\.ts$/).filter((path) => named.test(read(path)));
  t.strictSame(problems, ['src/core/internal-records.ts']);
});

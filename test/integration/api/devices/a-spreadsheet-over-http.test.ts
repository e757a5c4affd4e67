import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { Idempotency } from '../../../../src/platform/records/idempotency.ts';
import { bearer, startApi, TOKENS } from '../../../support/api/api.ts';
import { openImports } from '../../../support/devices/imports.ts';
import { openRegistry } from '../../../support/devices/registry.ts';
import { csvOf, encoded, xlsxOf } from '../../../support/devices/spreadsheets.ts';

const parts = await openRegistry(t);
const { database, behindApi: registry } = parts;
const { imports, work } = openImports(parts);
const api = await startApi(t, { registry, imports, idempotency: new Idempotency({ database, clock: systemClock }) });
const ROWS = [
  ['编号', '类型', '名称', '行政区划', '纬度', '经度', '备注'],
  ['h-1', '智能分类回收机', '江北一号', '330212', '29.83', '121.55', 'x'],
  ['h-2', 'toaster', '江北二号', '330212', '29.83', '121.55', ''],
];

async function send(query: string, payload: Buffer, headers: Record<string, string> = {}) {
  const type = { 'content-type': 'text/csv', ...headers };
  const all = { ...bearer(TOKENS.technician), ...type };
  const answer = await api.call({ method: 'POST', url: `/api/v1/devices/import${query}`, headers: all, payload });
  return { ...answer, body: answer.body as Record<string, never> };
}

const ask = (method: 'GET' | 'POST', path: string) =>
  api.call({ method, url: `/api/v1/imports${path}`, headers: bearer(TOKENS.technician) });

t.test('a file is tried, sent, watched, and its secrets are taken once', async (t) => {
  const file = encoded(csvOf(ROWS), 'gbk');
  const tried = await send('?dryRun=true', file, { 'idempotency-key': 'k-1' });
  t.match(tried, { status: 200, body: { counts: { create: 1, error: 1 }, unknownColumns: ['备注'] } });
  const begun = await send('?fileName=points.csv', file, { 'idempotency-key': 'k-2' });
  t.match(begun, { status: 202, body: { state: 'waiting', rows: 2, done: 0, fileName: 'points.csv' } });
  const id = String(begun.body.id);
  t.equal(begun.headers.location, `/api/v1/imports/${id}`);
  const again = await send('?fileName=points.csv', file, { 'idempotency-key': 'k-2' });
  t.equal(again.body.id, id, 'the same request is the same import');
  await work(id);
  t.match(await ask('GET', `/${id}`), { body: { state: 'done', done: 2, counts: { create: 1, error: 1 } } });
  t.match(await ask('GET', ''), { body: { items: [{ id }] } });
  const wrong = await ask('GET', `/${id}/rows?verdict=error&limit=1`);
  t.match(wrong.body, {
    items: [{ line: 3, id: 'h-2', faults: [{ column: 'kind (类型)', message: /must be one of/ }] }],
  });
  t.match(await ask('POST', `/${id}/secrets`), { status: 200, body: { items: [{ id: 'h-1' }] } });
  t.match(await ask('POST', `/${id}/secrets`), { status: 409, body: { code: 'conflict.state' } });
  t.match(await ask('POST', `/${id}/undo`), { status: 202, body: { state: 'undoing' } });
  await work(id);
  t.match(await ask('GET', `/${id}`), { body: { state: 'undone', undone: 1 } });
});

t.test('what is no spreadsheet is refused in words', async (t) => {
  const kinds: [string, Buffer, Record<string, string>, object][] = [
    ['', Buffer.from(''), {}, { status: 400 }],
    [
      '',
      Buffer.from('a,b\n1,2\n'),
      {},
      { status: 400, body: { issues: [{ path: 'file', message: /has no header/ }] } },
    ],
    ['', Buffer.from('name,kind\nx,y\n'), {}, { status: 400, body: { issues: [{ message: /no column id/ }] } }],
    [
      '',
      Buffer.from('id,name,编号\nx,y,z\n'),
      {},
      { status: 400, body: { issues: [{ message: /two columns for id/ }] } },
    ],
    ['', Buffer.alloc(9 * 1024 * 1024, 0x61), {}, { status: 413, body: { code: 'request.too-large' } }],
    ['', Buffer.from('id,name\n'), { 'content-type': 'text/html' }, { status: 415 }],
    ['', Buffer.from('id,name\n'), { 'content-encoding': 'gzip' }, { status: 415 }],
    ['?mode=half', Buffer.from('id,name\n'), {}, { status: 400 }],
  ];
  for (const [query, file, headers, wanted] of kinds) t.match(await send(query, file, headers), wanted);
  const xlsx = await xlsxOf(ROWS);
  t.match(await send('?dryRun=true', xlsx, { 'content-type': 'application/octet-stream' }), { status: 200 });
});

import { csvOf } from '../test/support/devices/spreadsheets.ts';
import { ADMIN_TOKEN, Gateway } from '../test/support/gateway/gateway.ts';
import { until } from '../test/support/time/until.ts';
import { each, tell } from './support/figures.ts';
import { cpuOf, owner, run, setting } from './support/harness.ts';

/**
 * Points of a city from one spreadsheet through a running gateway: a dry run, the import, the same file again, a file
 * in which every row changes two fields, and its undoing. One in fifty points is a site on which the others hang.
 */
const ROWS = setting('DEVICES', 10_000);
const SITE_OF = 50;
const DONE_WITHIN_MS = 600_000;
const HEADER = [
  '编号',
  '类型',
  '名称',
  '行政区划',
  '纬度',
  '经度',
  '上级',
  '点位类别',
  '宽动态',
  '杆号',
  '存储天数',
  '标签',
];

await run(async () => {
  const gateway = await Gateway.start(owner);
  const first = file(0);
  await measure(gateway, 'dry run', async () => {
    const answer = await send(gateway, '?dryRun=true', first);
    return { new: answer.counts.create, refused: answer.counts.error };
  });
  await measure(gateway, 'import', () => imported(gateway, first));
  await measure(gateway, 'the same file again', () => imported(gateway, first));
  let last = '';
  await measure(gateway, 'a change of every row', async () => {
    const ended = await imported(gateway, file(1));
    last = ended.id;
    return ended;
  });
  await measure(gateway, 'undo', async () => {
    await gateway.api('POST', `/imports/${last}/undo`);
    return await ended(gateway, last);
  });
  await measure(gateway, 'export', async () => {
    const { text } = await gateway.api('GET', '/devices/export');
    return { rows: text.split('\r\n').length - 2 };
  });
});

async function measure(gateway: Gateway, what: string, work: () => Promise<object>): Promise<void> {
  const before = cpuOf(gateway);
  const startMs = performance.now();
  const { id: _, ...told } = (await work()) as { id?: string };
  const seconds = (performance.now() - startMs) / 1000;
  const after = cpuOf(gateway);
  const cpuMsEach = (name: string): number => (((after[name] ?? 0) - (before[name] ?? 0)) * 1_000) / ROWS;
  tell(
    'a spreadsheet of points',
    { rows: ROWS, what },
    {
      took: [seconds, 's'],
      rows: [ROWS / seconds, '/s'],
      'gateway, each': [cpuMsEach('gateway'), 'CPU ms'],
      'PostgreSQL, each': [cpuMsEach('postgres'), 'CPU ms'],
    },
  );
  const { undone, ...counts } = told as Record<string, number> & { undone?: Record<string, number> | null };
  tell('what became of its rows', { what }, each({ ...counts, ...undone }, 'count'));
}

function file(version: number): Buffer {
  const rows = Array.from({ length: ROWS }, (_, number) => {
    const isSite = number % SITE_OF === 0;
    const place = [(29.8 + (number % 100) / 1_000).toFixed(6), (121.5 + (number % 97) / 1_000).toFixed(6)];
    const parent = isSite ? '' : `p-${number - (number % SITE_OF)}`;
    const kind = isSite ? 'site' : 'recycling-kiosk';
    const more = ['一类', version === 0 ? '是' : '否', String(number).padStart(5, '0'), '30', '涪城;东街'];
    return [`p-${number}`, kind, `点位 ${number} v${version}`, '330212', ...place, parent, ...more];
  });
  return Buffer.from(csvOf([HEADER, ...rows]));
}

// biome-ignore lint/suspicious/noExplicitAny: an answer of the API.
async function send(gateway: Gateway, query: string, body: Buffer): Promise<any> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'text/csv' };
  const url = `${gateway.httpUrl}/api/v1/devices/import${query}`;
  const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
  if (answer.status >= 300) throw new Error(`the file was answered ${answer.status}: ${await answer.text()}`);
  return await answer.json();
}

async function imported(gateway: Gateway, body: Buffer): Promise<{ id: string }> {
  const { id } = await send(gateway, '', body);
  return await ended(gateway, id);
}

async function ended(gateway: Gateway, id: string) {
  let status = (await gateway.api('GET', `/imports/${id}`)).body;
  await until(
    'the import is over',
    async () => {
      status = (await gateway.api('GET', `/imports/${id}`)).body;
      return status.state === 'done' || status.state === 'undone';
    },
    DONE_WITHIN_MS,
  );
  const { create, change, same, error } = status.counts;
  return { id, new: create, changed: change, same, refused: error, undone: status.undone };
}

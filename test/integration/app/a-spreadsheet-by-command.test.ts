import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { listen } from '../../../src/api/server/server.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { DeviceExport } from '../../../src/devices/import-export/writing/device-export.ts';
import { Labels } from '../../../src/devices/labels/labels.ts';
import { startApi } from '../../support/api/api.ts';
import { openImports } from '../../support/devices/imports.ts';
import { openRegistry } from '../../support/devices/registry.ts';
import { csvOf } from '../../support/devices/spreadsheets.ts';
import { commandInProcess } from '../../support/gateway/command-line.ts';

const ADMIN_TOKEN = 'the-admin-token-of-this-very-test-0123456789';
const directory = t.testdir();
const parts = await openRegistry(t);
const { database, behindApi: registry, search, tokens, healths } = parts;
await tokens.ensureBootstrap(ADMIN_TOKEN);
const { imports, changes, work } = openImports(parts);
const deviceExport = new DeviceExport({ database, clock: systemClock });
/** The worker is rung as the gateway rings its own. */
const rung: Promise<void>[] = [];
const ringing = Object.assign(Object.create(imports), {
  start: async (...args: Parameters<typeof imports.start>) => {
    const begun = await imports.start(...args);
    rung.push(work(begun.id));
    return begun;
  },
  undo: async (...args: Parameters<typeof imports.undo>) => {
    const begun = await imports.undo(...args);
    rung.push(work(begun.id));
    return begun;
  },
  dryRun: (...args: Parameters<typeof imports.dryRun>) => imports.dryRun(...args),
  takeSecrets: (...args: Parameters<typeof imports.takeSecrets>) => imports.takeSecrets(...args),
}) as typeof imports;
const deviceChanges = {
  plan: changes.plan.bind(changes),
  start: async (...args: Parameters<typeof changes.start>) => {
    const begun = await changes.start(...args);
    rung.push(work(begun.id));
    return begun;
  },
};
const labels = new Labels({ publicUrl: null, titleOf: (kind) => kind, letters: async () => null });
const { app } = await startApi(t, { registry, search, tokens, imports: ringing, deviceChanges, deviceExport, labels });
const { url } = await listen(app, { host: '127.0.0.1', port: 0 });
const env = { CITYWATCH_ADMIN_TOKEN: ADMIN_TOKEN, CITYWATCH_DATA_DIR: directory };
const run = (...words: string[]) => commandInProcess([...words, '--url', url], env);

const file = join(directory, 'points.csv');
const HEADER = ['编号', '类型', '名称', '行政区划', '纬度', '经度', '备注'];
const POINT = ['c-1', 'recycling-kiosk', '江北一号', '330212', '29.83', '121.55', ''];
const WRONG = ['c-2', 'toaster', '江北二号', '330212', '29.83', '121.55', ''];

t.test('a file is tried, imported, undone', async (t) => {
  await writeFile(file, csvOf([HEADER, POINT, WRONG]));
  const tried = await run('import', file, '--dry-run');
  t.equal(tried.status, 1, tried.stderr);
  t.match(tried.stdout, /line 2 {2}c-1 {2}create\nline 3 {2}c-2 {2}error {2}kind \(类型\): must be one of/);
  t.match(
    tried.stdout,
    /columns that were left out: 备注\n1 new, 0 changed, 0 the same, 1 refused\nnothing was written/,
  );
  await t.rejects(registry.get({ ...parts, jurisdiction: '000000' } as never, 'c-1'));

  const secrets = join(directory, 'secrets.csv');
  const done = await run('import', file, '--secrets', secrets);
  t.equal(done.status, 1, done.stderr);
  t.match(
    done.stdout,
    /line 3 {2}c-2 {2}error.*\n.*备注\n1 new, 0 changed, 0 the same, 1 refused\n.*secrets of 1 devices/,
  );
  t.match(await readFile(secrets, 'utf8'), /^id,secret\r\nc-1,\S{20,}\r\n$/);
  t.equal((await stat(secrets)).mode & 0o777, 0o600);
  const id = /import (\S+):/.exec(done.stdout)![1]!;
  t.match((await run('import', 'list')).stdout, new RegExp(`^${id} .* done .*2/2 .*points.csv`, 'm'));
  t.match(await run('import', 'secrets', id, secrets), { status: 2, stderr: /is there already/ });
  t.match(await run('import', 'secrets', id, join(directory, 'again.csv')), { status: 1, stderr: /were given to/ });
  await t.rejects(stat(join(directory, 'again.csv')));
  t.match(await run('import', 'undo', id), { status: 0, stdout: /1 undone, 0 left as they are/ });
  await Promise.all(rung);
});

t.test('what is exported comes back without a change', async (t) => {
  await writeFile(file, csvOf([HEADER, POINT]));
  t.match(await run('import', file), { status: 0, stdout: /1 new devices have secrets; take them once by/ });
  for (const name of ['all.csv', 'all.xlsx']) {
    const path = join(directory, name);
    t.match(await run('export', path, '--titles', 'zh', '--kind', 'recycling-kiosk'), { status: 0, stdout: /bytes/ });
    t.match(await run('import', path, '--dry-run'), { status: 0, stdout: /0 new, 0 changed, 1 the same, 0 refused/ });
  }
  t.match((await run('export', '--text', 'c-1')).stdout, /^id,kind,.*\r\nc-1,recycling-kiosk,/);
  const map = join(directory, 'all.geojson');
  t.match(await run('export', map, '--q', '江北', '--bbox', '121.5,29.8,121.6,29.9'), { status: 0 });
  t.match(JSON.parse(await readFile(map, 'utf8')), { type: 'FeatureCollection', features: [{ id: 'c-1' }] });
  const found = async (...words: string[]) => (await run('export', ...words)).stdout.split('\r\n').length - 1;
  healths.set('c-1', 'offline');
  const polygon = '121.5,29.8;121.6,29.8;121.6,29.9;121.5,29.9';
  t.equal(await found('--health', 'offline', '--polygon', polygon, '--q', 'c-1', '--kind', 'recycling-kiosk'), 1);
  for (const [name, value] of Object.entries({ health: 'online', tag: 'x', owner: 'x', q: 'x-9', below: 'c-1' }))
    t.equal(await found(`--${name}`, value), 0, name);
});

t.test('labels are written as a page, or it is said what a PDF lacks', async (t) => {
  const page = join(directory, 'labels.html');
  t.match(await run('labels', page, '--ids', 'c-1', '--sheet', 'roll'), {
    status: 0,
    stdout: /labels.html: \d+ bytes/,
  });
  t.match(await readFile(page, 'utf8'), /@page\{size:60mm 40mm.*江北一号.*c-1/);
  t.match(await run('labels', page, '--kind', 'recycling-kiosk'), { status: 0 });
  t.match(await readFile(page, 'utf8'), /@page\{size:210mm 297mm.*江北一号/);
  const refused = [
    [['labels.pdf'], /fonts-wqy-microhei/],
    [['x.html', '--ids', 'c-1', '--kind', 'camera'], /ids.*leave out the filter/],
    [['x.html', '--ids', 'nobody'], /not-found|No such thing/],
    [['x.html', '--skip', '24'], /skip/],
  ] as const;
  for (const [[name, ...words], stderr] of refused) {
    t.match(await run('labels', join(directory, name!), ...words), { status: 1, stderr }, words.join(' '));
  }
  t.match(await run('labels'), { status: 2 });
});

t.test('a field of all devices of a list is planned, changed, undone', async (t) => {
  const words = [
    '--kind',
    'recycling-kiosk',
    '--q',
    '江北',
    '--set',
    '维保单位=快修',
    '--add-tag',
    'x',
    '--add-tag',
    'y',
  ];
  const planned = await run('change', ...words);
  t.match(planned, { status: 0, stdout: /line 1 {2}c-1 {2}change {2}maintainer {2}tags\n1 devices: 1 to be changed/ });
  const id = /change start (\S+)/.exec(planned.stdout)![1]!;
  const admin = { jurisdiction: '000000' } as never;
  t.notOk((await registry.get(admin, 'c-1')).file.maintainer);
  const started = await run('change', 'start', id);
  t.match(started, { status: 0, stdout: /0 new, 1 changed, 0 the same, 0 refused\nit is undone by/ }, started.stderr);
  t.match((await registry.get(admin, 'c-1')).file, { maintainer: '快修', tags: ['x', 'y'] });
  t.match(await run('change', 'undo', id), { status: 0, stdout: /1 undone, 0 left/ });
  t.match(await run('change', '--q', '江北', '--maintenance', '5', '--reason', '换杆', '--yes'), { status: 0 });
  t.equal((await registry.get(admin, 'c-1')).state, 'maintenance');
  t.match(await run('change', '--q', '江北', '--set', 'maintainer=', '--end-maintenance', '--yes'), { status: 0 });
  t.match(await run('change', '--set', 'owner'), { status: 2, stderr: /FIELD=VALUE/ });
  t.match(await run('change', '--set', 'name=x'), { status: 1, stderr: /is none of/ });
  t.match(await run('change', 'finish'), { status: 2 });
});

t.test('wrong words are said before anything is asked', async (t) => {
  for (const words of [
    ['import'],
    ['import', join(directory, 'nothing.csv')],
    ['import', 'undo'],
    ['import', 'a', 'b'],
  ]) {
    t.equal((await run(...words)).status, 2, words.join(' '));
  }
  t.match(await run('export', 'a', 'b'), { status: 2 });
  t.match(await run('export', '--state', 'nowhere'), { status: 1, stderr: /The gateway refused/ });
});

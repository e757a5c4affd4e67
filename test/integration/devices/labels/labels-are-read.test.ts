import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { drawLabel } from '../../../../src/devices/labels/drawing.ts';
import { SHEETS, type SheetName } from '../../../../src/devices/labels/formats.ts';
import type { LabelPage } from '../../../../src/devices/labels/html.ts';
import { Labels } from '../../../../src/devices/labels/labels.ts';
import { makeDevice } from '../../../support/api/api.ts';
import { judge } from '../../../support/judges.ts';
import { temporaryDirectory } from '../../../support/services/services.ts';
import { openBrowser } from '../../../support/web/browser.ts';

const run = promisify(execFile);
const CENTRE = 'https://gateway.ningbo.example.gov.cn';
const letters = { path: (await judge('fonts')).command, name: 'WenQuanYiMicroHei' };
const labels = new Labels({ publicUrl: `${CENTRE}/`, titleOf: () => '智能回收箱', letters: async () => letters });
const request = { sheet: 'a4', skip: 3, reachedAt: 'http://127.0.0.1' } as const;

const LONG = 'x'.repeat(64);
const devices = [
  ...Array.from({ length: 20 }, (_, at) => makeDevice({ id: `cam-${at}`, name: `天一广场东口 ${at} 号杆<b>&"'` })),
  makeDevice({ id: LONG, name: '镇'.repeat(128) }),
  makeDevice({ id: 'A.b_c-9', name: "</text><script>alert('x')</script>" }),
];
const addresses = devices.map(({ id }) => `${CENTRE}/#/devices/${id}`);

/** What a scanner reads off each page of a PDF at 300 dots an inch, as office printers have. */
async function scanned(t: Test, pdf: Buffer): Promise<string[][]> {
  const directory = await temporaryDirectory(t);
  const [pages, scanner] = await Promise.all([judge('pdftoppm'), judge('zbarimg')]);
  await writeFile(join(directory, 'sheets.pdf'), pdf);
  const drawn = ['-gray', '-r', '300', join(directory, 'sheets.pdf'), join(directory, 'page')];
  await run(pages.command, drawn, { env: pages.env });
  const read: string[][] = [];
  for (const file of (await readdir(directory)).filter((name) => name.startsWith('page')).sort()) {
    const options = ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', join(directory, file)];
    const { stdout } = await run(scanner.command, options, { env: scanner.env }).catch((error) => error);
    read.push(stdout.split('\n').filter((line: string) => line !== ''));
  }
  return read;
}

const counts = (pages: string[][]) => pages.map((read) => read.length);

t.test('labels stand in whole micrometres: the last one as exactly as the first', async (t) => {
  for (const name of Object.keys(SHEETS) as SheetName[]) {
    const format = SHEETS[name];
    const { page, label, columns, rows, left, top, inset } = format;
    t.ok(left + columns * label.width <= page.width && top + rows * label.height <= page.height, name);
    const text = { id: LONG, name: '镇'.repeat(128), kind: '智能回收箱', address: `${CENTRE}/#/devices/${LONG}` };
    const first = drawLabel(text, format, 0);
    for (let index = 0; index < 2 * columns * rows + 1; index += 1) {
      const drawn = drawLabel(text, format, index);
      const [x, y] = [drawn.bars[0]!.x - first.bars[0]!.x, drawn.bars[0]!.y - first.bars[0]!.y];
      const onPage = index % (columns * rows);
      t.same([x, y], [(onPage % columns) * label.width, Math.floor(onPage / columns) * label.height], `${index}`);
      t.strictSame(
        drawn.bars,
        first.bars.map((bar) => ({ ...bar, x: bar.x + x, y: bar.y + y })),
      );
      const within = (at: number, from: number, size: number) => at >= from + inset && at <= from + size - inset;
      // One assertion for all of them: there are thousands.
      const isRight = (bar: (typeof drawn.bars)[number]): boolean =>
        [bar.x, bar.y, bar.width, bar.height].every(Number.isInteger) &&
        within(bar.x, left + x, label.width) &&
        within(bar.y, top + y, label.height);
      t.ok(drawn.bars.length > 100 && drawn.bars.every(isRight), `${name} ${index}`);
      for (const line of drawn.lines) t.ok(within(line.y, top + y, label.height), `${name}: ${line.text}`);
      t.match(drawn.lines.map((line) => line.text).join(''), LONG, 'an id is never cut short');
    }
  }
});

t.test('a browser prints the page, and a scanner reads every code of it', async (t) => {
  const sheets = await labels.page(devices, request);
  t.match(sheets.policy, /^default-src 'none'; style-src 'sha256-/);
  t.notMatch(sheets.html, /<script|<b>|secret/);
  const { page, offences } = await openBrowser(t);
  const printed = async ({ html: body, policy }: LabelPage): Promise<Buffer> => {
    const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy };
    await page.route('**/*', (route) => route.fulfill({ body, headers }));
    await page.goto('http://labels.example/');
    return await page.pdf({ preferCSSPageSize: true });
  };
  const pages = await scanned(t, await printed(sheets));
  t.same(counts(pages), [21, 1], 'three places were used before; no page is empty');
  t.same(pages.flat().toSorted(), addresses.toSorted());
  const roll = await labels.page(devices.slice(0, 3), { ...request, sheet: 'roll', skip: 0 });
  const each = await scanned(t, await printed(roll));
  t.same(each.flat(), addresses.slice(0, 3));
  t.same(counts(each), [1, 1, 1], 'one label a piece');
  t.same(offences, []);
});

t.test('the PDF brings its letters, and a scanner reads every code of it', async (t) => {
  const pdf = await labels.pdf(devices.slice(-4), request);
  t.equal(pdf.toString('latin1', 0, 5), '%PDF-');
  t.match(pdf.toString('latin1'), /WenQuanYiMicroHei/);
  t.ok(pdf.length < 2_000_000, `only the letters that are used: ${pdf.length} bytes`);
  const pages = await scanned(t, pdf);
  t.same(counts(pages), [4]);
  t.same(pages.flat().toSorted(), addresses.slice(-4).toSorted());
});

t.test('without letters for Chinese the answer says which package has them', async (t) => {
  const none = { publicUrl: null, titleOf: (kind: string) => kind };
  const without = new Labels({ ...none, letters: async () => null });
  const refusal = { code: 'labels.no-font', message: /fonts-wqy-microhei/ };
  await t.rejects(without.pdf(devices, request), refusal);
  const broken = new Labels({ ...none, letters: async () => ({ path: '/dev/null', name: 'X' }) });
  await t.rejects(broken.pdf(devices, request), refusal);
});

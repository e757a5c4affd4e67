import { createHash } from 'node:crypto';
import Fastify from 'fastify';
import type { BrowserContext, Page } from 'playwright-core';
import t from 'tap';
import { type PageFiles, serveConsole } from '../../../../src/api/server/console.ts';
import { until } from '../../../support/time/until.ts';
import { openBrowser, pressWhereItStands, signIn } from '../../../support/web/browser.ts';
import { builtConsole } from '../../../support/web/built-console.ts';
import { type FakeConsoleApi, startFakeApi } from '../../../support/web/fake-console-api.ts';

type Files = Map<string, { body: Buffer; gzipped: Buffer | null; etag: string }>;

/** Replaces what is served under an address, as a new version of the gateway does. */
function replace(files: PageFiles, address: string, change: (text: string) => string): void {
  const file = (files as unknown as Files).get(address)!;
  file.body = Buffer.from(change(file.body.toString()));
  file.gzipped = null;
  file.etag = `"${hashOf(file.body).slice(0, 22)}"`;
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

interface Shell {
  version: string;
  files: Record<string, string>;
}

function shellOf(files: PageFiles): Shell {
  const [, written = ''] = /^const SHELL=(.*);$/m.exec(files.get('/sw.js')!.body.toString()) ?? [];
  return JSON.parse(written) as Shell;
}

function writeShell(files: PageFiles, shell: Shell | null): void {
  replace(files, '/sw.js', (text) => text.replace(/^const SHELL=.*;$/m, () => `const SHELL=${JSON.stringify(shell)};`));
}

t.test('the service worker and the manifests are served as browsers want them', async (t) => {
  const app = Fastify({ logger: false });
  serveConsole(app, await builtConsole());
  const worker = await app.inject('/sw.js');
  t.match(worker.headers, {
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'no-cache',
    'service-worker-allowed': '/',
    'x-content-type-options': 'nosniff',
  });
  t.match(worker.headers['content-security-policy'], /require-trusted-types-for 'script'; trusted-types citywatch$/);
  t.equal((await app.inject('/')).headers['service-worker-allowed'], undefined, 'that alone');
  for (const [address, lang, name] of [
    ['/en.webmanifest', 'en', /^citywatch$/],
    ['/zh-CN.webmanifest', 'zh-CN', /城市设备网关/],
  ] as const) {
    const { headers, payload } = await app.inject(address);
    t.match(headers, { 'content-type': 'application/manifest+json; charset=utf-8', 'cache-control': 'no-cache' });
    const { icons, ...manifest } = JSON.parse(payload);
    t.match(manifest, { id: '/', lang, name, display: 'standalone', start_url: '/', scope: '/' });
    for (const { src, sizes } of icons) {
      const icon = await app.inject(src);
      t.equal(icon.headers['content-type'], 'image/png');
      const [width, height] = [icon.rawPayload.readUInt32BE(16), icon.rawPayload.readUInt32BE(20)];
      t.equal(`${width}x${height}`, sizes, src);
    }
    t.ok(icons.some(({ purpose }: { purpose: string }) => purpose === 'maskable'));
  }
});

const KEPT = `caches.keys().then(async (names) => {
  const all = await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys())
    .map(({ url }) => name + ' ' + new URL(url).pathname)));
  return all.flat();
})`;
const keptBy = (page: Page) => page.evaluate(KEPT) as Promise<string[]>;
const scriptOf = (page: Page) =>
  page.evaluate('new URL(document.querySelector("script[type=module]").src).pathname') as Promise<string>;

/** Looks for a new version, and resolves when it was taken or given up. */
const UPDATE = `navigator.serviceWorker.getRegistration().then(async (one) => {
  await one?.update();
  while (one?.installing) await new Promise((resolve) => setTimeout(resolve, 20));
}).catch(() => {})`;

const WORKERS = 'navigator.serviceWorker.getRegistrations().then((all) => all.length)';

/** A gateway of which some files are newer than others, as while it is replaced. */
async function halfIsNone(page: Page, files: PageFiles, first: Shell): Promise<void> {
  writeShell(files, { version: 'half', files: { ...first.files, '/': 'f'.repeat(64) } });
  await page.evaluate(UPDATE);
}

/** What a build that was made without this part does to devices. */
async function takenAway(page: Page, url: string, files: PageFiles): Promise<void> {
  writeShell(files, null);
  await page.reload();
  await page.evaluate(UPDATE);
  // Chromium now and then lets the new worker wait until no page is open, though it asked not to.
  const isGone = async () => {
    await page.goto('about:blank');
    await page.goto(`${url}/en.webmanifest`, { timeout: 15_000 });
    return (await keptBy(page)).length === 0 && (await page.evaluate(WORKERS)) === 0;
  };
  await until('nothing is kept, and nothing serves it', isGone);
}

/** The files of a next version beside those of this one: each has another name, and names the others by theirs. */
function nextVersion(files: Map<string, unknown>): { shell: Shell; index: string; isOld(address: string): boolean } {
  const known = files as unknown as Files;
  const old = [...known.keys()].filter((address) => address.startsWith('/assets/'));
  const names = new Map(old.map((address) => [address, address.replace(/(?=\.\w+$)/, '-next')]));
  const renamed = (text: string) => {
    return old.reduce((now, address) => now.replaceAll(address.slice(8), names.get(address)!.slice(8)), text);
  };
  for (const [address, next] of names) {
    const { body, ...file } = known.get(address)!;
    known.set(next, { ...file, body: Buffer.from(renamed(body.toString())), gzipped: null, etag: `"${next}"` });
  }
  const index = renamed(known.get('/index.html')!.body.toString());
  const kept = Object.keys(shellOf(files as unknown as PageFiles).files).filter((address) => address !== '/');
  const hashes = kept.map((address) => [names.get(address)!, hashOf(known.get(names.get(address)!)!.body)]);
  const shell = { version: 'second', files: { ...Object.fromEntries(hashes), '/': hashOf(Buffer.from(index)) } };
  return { shell, index, isOld: (address) => names.has(address) };
}

/** A worker that is started just then may not have heard yet that it is offline: it reaches nobody either. */
async function unplug(api: FakeConsoleApi, context: BrowserContext, isCut: boolean): Promise<void> {
  api.unplugged = isCut;
  await context.setOffline(isCut);
}

/** What is kept of a version, by the name of its place and its address. */
function namesIn({ version, files }: Shell): string[] {
  return Object.keys(files)
    .map((one) => `citywatch-shell-${version} ${one}`)
    .sort();
}

t.test(
  'a device keeps the page alone; a new version takes over whole, and a build without it takes it away',
  async (t) => {
    const files = new Map(await builtConsole());
    const first = shellOf(files);
    const next = nextVersion(files);
    const api = await startFakeApi(t, { pages: files });
    const view = await openBrowser(t, { width: 360, height: 740 });
    const { page, context } = view;
    await signIn(view, api.url, 'technician');
    t.equal(await page.evaluate(WORKERS), 0, 'not for all');
    await page.goto(`${api.url}/orders/W-2026-2`);
    await page.getByText('ready for work without network').waitFor();
    await page.goto(`${api.url}/orders`);
    await page.getByRole('link', { name: 'W-2026-2' }).first().waitFor();
    await until('it is kept', () => page.evaluate('navigator.serviceWorker.controller !== null'));
    for (const [path, part] of [
      ['/devices', '.device-list li'],
      ['/video', '.video-tile'],
    ] as const) {
      await page.goto(api.url + path);
      await page.locator(part).first().waitFor();
    }
    const kept = await keptBy(page);
    t.same(kept.toSorted(), namesIn(first));
    t.notMatch(kept.join(' '), /api|map|hls|video/, 'no list, no live picture, no map');
    await page.goto(`${api.url}/orders`);
    await page.getByRole('link', { name: 'W-2026-2' }).first().waitFor();

    await halfIsNone(page, files, first);
    await until('half of a version is none', async () => (await keptBy(page)).length === kept.length);

    replace(files, '/index.html', () => next.index);
    for (const address of files.keys()) {
      if (next.isOld(address)) replace(files, address, () => 'throw new Error("an old file of a new version")');
    }
    writeShell(files, next.shell);
    const before = await scriptOf(page);
    await page.evaluate(UPDATE);
    await page.getByText('A new version of this page is ready.').waitFor();
    await unplug(api, context, true);
    await page.reload();
    await page.getByRole('heading', { name: 'On this device' }).waitFor();
    t.equal(await scriptOf(page), before, 'without network it is the old one with its own files');
    t.equal(await page.evaluate(BREACH), 'TypeError', 'under the same content policy');
    await unplug(api, context, false);
    // Chromium lets a worker that took its leave wait now and then: whoever still sees the button presses once more.
    await until('the new one is there', async () => {
      await pressWhereItStands(page.getByRole('button', { name: 'Use it now' })).catch(() => undefined);
      return (await scriptOf(page).catch(() => '')).includes('-next');
    });
    await page.getByRole('link', { name: 'W-2026-2' }).first().waitFor();
    await until('the old one is gone', async () => (await keptBy(page)).every((one) => one.includes('second')));
    await unplug(api, context, true);
    await page.reload();
    await page.getByRole('heading', { name: 'On this device' }).waitFor();
    t.match(await scriptOf(page), '-next');
    await unplug(api, context, false);

    await takenAway(page, api.url, files);
    t.match(view.offences, [/requires 'TrustedHTML'/], 'which was tried');
  },
);

/** What the content policy of the page does not let through. */
const BREACH = `(() => {
  try {
    document.body.insertAdjacentHTML('beforeend', '<b>x</b>');
    return 'let through';
  } catch (error) {
    return error.name;
  }
})()`;

/** A worker that Chromium lets wait hears nothing, for the page. */
const DEAF = 'ServiceWorker.prototype.postMessage = () => {};';

t.test('a new version comes also where its worker is left to wait', async (t) => {
  const files = new Map(await builtConsole());
  const next = nextVersion(files);
  const api = await startFakeApi(t, { pages: files });
  const view = await openBrowser(t, { width: 360, height: 740 });
  const { page } = view;
  await signIn(view, api.url, 'technician');
  await page.goto(`${api.url}/orders/W-2026-2`);
  await page.getByText('ready for work without network').waitFor();
  await page.goto(`${api.url}/orders`);
  await page.getByRole('link', { name: 'W-2026-2' }).first().waitFor();
  replace(files, '/index.html', () => next.index);
  writeShell(files, next.shell);
  await page.evaluate(UPDATE);
  await page.getByText('A new version of this page is ready.').waitFor();
  await page.evaluate(DEAF);
  await page.getByRole('button', { name: 'Use it now' }).click();
  await until('the new one is there', async () => (await scriptOf(page).catch(() => '')).includes('-next'));
  await until('it alone is kept', async () => {
    const kept = await keptBy(page);
    return kept.length > 0 && kept.every((one) => one.includes('second'));
  });
  t.same(view.offences, []);
});

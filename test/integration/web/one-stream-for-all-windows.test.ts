import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { until } from '../../support/time/until.ts';
import { openBrowser, signIn, type View } from '../../support/web/browser.ts';
import { type FakeConsoleApi, startFakeApi } from '../../support/web/fake-console-api.ts';

/** More than a browser keeps connections to one server (HTTP/1.1): one stream each would leave none for requests. */
const WINDOWS = 8;
/** Where they have to agree among themselves: who has it, who takes it over, and one more. */
const FEW = 3;

const streams = (api: FakeConsoleApi) =>
  api.requests.filter((line) => line.startsWith('GET /api/v1/alerts/stream')).length;

async function windowsOf({ page, context }: View, api: FakeConsoleApi, count: number): Promise<Page[]> {
  const others = await Promise.all(Array.from({ length: count - 1 }, () => context.newPage()));
  await Promise.all(others.map((one) => one.goto(api.url)));
  const all = [page, ...others];
  for (const one of all) await one.locator('.link-live').waitFor();
  return all;
}

async function allShow(windows: readonly Page[], id: string): Promise<void> {
  for (const one of windows) await one.locator(`[data-id=${id}]`).waitFor();
}

/** `prepare`: takes from the browser what it is to do without. */
async function manyWindows(t: Test, count: number, prepare = ''): Promise<void> {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  if (prepare !== '') await view.context.addInitScript(prepare);
  api.raise({ id: 'before' });
  await signIn(view, api.url);
  const windows = await windowsOf(view, api, count);
  await allShow(windows, 'before');
  t.equal(streams(api), 1, `one stream for ${count} windows`);
  api.raise({ id: 'after' });
  await allShow(windows, 'after');

  await view.page.close();
  const left = windows.slice(1);
  api.raise({ id: 'late' });
  await allShow(left, 'late');
  api.cut();
  api.raise({ id: 'in-the-gap' });
  await allShow(left, 'in-the-gap');
  for (const one of left) t.equal(await one.locator('.alert-list > li').count(), 4, 'each alert once');
  t.same(view.offences, []);
}

t.test('all windows of a browser share one stream in a worker', async (t) => manyWindows(t, WINDOWS));

t.test('without shared workers one window has the stream, and another goes on when it is closed', async (t) =>
  manyWindows(t, FEW, 'delete globalThis.SharedWorker'),
);

t.test('a window that cannot agree with others has a stream of its own', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  await view.context.addInitScript('delete globalThis.SharedWorker; delete globalThis.BroadcastChannel');
  api.raise({ id: 'before' });
  await signIn(view, api.url);
  await allShow([view.page], 'before');
  api.raise({ id: 'after' });
  await allShow([view.page], 'after');
});

t.test('who signs out in one window is signed out in all, and the next person has a stream of their own', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  await signIn(view, api.url);
  const [first, second] = await windowsOf(view, api, 2);
  await first!.getByRole('button', { name: 'Sign out' }).click();
  await second!.locator('input[name=username]').waitFor();
  const before = streams(api);
  await signIn({ ...view, page: second! }, api.url, 'viewer');
  await second!.locator('.link-live').waitFor();
  await until('another stream', () => streams(api) === before + 1);
  await first!.locator('.who').getByText('viewer').waitFor();
});

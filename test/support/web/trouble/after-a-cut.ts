import type { Page } from 'playwright-core';
import type { CutLine } from '../../network/cut-line.ts';
import { until } from '../../time/until.ts';
import type { FakeConsoleApi } from '../fake-console-api.ts';

/** The first view stands as a whole. */
export async function everythingIsThere(page: Page): Promise<void> {
  await page.locator('.link-live').waitFor();
  await page.locator('.map-gl[aria-busy=false]').waitFor();
  await until('the wall', async () => (await page.locator('.tile-playing').count()) === 4);
}

/** What is to be back on the first view, each with when it is; `from`: of what was asked so far, none counts. */
export function everythingIsBack(page: Page, api: FakeConsoleApi, from: number): [what: string, Promise<unknown>][] {
  const asked = (what: string) => until(what, () => api.requests.slice(from).some((line) => line.includes(what)));
  return [
    ['the list', page.locator('[data-id=meanwhile]').waitFor()],
    ['the stream', page.locator('.link-live').waitFor()],
    ['the counts', asked('/api/v1/overview')],
    ['the map', asked('/api/v1/map/devices')],
    ['the wall', until('the wall', async () => (await page.locator('.tile-playing').count()) === 4)],
  ];
}

/** Something happens that the page cannot hear of. */
export async function cutOff(page: Page, line: CutLine, api: FakeConsoleApi, is: 'refuses' | 'swallows') {
  line.become(is);
  api.raise({ id: 'meanwhile', severity: 'extreme', device: 'kiosk-003' });
  await page.locator(is === 'refuses' ? '.link-connecting' : '.link-silent').waitFor();
}

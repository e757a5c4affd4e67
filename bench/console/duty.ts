import type { Page } from 'playwright-core';
import { Gateway } from '../../test/support/gateway/gateway.ts';
import { until } from '../../test/support/time/until.ts';
import { builtConsole } from '../../test/support/web/built-console.ts';
import { startCameraLoad } from '../support/camera-load.ts';
import { fillCity } from '../support/console/duty-city.ts';
import { DutyBrowser, noted, scriptBytes, scrollPast } from '../support/console/duty-page.ts';
import { atMost, tell } from '../support/figures.ts';
import { delays, Load, owner, register, run, setting, settle } from '../support/harness.ts';

/**
 * The first view of an officer, in Chromium without a graphics card, of a gateway with 10,000 devices, 5,000 open
 * alerts and four cameras, all on one machine: until the list of alerts can be worked with, until the map and the wall
 * are there too, each at a desk that has kept nothing; from the commit of an alert to its row, one a second for
 * `CITYWATCH_BENCH_SECONDS` (default 100); and what scrolling past 10,000 rows does to the page.
 */
const SECONDS = setting('SECONDS', 100);
const CITY = { devices: setting('DEVICES', 10_000), open: 5_000, closed: 6_000 };
const ROWS = 10_000;
const CAMERAS = 4;
const TURNS = 3;
/** What is felt, ms. */
const TASK_MS = 50;
const ASKED_BY = 'issue 15';
const KB = 1_000;
const LIMIT_MS = 120_000;

await run(async () => {
  await builtConsole();
  const cameras = startCameraLoad();
  const urls = await cameras.tell<string[]>({ do: 'cameras', count: CAMERAS });
  const gateway = await Gateway.start(owner, { CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16' });
  await fillCity(gateway, CITY);
  await gateway.stop('SIGTERM');
  await gateway.start();
  for (const [n, url] of urls.entries()) await gateway.register({ id: `cam-${n}`, kind: 'camera', stream: { url } });
  const load = await Load.connect(gateway, await register(gateway, SECONDS));
  const browser = await DutyBrowser.start(gateway);
  await settle();
  for (let turn = 1; turn <= TURNS; turn += 1) await comes(browser, gateway, turn);
  const { context, page } = await browser.desk();
  await opened(page, gateway);
  await hears(page, gateway, load);
  await scrolls(browser, page);
  await context.close();
  await gateway.stop('SIGTERM');
});

/** Goes there, and waits until all of it stands. */
async function opened(page: Page, { httpUrl }: Gateway): Promise<void> {
  await page.goto(httpUrl);
  const isThere = async (): Promise<boolean> => {
    const { list, map, wall } = await noted(page);
    if (Math.min(list, map, wall) < 0) throw new Error(`list ${list}, map ${map}, wall ${wall}`);
    return true;
  };
  await until('all of the view', isThere, LIMIT_MS);
}

async function comes(browser: DutyBrowser, gateway: Gateway, turn: number): Promise<void> {
  const { context, page } = await browser.desk();
  await opened(page, gateway);
  const { list, map, wall, tasks } = await noted(page);
  const all = Math.max(list, map, wall);
  tell(
    'the first view',
    { devices: CITY.devices, open: CITY.open, turn },
    {
      'list of alerts': [list / 1_000, 's', atMost(2, ASKED_BY)],
      map: [map / 1_000, 's'],
      wall: [wall / 1_000, 's'],
      'all of it': [all / 1_000, 's', atMost(5, ASKED_BY)],
      'scripts until the list': [await scriptBytes(page, list), 'bytes', atMost(250 * KB, ASKED_BY)],
      'scripts of all of it': [await scriptBytes(page, all), 'bytes', atMost(800 * KB, ASKED_BY)],
      'longest task': [Math.max(0, ...tasks.map(({ ms }) => ms)), 'ms'],
    },
  );
  await context.close();
}

/** One alert a second; the map and the wall go on beside the list. */
async function hears(page: Page, gateway: Gateway, load: Load): Promise<void> {
  const from = new Date().toISOString();
  await load.burn(0, SECONDS, 1);
  await settle();
  const { rows } = await noted(page);
  const raised = await alertsSince(gateway, from);
  const seen = raised.filter(({ id }) => rows[id] !== undefined);
  tell(
    'from the commit of an alert to its row',
    { perSecond: 1 },
    {
      raised: [raised.length, 'count'],
      'rows of them': [seen.length, 'count'],
      ...delays(
        seen.map(({ id, stamps }) => rows[id]! - Date.parse(stamps.committedAt)),
        atMost(300, ASKED_BY),
      ),
    },
  );
}

interface Raised {
  id: string;
  stamps: { committedAt: string };
}

async function alertsSince(gateway: Gateway, from: string): Promise<Raised[]> {
  const found: Raised[] = [];
  for (let cursor = ''; ; ) {
    const path = `/alerts?rule=kiosk-fire&from=${from}&limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const { items, next } = (await gateway.get(path)) as { items: Raised[]; next?: string };
    found.push(...items);
    if (next === undefined) return found;
    cursor = next;
  }
}

/** A task that lasts may have waited for a processor that others had: how long it was busy is of the page alone. */
async function scrolls(browser: DutyBrowser, page: Page): Promise<void> {
  await page.evaluate('noted.rowsMax = 0');
  let took = 0;
  const tasks = await browser.tasksOf(page, async () => {
    took = await scrollPast(page, ROWS);
  });
  const { rowsMax } = await noted(page);
  tell(
    'scrolling a long list',
    { rows: ROWS },
    {
      took: [took / 1_000, 's'],
      'rows drawn, most': [rowsMax, 'count', atMost(100, ASKED_BY)],
      'tasks over 50 ms': [tasks.filter(({ ms }) => ms > TASK_MS).length, 'count', atMost(0, ASKED_BY)],
      'longest of them': [Math.max(0, ...tasks.map(({ ms }) => ms)), 'ms'],
      'busy for over 50 ms': [tasks.filter(({ busyMs }) => busyMs > TASK_MS).length, 'count'],
      'longest busy': [Math.max(0, ...tasks.map(({ busyMs }) => busyMs)), 'ms'],
    },
  );
}

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Gateway } from '../../../test/support/gateway/gateway.ts';
import { serveChromium } from '../../../test/support/web/chromium.ts';
import { owner } from '../harness.ts';

/** What a page notes of itself while it is loaded, ms after the navigation began; -1: not yet. */
export interface Noted {
  list: number;
  map: number;
  wall: number;
  /** When a row stood on the page first, Unix ms by its alert's id. */
  rows: Record<string, number>;
  rowsMax: number;
  /** Tasks of 50 ms and more: when they began (ms after the navigation), and how long they took, ms. */
  tasks: { at: number; ms: number }[];
}

/** A task of the page's own thread: how long it lasted, and for how much of that it had a processor, ms. */
export interface Task {
  ms: number;
  busyMs: number;
}

const PERSON = { username: 'officer', password: 'correct horse battery', name: 'Officer', role: 'operator' };
const SCREEN = { width: 1440, height: 900 };
/** How far a list goes with each picture of it while somebody turns the wheel fast, px. */
const STEP_PX = 1_000;

/** A desk of its own each time, with nothing kept from before: who comes on duty in the morning. */
export class DutyBrowser {
  readonly #browser: Browser;
  readonly #gateway: Gateway;

  private constructor(browser: Browser, gateway: Gateway) {
    this.#browser = browser;
    this.#gateway = gateway;
  }

  static async start(gateway: Gateway): Promise<DutyBrowser> {
    const { status, text } = await gateway.api('POST', '/users', { body: { ...PERSON, jurisdiction: '330200' } });
    if (status !== 201) throw new Error(`a person was answered ${status}: ${text}`);
    const served = await serveChromium();
    owner.teardown(() => served.stop());
    const browser = await chromium.connect(served.address);
    owner.teardown(() => browser.close());
    return new DutyBrowser(browser, gateway);
  }

  /** Signed in, and about to go there. */
  async desk(): Promise<{ context: BrowserContext; page: Page }> {
    const context = await this.#browser.newContext({ locale: 'en-GB', viewport: SCREEN });
    const { username, password } = PERSON;
    const signed = await context.request.post(`${this.#gateway.httpUrl}/api/v1/session`, {
      data: { username, password },
    });
    if (!signed.ok()) throw new Error(`signing in was answered ${signed.status()}: ${await signed.text()}`);
    await context.addInitScript(NOTES);
    const page = await context.newPage();
    return { context, page };
  }

  /** Tasks of the page, the only one there is, while `run` goes on. */
  async tasksOf(page: Page, run: () => Promise<unknown>): Promise<Task[]> {
    await this.#browser.startTracing(page, { categories: ['toplevel'] });
    await run();
    const { traceEvents } = JSON.parse(String(await this.#browser.stopTracing())) as { traceEvents: TraceEvent[] };
    const tasks = traceEvents
      .filter(isNameOfPage)
      .map(({ pid, tid }) => traceEvents.filter((event) => event.pid === pid && event.tid === tid && isTask(event)));
    const [busiest = []] = tasks.toSorted((one, other) => other.length - one.length);
    return busiest.map(({ dur = 0, tdur = 0 }) => ({ ms: dur / 1_000, busyMs: tdur / 1_000 }));
  }
}

/** One line of a trace of Chromium: `dur` is how long it lasted, `tdur` how long its thread had a processor, µs. */
interface TraceEvent {
  pid: number;
  tid: number;
  name: string;
  dur?: number;
  tdur?: number;
  args: { name?: string };
}

/** Each process of pages has one thread of that name; one without a page has hardly any tasks. */
function isNameOfPage({ name, args }: TraceEvent): boolean {
  return name === 'thread_name' && args.name === 'CrRendererMain';
}

function isTask({ name }: TraceEvent): boolean {
  return name === 'ThreadControllerImpl::RunTask';
}

export function noted(page: Page): Promise<Noted> {
  return page.evaluate('noted') as Promise<Noted>;
}

/** Bytes of scripts that came over the wire so far, as they were packed. */
export function scriptBytes(page: Page, untilMs: number): Promise<number> {
  return page.evaluate((until) => {
    const all = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    const scripts = all.filter(({ name, responseEnd }) => name.includes('.js') && responseEnd <= until);
    return scripts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  }, untilMs);
}

/** Scrolls on until so many rows lie above; answers how long that took, ms. */
export function scrollPast(page: Page, rows: number): Promise<number> {
  return page.evaluate(`(async () => {
    const box = document.querySelector('.alert-box');
    const beganMs = performance.now();
    for (let last = 0; last < ${rows}; ) {
      await new Promise(requestAnimationFrame);
      box.scrollTop += ${STEP_PX};
      last = Number(box.querySelector('.alert-list > li:last-child')?.getAttribute('aria-posinset'));
    }
    return performance.now() - beganMs;
  })()`);
}

/** Looks after every change of the page whether what is awaited is there, once the next picture of it is drawn. */
const NOTES = `
  window.noted = { list: -1, map: -1, wall: -1, rows: {}, rowsMax: 0, tasks: [] };
  const isThere = {
    list: () => document.querySelector('.alert-list > li') !== null,
    map: () => document.querySelector('.map-gl[aria-busy=false]') !== null,
    wall: () => document.querySelectorAll('.tile-playing').length >= 4,
  };
  let asked = false;
  const look = () => {
    asked = false;
    const rows = document.querySelectorAll('.alert-list > li');
    noted.rowsMax = Math.max(noted.rowsMax, rows.length);
    for (const { dataset } of rows) noted.rows[dataset.id] ??= Date.now();
    for (const [name, test] of Object.entries(isThere)) if (noted[name] < 0 && test()) noted[name] = performance.now();
  };
  new MutationObserver(() => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(look);
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['class', 'aria-busy'] });
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) noted.tasks.push({ at: startTime, ms: duration });
  }).observe({ type: 'longtask', buffered: true });
`;

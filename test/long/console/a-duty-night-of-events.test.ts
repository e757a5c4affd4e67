import type { CDPSession, Page } from 'playwright-core';
import t from 'tap';
import { lasts } from '../../support/time/lasting.ts';
import { openBrowser, signIn } from '../../support/web/browser.ts';
import { type FakeConsoleApi, startFakeApi } from '../../support/web/fake-console-api.ts';
import { fakeCityMap } from '../../support/web/fake-map.ts';
import { everythingIsThere } from '../../support/web/trouble/after-a-cut.ts';

/** How long the night takes; see docs/campaigns.md. */
const MINUTES = Number(process.env.CITYWATCH_TEST_NIGHT_MINUTES ?? 20);
const ALERTS = 10_000;
const CAMERA_CHANGES = 500;
const DEVICES = 2_000;
/** Of the night, before the heap is measured first: rows, pictures and code are there by then. */
const WARM_SHARE = 0.2;
const GROWTH_MOST = 1.1;
/** V8 compiles anew what is run often, which ends; code that is made for each alert would not. */
const CODE_GROWTH_MOST = 1.5;
const STEPS_PER_S = 4;
/** High enough for the wall below the map: who scrolls to it holds the list. */
const SCREEN = { width: 1440, height: 1_300 };
/** One in so many is extreme: the newest of those stands first, which shows that the page follows. */
const GRAVE_EVERY = 50;
const OPEN_MOST = 300;
const SEVERITIES = ['extreme', 'severe', 'moderate', 'minor'];

t.setTimeout((MINUTES * 2 + 10) * 60_000);

t.test(`the heap of a page stays flat in a night of ${ALERTS} alerts within ${MINUTES} minutes`, async (t) => {
  const api = await startFakeApi(t, { video: true });
  api.map = fakeCityMap(DEVICES);
  api.cameras = Array.from({ length: 40 }, (_, n) => ({ id: `cam-${n}`, name: `Camera ${n}` }));
  const view = await openBrowser(t, { ...SCREEN, dutyMap: true });
  const { page } = view;
  await signIn(view, api.url);
  await everythingIsThere(page);
  const session = await page.context().newCDPSession(page);
  const night = new Night(api, page);
  await night.goOn(WARM_SHARE);
  const before = await heapOf(session);
  await night.goOn(1);
  const after = await heapOf(session);
  t.equal(night.raised, ALERTS);
  t.equal(night.changes, CAMERA_CHANGES);
  const growth = after.bytes / before.bytes;
  t.comment(`heap ${mib(before.bytes)} MiB after a fifth, ${mib(after.bytes)} MiB at the end: × ${growth.toFixed(3)}`);
  t.ok(growth <= GROWTH_MOST, `× ${growth.toFixed(3)}`);
  t.ok(after.code <= before.code * CODE_GROWTH_MOST, `code: ${mib(before.code)} and ${mib(after.code)} MiB`);
  t.ok(after.nodes <= before.nodes * GROWTH_MOST, `nodes: ${before.nodes} and ${after.nodes}`);
  t.ok(after.listeners <= before.listeners * GROWTH_MOST, `listeners: ${before.listeners} and ${after.listeners}`);
  t.same(view.offences, []);
});

/** Alerts that are raised, acknowledged and closed at an even pace, while somebody pages through the cameras. */
class Night {
  readonly #api: FakeConsoleApi;
  readonly #page: Page;
  readonly #beganMs = performance.now();
  /** Those that are not closed yet. */
  readonly #open: string[] = [];
  raised = 0;
  changes = 0;

  constructor(api: FakeConsoleApi, page: Page) {
    this.#api = api;
    this.#page = page;
  }

  /** Until so much of the night is over. */
  async goOn(share: number): Promise<void> {
    const endMs = MINUTES * 60_000;
    for (let now = 0; now < share; await lasts(1_000 / STEPS_PER_S)) {
      now = Math.min(share, (performance.now() - this.#beganMs) / endMs);
      while (this.raised < ALERTS * now) this.#raise();
      while (this.changes < CAMERA_CHANGES * now) await this.#otherCameras();
    }
    const newest = `n-${this.raised - 1 - ((this.raised - 1) % GRAVE_EVERY)}`;
    await this.#page.locator(`[data-id=${newest}]`).waitFor();
  }

  #raise(): void {
    const n = this.raised;
    const device = `kiosk-${String(n % DEVICES).padStart(3, '0')}`;
    const severity = SEVERITIES[n % GRAVE_EVERY === 0 ? 0 : 1 + (n % 3)]!;
    this.#api.raise({ id: `n-${n}`, device, severity, subject: { type: 'device', id: device, name: device } });
    this.#open.push(`n-${n}`);
    this.raised += 1;
    if (this.#open.length > OPEN_MOST)
      this.#api.change(this.#open.shift()!, { handling: 'closed', condition: 'cleared' });
    if (n % 3 === 0) this.#api.change(`n-${n}`, { handling: 'acked', ackedBy: 'li.na' }, { type: 'alert.acked' });
  }

  async #otherCameras(): Promise<void> {
    const isForth = Math.floor(this.changes / 9) % 2 === 0;
    await this.#page
      .locator('.pager button')
      .nth(isForth ? 1 : 0)
      .click();
    this.changes += 1;
    await this.#page.mouse.move(0, 0);
  }
}

/** Bytes of what the page holds, and beside it of what V8 made of its code, which goes on growing while it is run. */
interface Heap {
  bytes: number;
  code: number;
  nodes: number;
  listeners: number;
}

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

/** After everything that nobody holds is gone. */
async function heapOf(session: CDPSession): Promise<Heap> {
  const parts: string[] = [];
  const take = ({ chunk }: { chunk: string }): void => void parts.push(chunk);
  session.on('HeapProfiler.addHeapSnapshotChunk', take);
  for (let turn = 0; turn < 3; turn += 1) await session.send('HeapProfiler.collectGarbage');
  await session.send('HeapProfiler.takeHeapSnapshot');
  session.off('HeapProfiler.addHeapSnapshotChunk', take);
  const { bytes, code } = sizesOf(JSON.parse(parts.join('')));
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  const of = (name: string) => metrics.find((one) => one.name === name)?.value ?? 0;
  return { bytes, code, nodes: of('Nodes'), listeners: of('JSEventListeners') };
}

interface Snapshot {
  snapshot: { meta: { node_fields: string[]; node_types: [string[], ...unknown[]] } };
  nodes: number[];
}

/** Without what is of the browser: it keeps the answers of the network for who debugs a page, as this test does. */
function sizesOf({ snapshot, nodes }: Snapshot): { bytes: number; code: number } {
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, size] = [fields.indexOf('type'), fields.indexOf('self_size')];
  let [bytes, code] = [0, 0];
  for (let at = 0; at < nodes.length; at += fields.length) {
    const of = types[0][nodes[at + type]!];
    if (of === 'code') code += nodes[at + size]!;
    else if (of !== 'native') bytes += nodes[at + size]!;
  }
  return { bytes, code };
}

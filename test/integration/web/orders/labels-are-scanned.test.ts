import type { Page } from 'playwright-core';
import qrcode from 'qrcode-generator';
import t, { type Test } from 'tap';
import { until } from '../../../support/time/until.ts';
import { barriersOf, smallTargets } from '../../../support/web/barriers.ts';
import { openBrowser, signIn, type View } from '../../../support/web/browser.ts';
import { type FakeConsoleApi, startFakeApi } from '../../../support/web/fake-console-api.ts';

const PHONE = { width: 360, height: 740 };

/** A camera before which a code is held after a while: frames of a picture that the page draws by itself. */
function camera(text: string): string {
  const code = qrcode(0, 'M');
  code.addData(text);
  code.make();
  return `{
    const stopped = globalThis.stopped = [];
    const picture = new Image();
    picture.src = '${code.createDataURL(6, 24)}';
    navigator.mediaDevices.getUserMedia = async () => {
      const canvas = document.createElement('canvas');
      canvas.width = 640;
      canvas.height = 480;
      const context = canvas.getContext('2d');
      let frames = 0;
      const timer = setInterval(() => {
        frames += 1;
        context.fillStyle = '#777';
        context.fillRect(0, 0, 640, 480);
        if (frames > 5) context.drawImage(picture, 150, 80, 300, 300);
      }, 50);
      const stream = canvas.captureStream(20);
      for (const track of stream.getTracks()) {
        const stop = track.stop.bind(track);
        track.stop = () => {
          clearInterval(timer);
          stopped.push(track.kind);
          stop();
        };
      }
      return stream;
    };
  }`;
}

interface Opened {
  api: FakeConsoleApi;
  view: View;
  page: Page;
}

async function open(t: Test, script: string): Promise<Opened> {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, PHONE);
  await view.context.addInitScript(script);
  await signIn(view, api.url, 'technician');
  await view.page.goto(`${api.url}/orders`);
  return { api, view, page: view.page };
}

const CODE = 'https://gw.example/#/devices/kiosk-00001';
const twoOrders = async ({ api, page }: Opened) => {
  api.orders.change('W-2026-1', { state: 'verified' }, '王伟');
  await page.getByRole('button', { name: 'Scan with the camera' }).click();
};

t.test('a label before the live camera leads to the work order of its device; the camera is let go', async (t) => {
  const opened = await open(t, camera(CODE));
  const { page, view } = opened;
  await twoOrders(opened);
  await page.locator('.live-scan video').waitFor();
  t.same(await smallTargets(page), []);
  t.same(await barriersOf(page), []);
  await page.getByRole('heading', { name: 'W-2026-2' }).waitFor();
  t.same(await page.evaluate('globalThis.stopped'), ['video']);
  t.same(view.offences, [], 'a worker decodes under the same content policy');
});

t.test('a browser that reads codes itself is asked to, and nothing else looks', async (t) => {
  const own = `globalThis.BarcodeDetector = class {
    static getSupportedFormats = async () => ['qr_code', 'code_128'];
    constructor({ formats }) { globalThis.asked = formats; }
    detect = async () => [{ rawValue: '${CODE}' }];
  };
  globalThis.Worker = class { constructor() { throw new Error('no worker is needed'); } };`;
  const opened = await open(t, `${camera('nothing')}${own}`);
  await twoOrders(opened);
  await opened.page.getByRole('heading', { name: 'W-2026-2' }).waitFor();
  t.same(await opened.page.evaluate('globalThis.asked'), ['qr_code', 'code_128']);
});

t.test('where the camera is refused the page says so, and a photo or typing does it', async (t) => {
  const refusal = `navigator.mediaDevices.getUserMedia = async () => {
    throw new DOMException('Permission denied', 'NotAllowedError');
  };`;
  const opened = await open(t, refusal);
  const { page } = opened;
  await twoOrders(opened);
  await page.getByText('The camera cannot be used: Permission denied').waitFor();
  await page.getByRole('button', { name: 'Stop scanning' }).click();
  await page.getByLabel('Scan the label of the device, or type').fill('kiosk-00002');
  await page.keyboard.press('Enter');
  await page.getByText('There is no open work order for kiosk-00002.').waitFor();
  await page.getByLabel('Scan the label of the device, or type').fill('kiosk-00001');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'W-2026-2' }).waitFor();
});

t.test('at an address that is not secure the page says what it lacks and why, and goes on without', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, { ...PHONE, locale: 'zh-CN' });
  const { page } = view;
  const address = 'http://gateway.example';
  // What the page still asks when it is closed is answered to nobody.
  t.teardown(() => page.unrouteAll({ behavior: 'ignoreErrors' }));
  await page.route(`${address}/**`, async (route) => {
    const { pathname, search } = new URL(route.request().url());
    if (pathname.endsWith('/stream')) return route.abort();
    const response = await route.fetch({ url: `${api.url}${pathname}${search}` });
    await route.fulfill({ response });
  });
  await page.context().addCookies([{ name: 'session', value: '1', url: address }]);
  await signIn(view, api.url, 'technician');
  await page.goto(`${address}/orders`);
  await page.getByRole('heading', { name: '当前地址不安全' }).waitFor();
  const said = (await page.locator('.insecure').allInnerTexts()).join();
  for (const one of ['实时扫码', '无网络时打开页面', '安装为应用', 'docs/certificates.md']) t.match(said, one);
  t.equal(await page.getByRole('button', { name: '相机扫码' }).count(), 0, 'no dead button');
  t.equal(await page.getByText('拍照识别').count(), 1);
  t.same(await barriersOf(page), []);
  t.same(await smallTargets(page), []);
  await page.goto(`${address}/orders/W-2026-2`);
  await page.getByRole('button', { name: '接单' }).click();
  await until('it was sent', () => api.orders.done.length > 0);
  t.same(api.orders.done, ['taken']);
  await page.getByText('已全部发送。').waitFor();
  t.equal(await page.locator('.ready').count(), 0, 'it does not say what is not so');
  t.same(view.offences, []);
});

import t from 'tap';
import { openBrowser, signIn } from '../../support/web/browser.ts';
import { startFakeApi } from '../../support/web/fake-console-api.ts';

/** Each would do something where text is taken for anything but text. */
const NAMES = [
  '<img src=x onerror=alert(1)>',
  '<script>alert(2)</script>',
  '"><svg onload=alert(3)>',
  "';alert(4);//",
  'javascript:alert(5)',
  '{{constructor.constructor("alert(6)")()}}',
  '<iframe srcdoc="<script>alert(7)</script>">',
  '<style>*{display:none}</style>',
  '\u202Egnp.exe\u202C',
  '<a href="//evil.example/">x</a>',
];

t.test('names that devices choose stay text wherever they are shown', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page, offences } = view;
  api.cameras.splice(0, 4, ...NAMES.slice(0, 4).map((name, at) => ({ id: `cam-${at}`, name })));
  api.counts.devices = NAMES.map((kind) => ({ kind, online: 1, offline: 0, stale: 0, silent: 0 }));
  const foreign: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(api.url) && !/^(blob|data):/.test(request.url())) foreign.push(request.url());
  });
  for (const [at, name] of NAMES.entries()) {
    const url = at % 2 ? 'javascript:alert(8)' : 'https://evil.example/x.png';
    const evidence = [{ id: 'p', type: 'picture', camera: name, takenAt: new Date().toISOString(), url, reason: name }];
    const comments = [{ by: name, at: new Date().toISOString(), text: name }];
    const people = { ackedBy: name, ackedAt: new Date().toISOString(), assignedTo: name };
    const texts = {
      subject: { type: name, id: name, name },
      title: { en: name, zh: name },
      data: { [name]: name, nested: { name } },
    };
    api.raise({ id: `bad-${at}`, ...texts, evidence, comments, ...people });
  }
  await signIn(view, api.url);
  for (const [at, name] of NAMES.entries()) {
    const row = page.locator(`[data-id=bad-${at}]`);
    const details = row.getByRole('button', { name: 'Details' });
    await details.click();
    await row.locator('.details').waitFor();
    t.equal(await row.locator('.place').textContent(), name);
    t.equal(await row.locator('.comments p').textContent(), name);
    // Open ones would push the rest out of what is drawn.
    if (at < NAMES.length - 1) await details.click();
  }
  t.same(await page.locator('.tile-name').allInnerTexts(), NAMES.slice(0, 4));
  const made = await page
    .locator('#page')
    .locator('script, iframe, a:not([href^="/"], .skip), style, [onerror], [onload], img')
    .count();
  t.equal(made, 0, 'no name became an element');
  t.same(foreign, [], 'nothing is asked of anybody else');
  t.same(offences, []);
});

t.test('a script that gets into the page by any way is not run', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  await signIn(view, api.url);
  const { page } = view;
  await page.evaluate(`{
    const script = document.createElement('script');
    try { script.textContent = 'globalThis.broken = 1'; } catch {}
    document.body.append(script);
    try { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="globalThis.broken = 2">'); } catch {}
  }`);
  t.equal(await page.evaluate('globalThis.broken'), undefined);
  t.ok(
    view.offences.some((text) => text.startsWith('policy:')),
    'the browser says why',
  );
});

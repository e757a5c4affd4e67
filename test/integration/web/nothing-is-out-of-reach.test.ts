import t from 'tap';
import { until } from '../../support/time/until.ts';
import { openBrowser, signIn } from '../../support/web/browser.ts';
import { startFakeApi } from '../../support/web/fake-console-api.ts';

const ROWS = '.alert-list > li';
const OLD = '2026-11-01T00:00:00.000Z';
const CONTRAST_MIN = 4.5;

/** The least contrast (WCAG 2.2) of any text in a row, with every opacity on its way up. */
const LEAST_CONTRAST = `(row) => {
  const colour = (text) => text.match(/[\\d.]+/g).map(Number);
  const over = (top, below, alpha) => top.slice(0, 3).map((part, at) => part * alpha + below[at] * (1 - alpha));
  const ground = (element) => {
    if (!element) return [0, 0, 0];
    const [r, g, b, a = 1] = colour(getComputedStyle(element).backgroundColor);
    return a === 1 ? [r, g, b] : over([r, g, b], ground(element.parentElement), a);
  };
  const light = (rgb) => {
    const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.map((part) => linear(part / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const opacity = (element) =>
    element ? Number(getComputedStyle(element).opacity) * opacity(element.parentElement) : 1;
  const texts = [...row.querySelectorAll('*')].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== ''),
  );
  return Math.min(...texts.filter((element) => !element.closest('svg')).map((element) => {
    const behind = ground(element);
    const front = over(colour(getComputedStyle(element).color), behind, opacity(element));
    const [high, low] = [light(front), light(behind)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  }));
}`;

t.test('every alert can be reached, the open and gravest first', async (t) => {
  const api = await startFakeApi(t);
  api.raise({ id: 'grave', severity: 'severe', firstAt: OLD });
  for (let n = 0; n < 260; n += 1) api.raise({ id: `done-${n}`, handling: 'closed', closedBy: 'li.na', firstAt: OLD });
  for (let n = 0; n < 30; n += 1) api.raise({ id: `small-${n}`, severity: 'minor' });
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url);
  const more = page.getByRole('button', { name: 'More alerts' });
  const count = () => page.locator(ROWS).count();

  await t.test('an old severe alert that is open stands above everything newer', async (t) => {
    await page.locator(`${ROWS}[data-id=grave]`).waitFor();
    t.equal(await page.locator(ROWS).first().getAttribute('data-id'), 'grave');
  });

  await t.test('text of closed rows can be read', async (t) => {
    const closed = `document.querySelector('${ROWS}.alert-closed')`;
    const contrast = (await page.evaluate(`(${LEAST_CONTRAST})(${closed})`)) as number;
    t.ok(contrast >= CONTRAST_MIN, `${contrast.toFixed(2)} : 1`);
  });

  await t.test('the button goes on until all are there', async (t) => {
    for (;;) {
      const before = await count();
      if ((await more.count()) === 0) break;
      await more.click();
      await until('more rows, or the end', async () => (await count()) > before || (await more.count()) === 0);
    }
    t.equal(await count(), 291);
  });

  await t.test('what a flood pushes off the page is reached again', async (t) => {
    for (let n = 0; n < 260; n += 1) api.raise({ id: `flood-${n}`, severity: 'moderate' });
    await page.mouse.move(2, 2);
    await page.evaluate('document.querySelector(".alert-list").scrollTop = 0');
    await page.locator('[data-id=flood-259]').waitFor();
    await until('rows to be let in', async () => (await page.locator('.waiting').count()) === 0);
    const cut = await count();
    t.ok(cut < 551, `${cut} rows`);
    for (let at = 0; at < 20 && (await more.count()) > 0; at += 1) {
      const before = await count();
      await more.click();
      await until('more rows, or the end', async () => (await count()) > before || (await more.count()) === 0);
    }
    t.equal(await count(), 551);
    const ids = await page.evaluate(
      `new Set([...document.querySelectorAll('${ROWS}')].map((row) => row.dataset.id)).size`,
    );
    t.equal(ids, 551, 'each once');
  });
});

t.test('a reload loses neither the sound nor a half-written comment', async (t) => {
  const api = await startFakeApi(t);
  api.raise({ id: 'fire-1' });
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url);
  const row = page.locator('[data-id=fire-1]');
  const field = row.getByLabel('Comment');
  await row.getByRole('button', { name: 'Details' }).click();
  await field.pressSequentially('Fire brigade is ');

  await t.test('live news of the alert and closed details leave the comment alone', async (t) => {
    api.change('fire-1', { occurrences: 7 });
    await row.getByText('×7').waitFor();
    t.equal(await field.inputValue(), 'Fire brigade is ');
    await row.getByRole('button', { name: 'Details' }).click();
    await field.waitFor({ state: 'detached' });
    await row.getByRole('button', { name: 'Details' }).click();
    t.equal(await field.inputValue(), 'Fire brigade is ');
  });

  await t.test('after a reload both are there again', async (t) => {
    await page.getByRole('button', { name: 'Sound is off' }).click();
    await page.getByRole('button', { name: 'Sound is on' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: /Sound (is on|starts with your first click)/ }).waitFor();
    t.equal(await field.inputValue(), 'Fire brigade is ');
  });

  await t.test('a new page, which may not sound yet, says so and sounds with the first click', async () => {
    const other = await view.context.newPage();
    await other.goto(api.url);
    await other.getByRole('button', { name: 'Sound starts with your first click' }).waitFor();
    await other.locator('h1').click();
    await other.getByRole('button', { name: 'Sound is on' }).click();
    await other.reload();
    await other.getByRole('button', { name: 'Sound is off' }).waitFor();
    await other.close();
  });

  await t.test('what was sent is no draft any longer, and the next person sees none', async (t) => {
    await field.press('End');
    await field.pressSequentially('on the way');
    await row.getByRole('button', { name: 'Add comment' }).click();
    await row.locator('.comments').getByText('Fire brigade is on the way').waitFor();
    await until('an empty field', async () => (await field.inputValue()) === '');
    await field.pressSequentially('between us');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('input[name=username]').waitFor();
    t.notMatch(await page.evaluate('JSON.stringify(sessionStorage)'), /between us/);
  });
});

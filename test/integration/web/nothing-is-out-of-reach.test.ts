import type { Page } from 'playwright-core';
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

/** More than the page asks for at first. */
const MANY = 250;
const DONE = 40;
/** With the others more than the page keeps without being asked. */
const FLOOD = 800;
const DRAWN_MAX = 100;
const BOX = '.alert-box';

const drawn = (page: Page) =>
  page.evaluate(`[...document.querySelectorAll('${ROWS}')].map((row) => row.dataset.id)`) as Promise<string[]>;

/** Scrolls on by less than what is drawn, and tells what is drawn then and whether that is the end. */
const SCROLL_ON = `(async () => {
  const box = document.querySelector('${BOX}');
  box.scrollTop += box.clientHeight * 2;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return {
    rows: [...document.querySelectorAll('${ROWS}')].map((row) => row.dataset.id),
    isEnd: box.scrollTop + box.clientHeight >= box.scrollHeight - 2 && !document.querySelector('.older'),
  };
})()`;

/** Scrolls to the end, and gathers what is passed. */
async function scrollThrough(page: Page): Promise<{ seen: Set<string>; most: number }> {
  await page.evaluate(`document.querySelector('${BOX}').scrollTop = 0`);
  const seen = new Set(await drawn(page));
  let most = 0;
  for (let atEnd = 0; atEnd < 3; ) {
    const { rows, isEnd } = (await page.evaluate(SCROLL_ON)) as { rows: string[]; isEnd: boolean };
    for (const id of rows) seen.add(id);
    most = Math.max(most, rows.length);
    atEnd = isEnd ? atEnd + 1 : 0;
  }
  return { seen, most };
}

t.test('every alert can be reached, the open and gravest first', async (t) => {
  const api = await startFakeApi(t);
  const at = (n: number) => new Date(Date.parse(OLD) + n * 1_000).toISOString();
  api.raise({ id: 'grave', severity: 'severe', firstAt: OLD });
  for (let n = 0; n < MANY; n += 1) api.raise({ id: `small-${n}`, severity: 'minor', firstAt: at(n) });
  for (let n = 0; n < DONE; n += 1) api.raise({ id: `done-${n}`, handling: 'closed', closedBy: 'li.na', firstAt: OLD });
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url);

  await t.test('an old severe alert that is open stands above everything newer', async (t) => {
    await page.locator(`${ROWS}[data-id=grave]`).waitFor();
    t.equal(await page.locator(ROWS).first().getAttribute('data-id'), 'grave');
  });

  await t.test('by scrolling, with few rows drawn at any time', async (t) => {
    const { seen, most } = await scrollThrough(page);
    t.equal(seen.size, 1 + MANY + DONE);
    t.ok(most <= DRAWN_MAX, `${most} rows`);
  });

  await t.test('text of closed rows can be read', async (t) => {
    const closed = `document.querySelector('${ROWS}.alert-closed')`;
    const contrast = (await page.evaluate(`(${LEAST_CONTRAST})(${closed})`)) as number;
    t.ok(contrast >= CONTRAST_MIN, `${contrast.toFixed(2)} : 1`);
  });

  await t.test('what a flood pushes off the page is reached again', async (t) => {
    await page.mouse.move(2, 2);
    await page.reload();
    await page.locator(`${ROWS}[data-id=grave]`).waitFor();
    for (let n = 0; n < FLOOD; n += 1) api.raise({ id: `flood-${n}`, severity: 'moderate', firstAt: at(1e6 + n) });
    await page.locator(`[data-id=flood-${FLOOD - 1}]`).waitFor();
    await until('rows to be let in', async () => (await page.locator('.waiting').count()) === 0);
    const { seen, most } = await scrollThrough(page);
    t.equal(seen.size, 1 + MANY + DONE + FLOOD, 'all of them');
    t.ok(most <= DRAWN_MAX, `${most} rows`);
  });
});

t.test('an open alert that is older than all others of its severity is one choice away', async (t) => {
  const api = await startFakeApi(t);
  for (let n = 0; n < MANY; n += 1) api.raise({ id: `extreme-${n}` });
  api.raise({ id: 'old', severity: 'severe', rule: 'camera-offline@2', firstAt: OLD });
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url);
  await page.locator(ROWS).first().waitFor();
  t.equal(await page.locator('[data-id=old]').count(), 0);
  await page.getByLabel('Severity').selectOption('severe');
  await page.locator('[data-id=old]').waitFor();
});

t.test('a row under the pointer stays where it is while a storm comes and rows above it change', async (t) => {
  const api = await startFakeApi(t);
  for (let n = 0; n < 200; n += 1) api.raise({ id: `row-${n}`, severity: 'moderate', firstAt: OLD });
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url);
  await page.locator(ROWS).first().waitFor();
  await page.locator(BOX).hover();
  await page.mouse.wheel(0, 2_000);
  const place = () =>
    page.evaluate(`(() => {
      const row = document.querySelector('${ROWS}:hover');
      return row && row.dataset.id + ' ' + Math.round(row.getBoundingClientRect().top);
    })()`);
  const scrolled = () => page.evaluate(`document.querySelector('${BOX}').scrollTop`) as Promise<number>;
  await until('the wheel to be felt', async () => (await scrolled()) > 0);
  await until('a row under the pointer', async () => (await place()) !== null);
  let before = await place();
  await until('the wheel to stop', async () => {
    const now = await place();
    const isSame = now === before;
    before = now;
    return isSame;
  });
  for (let n = 0; n < 300; n += 1) api.raise({ id: `storm-${n}` });
  await page.getByRole('button', { name: '300 new' }).waitFor();
  t.equal(await place(), before);
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

/** Notes the frequency of each tone that the page makes. */
const LISTENS = `
  window.tones = [];
  const make = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function () {
    const tone = make.call(this);
    tones.push(tone);
    return tone;
  };
`;

t.test('a graver alert that sounds once does not silence those that sound until acknowledged', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  await page.addInitScript(LISTENS);
  await page.addInitScript(
    "localStorage.setItem('citywatch.rings', JSON.stringify({ extreme: 'once', severe: 'until' }))",
  );
  await signIn(view, api.url);
  await page.getByRole('button', { name: 'Sound is off' }).click();
  await page.getByRole('button', { name: 'Sound is on' }).waitFor();
  api.raise({ id: 'extreme-1', severity: 'extreme' });
  api.raise({ id: 'severe-1', severity: 'severe' });
  const ofSevere = () => page.evaluate('tones.filter(({ frequency }) => Math.round(frequency.value) === 740).length');
  await until('the severe one is told again', async () => Number(await ofSevere()) >= 2, 30_000);
});
